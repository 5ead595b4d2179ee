"""Sound into a file while it is played: the synth thread only queues, a thread of its own writes."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from distill_engine.errors import AudioFileError
from distill_engine.system.threads import lower_thread_priority

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".ogg")
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24", ".aiff": "PCM_24", ".ogg": None}
QUEUE_BLOCKS = 4096
PART_BYTES = {".wav": 4 * 10**9, ".aiff": 4 * 10**9}  # their headers count no further than 2**32
SAMPLE_BYTES = 4


class AudioWriter:
    """Writes frames to a new file (wav as 32-bit float, flac and aiff as 24 bit, ogg); where a format's length ends, to a next one
    (`name-2.wav`) that goes on without a gap. `failed` hears at once, on the writing thread, when something can no longer be written.

    Raises:
        AudioFileError: if the file exists, its kind is unknown, or it cannot be made.
    """

    def __init__(self, path: Path, rate: int, channels: int, failed: Callable[[str], None] = lambda _: None) -> None:
        self.path, self._rate, self._channels, self._failed = path, rate, channels, failed
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            raise AudioFileError(f"{path}: unknown kind of sound file; use one of {', '.join(AUDIO_SUFFIXES)}")
        self._part = PART_BYTES.get(path.suffix.lower(), sys.maxsize) // (SAMPLE_BYTES * channels)
        self._parts, self._in_part = 1, 0
        self._file = self._open(path)
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
            self.failure = self.failure or "the disk is too slow"

    def close(self) -> None:
        """Writes what is queued and finishes the file. Raises AudioFileError if anything is missing from it."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        if self.failure:
            raise AudioFileError(f"{self.path}: the recording is incomplete: {self.failure}")

    def _open(self, path: Path) -> soundfile.SoundFile:
        try:
            path.open("xb").close()
            return soundfile.SoundFile(str(path), "w", self._rate, self._channels, _SUBTYPES[path.suffix.lower()])
        except FileExistsError:
            raise AudioFileError(f"{path} exists already; choose another name") from None
        except (OSError, soundfile.SoundFileError) as error:
            raise AudioFileError(f"{path}: cannot write sound there: {error}") from None

    def _run(self) -> None:
        lower_thread_priority()
        told = False
        while (frames := self._queue.get()) is not None:
            if self.failure is None:
                self._write(frames)
            elif not told:
                told = True
                self._failed(f"{self.path}: the recording breaks off: {self.failure}")
        self._file.close()

    def _write(self, frames: npt.NDArray[np.float32]) -> None:
        try:
            while len(frames):
                if self._in_part == self._part:
                    self._file.close()
                    self._parts, self._in_part = self._parts + 1, 0
                    self._file = self._open(self.path.with_stem(f"{self.path.stem}-{self._parts}"))
                now = frames[: self._part - self._in_part]
                self._file.write(now)
                self._in_part += len(now)
                frames = frames[len(now) :]
        except (OSError, soundfile.SoundFileError, AudioFileError) as error:
            self.failure = str(error)
