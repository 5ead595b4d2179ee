"""Sound into a file while it is played: the synth thread only queues, a thread of its own writes."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from distill_engine.errors import AudioFileError
from distill_engine.streaming.hygiene import prepare_helper

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".ogg")
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24", ".aiff": "PCM_24", ".ogg": None}
QUEUE_BLOCKS = 4096


class AudioWriter:
    """Writes frames to a new file (wav as 32-bit float, flac and aiff as 24 bit, ogg).

    Raises:
        AudioFileError: if the file exists, its kind is unknown, or it cannot be made.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path = path
        suffix = path.suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            raise AudioFileError(f"{path}: unknown kind of sound file; use one of {', '.join(AUDIO_SUFFIXES)}")
        try:
            path.open("xb").close()
            self._file = soundfile.SoundFile(str(path), "w", rate, channels, _SUBTYPES[suffix])
        except FileExistsError:
            raise AudioFileError(f"{path} exists already; choose another name") from None
        except (OSError, soundfile.SoundFileError) as error:
            raise AudioFileError(f"{path}: cannot write sound there: {error}") from None
        self.frames = 0
        self.failure: str | None = None
        self._queue: queue.Queue[npt.NDArray[np.float32] | None] = queue.Queue(QUEUE_BLOCKS)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def write(self, frames: npt.NDArray[np.float32]) -> None:
        """Queues [n, channels] (kept as it is: do not change it any more)."""
        try:
            self._queue.put_nowait(frames)
            self.frames += len(frames)
        except queue.Full:
            self.failure = "the disk is too slow"

    def close(self) -> None:
        """Writes what is queued and finishes the file. Raises AudioFileError if anything is missing from it."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        if self.failure:
            raise AudioFileError(f"{self.path}: the recording is incomplete: {self.failure}")

    def _run(self) -> None:
        prepare_helper()
        with self._file:
            while (frames := self._queue.get()) is not None:
                if self.failure is None:
                    try:
                        self._file.write(frames)
                    except (OSError, soundfile.SoundFileError) as error:
                        self.failure = str(error)
