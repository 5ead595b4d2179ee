"""Arrays that arrive in blocks, in one at the end, and samples that stay in a file."""

from __future__ import annotations

import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.system.atomic_write import write_all

CHUNK_BYTES = 40 << 20  # allocators give chunks of this size back to the system, and use no page before it is written
MOST_EXPECTED = 1 << 28  # samples: a header may claim more, and more come in chunks


class SampleStore:
    """Collects blocks [ch, n] without a second copy; `expected` samples a channel are a hint."""

    def __init__(self, channels: int, expected: int = 0, dtype: npt.DTypeLike = np.float32) -> None:
        self._dtype = np.dtype(dtype)
        self._later = CHUNK_BYTES // self._dtype.itemsize // channels
        self._chunk = min(expected, MOST_EXPECTED // channels) or self._later
        self._chunks: list[npt.NDArray[Any]] = []
        self.channels, self._filled, self.length = channels, 0, 0

    def append(self, block: npt.NDArray[Any]) -> None:
        """Add a block [ch, n]."""
        while block.shape[1]:
            if not self._chunks or self._filled == self._chunks[-1].shape[1]:
                self._chunks.append(np.empty((self.channels, self._chunk), self._dtype))
                self._chunk, self._filled = self._later, 0
            count = min(block.shape[1], self._chunks[-1].shape[1] - self._filled)
            self._chunks[-1][:, self._filled : self._filled + count] = block[:, :count]
            self._filled += count
            self.length += count
            block = block[:, count:]

    def take(self) -> npt.NDArray[Any]:
        """Return all samples [ch, T]; the store is empty then."""
        if len(self._chunks) == 1 and 2 * self._filled > self._chunks[0].shape[1]:
            return self._chunks.pop()[:, : self.length]  # pages behind them were never used
        whole = np.empty((self.channels, self.length), self._dtype)
        at = 0
        self._chunks.reverse()
        while self._chunks:
            chunk = self._chunks.pop()
            count = min(chunk.shape[1], self.length - at)
            whole[:, at : at + count] = chunk[:, :count]
            at += count
        return whole


class SampleFile:
    """A temporary file of samples in `folder`, None for the system's own.

    It has no name and vanishes with the process, whatever ends that. Raises OSError where it
    cannot be made or is full.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._file = cast(BinaryIO, tempfile.TemporaryFile(buffering=0, dir=folder))  # noqa: SIM115 - open as long as its samples
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._end = 0

    def add(self, samples: Float32Array) -> FileSamples:
        """Write samples [T] behind those that are there."""
        begin = self._end
        with self._lock:
            self._file.seek(4 * begin)
            write_all(self._file, np.ascontiguousarray(samples, np.float32).view(np.uint8).data)
        self._end += len(samples)
        return FileSamples(self, begin, len(samples))

    def read(self, begin: int, count: int) -> Float32Array:
        """Return `count` samples from the one with this number. Raises OSError."""
        with self._lock:
            self._file.seek(4 * begin)
            samples = np.fromfile(self._file, np.float32, count)
        if len(samples) < count:
            raise OSError("the temporary file of samples is shorter than what was written")
        return samples


class FileSamples:
    """Samples [T] in a file: a slice reads what it asks for, and nothing is kept."""

    def __init__(self, file: SampleFile, begin: int, length: int) -> None:
        self._file, self._begin, self._length = file, begin, length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, wanted: slice) -> Float32Array:
        begin, end, _ = wanted.indices(self._length)
        return self._file.read(self._begin + begin, max(0, end - begin))

    def part(self, begin: int, end: int) -> FileSamples:
        """Return the samples from `begin` to before `end`, unread."""
        return FileSamples(self._file, self._begin + begin, end - begin)


Samples = Float32Array | FileSamples
"""Mono samples [T] in memory or in a file: both have a length, and a slice is an array."""


def part_of(samples: Samples, begin: int, end: int) -> Samples:
    """Return the samples from `begin` to before `end`, of a file unread."""
    return samples.part(begin, end) if isinstance(samples, FileSamples) else samples[begin:end]
