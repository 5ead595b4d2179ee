"""Levels, clipping and digest of a file that is read block by block."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import SILENCE_DB, clipped_samples, gain_to_db

_SAME_TOP = 0.99  # of a file's peak: blocks that reach it may be cut off at it


class Measuring:
    """Hears a file's blocks as they are decoded and as they are mixed. Levels are in dBFS."""

    def __init__(self) -> None:
        self.frames = self.channels = self.rate = 0
        self._squares = 0.0
        self._sum, self._low, self._high = np.zeros(1), np.full(1, np.inf), np.full(1, -np.inf)
        self._tops: list[tuple[float, int]] = []
        self._hash, self._hashed = hashlib.sha256(), False

    def decoded(self, block: Float32Array, rate: int) -> None:
        """Take a block [ch, n] with all channels, at `rate` in Hz."""
        self.rate = rate
        if not block.shape[1]:
            return
        self.channels = len(block)
        self.frames += block.shape[1]
        self._squares += float(np.sum(np.square(block, dtype=np.float64)))
        self._sum = self._sum + block.sum(axis=1, dtype=np.float64)
        low, high = block.min(axis=1), block.max(axis=1)
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._tops.append((float(max(high.max(), -low.min())), clipped_samples(block)))

    def mixed(self, block: Float32Array, rate: int) -> None:
        """Take a block [1, n] of the mono sound at the file's own rate in Hz."""
        if not self._hashed:
            self._hash.update(rate.to_bytes(4, "little"))
        self._hashed = True
        self._hash.update(np.ascontiguousarray(block, "<f4").tobytes())

    @property
    def rms_db(self) -> float:
        """Level of all channels together."""
        return gain_to_db(math.sqrt(self._squares / max(1, self.frames * self.channels)))

    @property
    def peak_db(self) -> float:
        """Highest sample of any channel."""
        return gain_to_db(self._peak)

    @property
    def swing_db(self) -> float:
        """Highest distance of a sample from its channel's mean: SILENCE_DB for a constant."""
        if not self.frames:
            return SILENCE_DB
        mean = self._sum / self.frames
        return gain_to_db(float(np.maximum(self._high - mean, mean - self._low).max()))

    @property
    def constant(self) -> float:
        """Mean of the channel where it is largest."""
        mean = self._sum / max(1, self.frames)
        return float(mean[np.abs(mean).argmax()])

    @property
    def clipped(self) -> int:
        """Samples in flat tops, at the level of the file's peak."""
        return sum(count for top, count in self._tops if top >= _SAME_TOP * self._peak)

    @property
    def _peak(self) -> float:
        return max((top for top, _ in self._tops), default=0.0)

    @property
    def digest(self) -> str:
        """SHA-256 of rate and mono samples: the same for copies in other lossless formats."""
        return self._hash.hexdigest()
