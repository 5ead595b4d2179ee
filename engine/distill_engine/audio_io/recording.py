"""Record sound while it plays: the synth thread only queues, another thread writes the file.

Whatever ends the process, all but the last half second can be played: the header is brought up to
date every 0.4 seconds, and the file is flushed to the disk every 4.5 seconds.
"""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import AudioFileError
from distill_engine.system.atomic_write import NEW_FILE, is_still_there, sync_folder, write_advice
from distill_engine.system.portable.files import write_at
from distill_engine.system.removed_files import SecondCopy, create_free, keep_open
from distill_engine.system.threads import lower_thread_priority

AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".ogg")
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24", ".aiff": "PCM_24", ".ogg": None}
QUEUE_BLOCKS = 4096  # that may wait to be written
PART_BYTES = {".wav": 4 * 10**9, ".aiff": 4 * 10**9}  # their headers count no further than 2**32
SAMPLE_BYTES = 4  # at most, in the formats that have an end
HEADER_SECONDS = 0.4  # between two updates of the header: with what a busy machine takes, about half a second
SYNC_SECONDS = 4.5  # between two flushes to the disk: with the time that one takes, under 5
_UPDATE_HEADER_NOW = 0x1060  # libsndfile's SFC_UPDATE_HEADER_NOW
_PROBE_BYTES = 1 << 20  # written to ask the system why nothing can be written


class AudioWriter:
    """Writes frames to a new file: wav as 32-bit float, flac and aiff as 24 bit, or ogg.

    A file as long as its format allows is followed by another (`name-2.wav`), without a gap. A file
    that is removed while it is written is written again where it was, or under the next name where
    another program has put its own, and followed by another. `failed` takes a sentence, on the
    writing thread, as soon as frames can no longer be written or the file is removed.

    Raises:
        AudioFileError: if the file exists, its kind is unknown, or it cannot be created.
    """

    def __init__(self, path: Path, rate: int, channels: int, failed: Callable[[str], None] = lambda _: None) -> None:
        self.path, self._rate, self._channels, self._failed = path, rate, channels, failed
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            raise AudioFileError(f"{path}: unknown kind of sound file; use one of {', '.join(AUDIO_SUFFIXES)}")
        self._part = PART_BYTES.get(path.suffix.lower(), sys.maxsize) // (SAMPLE_BYTES * channels)
        self._parts, self._in_part = 1, 0
        self._second_copy = SecondCopy()
        self._file = self._create(path)
        self.frames = 0
        self.failure: str | None = None
        self._reported = False
        self._queue: queue.Queue[Float32Array | None] = queue.Queue(QUEUE_BLOCKS)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def write(self, frames: Float32Array) -> None:
        """Queue frames [n, channels]. The array is not copied: do not change it afterwards."""
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

    def _create(self, path: Path) -> soundfile.SoundFile:
        try:
            descriptor = os.open(path, NEW_FILE, 0o666)
        except FileExistsError:
            raise AudioFileError(f"{path.name} exists already; choose another name") from None
        except OSError as error:
            raise AudioFileError(f"{path}: cannot write sound there: {write_advice(error, path)}") from None
        return self._begin(path, descriptor)

    def _begin(self, path: Path, descriptor: int) -> soundfile.SoundFile:
        """Begin the sound of a new file; only this class closes its descriptor."""
        try:
            kind = path.suffix.lower().removeprefix(".")
            sound = soundfile.SoundFile(
                descriptor, "w", self._rate, self._channels, _SUBTYPES[f".{kind}"], format=kind, closefd=False
            )
        except (OSError, soundfile.SoundFileError) as error:
            os.close(descriptor)
            raise AudioFileError(f"{path}: cannot write sound there: {error}") from None
        self._open_path, self._descriptor = path, descriptor
        return sound

    def _run(self) -> None:
        lower_thread_priority()
        sync_folder(self.path.parent)  # else a power cut may take the file's name with it
        self._header_at, self._sync_at = time.monotonic() + HEADER_SECONDS, time.monotonic() + SYNC_SECONDS
        while (frames := self._next()) is not None:
            if self.failure is None:
                self._try(partial(self._write, frames))
            self._report_failure()
        self._try(self._file.close)
        self._try(self._finish)

    def _report_failure(self) -> None:
        if self.failure is not None and not self._reported:
            self._reported = True
            self._failed(f"{self.path}: the recording breaks off: {self.failure}")

    def _next(self) -> Float32Array | None:
        """Return the next frames [n, channels], None at the end; keeps the file whole meanwhile."""
        while True:
            now = time.monotonic()
            if now >= self._header_at:
                self._header_at = now + HEADER_SECONDS
                if self.failure is None:
                    self._try(partial(self._keep_whole, sync=now >= self._sync_at))
                self._report_failure()
                self._sync_at = now + SYNC_SECONDS if now >= self._sync_at else self._sync_at
            try:
                return self._queue.get(timeout=max(0.01, self._header_at - now))
            except queue.Empty:
                continue

    def _try(self, act: Callable[[], None]) -> None:
        """Write something; keep the first reason why that is not possible."""
        try:
            act()
        except (OSError, soundfile.SoundFileError, AudioFileError) as error:
            self.failure = self.failure or self._cause(error)

    def _keep_whole(self, *, sync: bool) -> None:
        """Update the header, and the disk if `sync`; write the file again if it was removed."""
        soundfile._snd.sf_command(self._file._file, _UPDATE_HEADER_NOW, soundfile._ffi.NULL, 0)
        if sync:
            self._file.flush()
        if not is_still_there(self._open_path, self._descriptor):
            self._begin_part()

    def _begin_part(self) -> None:
        """End the file and go on in the next whose name is free."""
        self._file.close()
        self._put_back(" and goes on in the next file")
        ended = self._descriptor
        self._file = self._begin(*create_free(self._next_paths()))
        os.close(ended)
        self._in_part = 0
        sync_folder(self.path.parent)

    def _put_back(self, further: str) -> None:
        """Write the ended file again if it was removed, under the next name if its own is taken.

        Until the copy is whole the removed file stays open: it alone holds the sound. `further`
        follows what is said.
        """
        removed, old = self._open_path, self._descriptor
        if is_still_there(removed, old):
            return
        again = itertools.chain([removed], self._next_paths())
        self._open_path, self._descriptor = self._second_copy.write(old, again)
        os.close(old)
        where = "it is there again" if self._open_path == removed else f"its sound is in {self._open_path.name}"
        self._failed(f"{removed} was removed while it was recorded: {where}{further}")

    def _finish(self) -> None:
        """Close the ended file; where it was removed and cannot be written, leave it open."""
        try:
            self._put_back("")
        except OSError as error:
            reason = f"{self._open_path.name} was removed and cannot be written again: {self._cause(error)}"
            self.failure = reason + keep_open(self._descriptor)
        os.close(self._descriptor)

    def _next_paths(self) -> Iterator[Path]:
        while True:
            self._parts += 1
            yield self.path.with_stem(f"{self.path.stem}-{self._parts}")

    def _write(self, frames: Float32Array) -> None:
        while len(frames):
            if self._in_part == self._part:
                self._begin_part()
            now = frames[: self._part - self._in_part]
            self._file.write(now)
            self._in_part += len(now)
            frames = frames[len(now) :]

    def _cause(self, error: Exception) -> str:
        """Return why nothing can be written. libsndfile says no more than "System error"."""
        if not isinstance(error, OSError):
            try:
                _write_and_take_back(self._descriptor)
            except OSError as found:
                error = found
        return write_advice(error, self._open_path, "record elsewhere") if isinstance(error, OSError) else str(error)


def _write_and_take_back(descriptor: int) -> None:
    """Write at the end of a file and cut it again. Raises OSError with the system's reason."""
    length = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < _PROBE_BYTES:
            written += write_at(descriptor, bytes(_PROBE_BYTES - written), length + written)
    finally:
        os.ftruncate(descriptor, length)
