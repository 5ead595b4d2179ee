"""Samples that arrive in blocks, in one array at the end, without a second copy of all of them."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array

CHUNK_BYTES = 40 << 20  # allocators give chunks of this size back to the system, and use no page before it is written
MOST_EXPECTED = 1 << 28  # samples: a header may claim more, and more come in chunks


class SampleStore:
    """Collects blocks [ch, n]; `expected` samples per channel are a hint."""

    def __init__(self, channels: int, expected: int = 0) -> None:
        self._chunk = min(expected, MOST_EXPECTED // channels) or CHUNK_BYTES // 4 // channels
        self._chunks: list[Float32Array] = []
        self.channels, self._filled, self.length = channels, 0, 0

    def append(self, block: Float32Array) -> None:
        """Add a block [ch, n]."""
        while block.shape[1]:
            if not self._chunks or self._filled == self._chunks[-1].shape[1]:
                self._chunks.append(np.empty((self.channels, self._chunk), np.float32))
                self._chunk, self._filled = CHUNK_BYTES // 4 // self.channels, 0
            count = min(block.shape[1], self._chunks[-1].shape[1] - self._filled)
            self._chunks[-1][:, self._filled : self._filled + count] = block[:, :count]
            self._filled += count
            self.length += count
            block = block[:, count:]

    def take(self) -> Float32Array:
        """Return all samples [ch, T]; the store is empty then."""
        if len(self._chunks) == 1 and 2 * self._filled > self._chunks[0].shape[1]:
            return self._chunks.pop()[:, : self.length]  # pages behind them were never used
        whole = np.empty((self.channels, self.length), np.float32)
        at = 0
        self._chunks.reverse()
        while self._chunks:
            chunk = self._chunks.pop()
            count = min(chunk.shape[1], self.length - at)
            whole[:, at : at + count] = chunk[:, :count]
            at += count
        return whole
