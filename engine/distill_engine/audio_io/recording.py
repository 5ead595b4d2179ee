"""Record sound while it plays: the synth thread only queues, another thread writes the file."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import AudioFileError
from distill_engine.system.threads import lower_thread_priority

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".ogg")
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24", ".aiff": "PCM_24", ".ogg": None}
QUEUE_BLOCKS = 4096  # that may wait to be written
PART_BYTES = {".wav": 4 * 10**9, ".aiff": 4 * 10**9}  # their headers count no further than 2**32
SAMPLE_BYTES = 4  # at most, in the formats that have an end


class AudioWriter:
    """Writes frames to a new file: wav as 32-bit float, flac and aiff as 24 bit, or ogg.

    A file as long as its format allows is followed by another (`name-2.wav`), without a gap.
    `failed` takes a sentence, on the writing thread, as soon as frames can no longer be written.

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
        self._queue: queue.Queue[Float32Array | None] = queue.Queue(QUEUE_BLOCKS)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def write(self, frames: Float32Array) -> None:
        """Queue frames [n, channels]; the array is kept, do not change it any more."""
        try:
            self._queue.put_nowait(frames)
            self.frames += len(frames)
        except queue.Full:
            self.failure = self.failure or "the disk is too slow"

    def close(self) -> None:
        """Write what is queued and finish the file. Raises AudioFileError if it is incomplete."""
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
        reported = False
        while (frames := self._queue.get()) is not None:
            if self.failure is None:
                self._write(frames)
            elif not reported:
                reported = True
                self._failed(f"{self.path}: the recording breaks off: {self.failure}")
        self._file.close()

    def _write(self, frames: Float32Array) -> None:
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
