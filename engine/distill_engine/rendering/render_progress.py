"""Progress and level of a render, measured block by block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array


@dataclass(frozen=True)
class RenderProgress:
    """Seconds of sound done and in total, and the estimated seconds of work that remain."""

    done_seconds: float
    total_seconds: float
    remaining_seconds: float


class LevelMeter:
    """Measures the level of blocks that pass through, and reports progress ten times a second.

    `peak` is linear; `square` is the sum over time of the squared samples, averaged over the
    channels.
    """

    def __init__(self, rate: int, total: float, progress: Callable[[RenderProgress], None] | None) -> None:
        self._rate, self._total, self._progress = rate, total, progress
        self.peak = self.square = 0.0
        self.frames = 0
        self.started = time.monotonic()
        self._reported = 0.0

    def watch(self, blocks: Iterator[Float32Array]) -> Iterator[Float32Array]:
        """Yield the blocks [ch, n] unchanged, without empty ones."""
        for block in blocks:
            if not block.shape[1]:
                continue
            self.peak = max(self.peak, float(np.abs(block).max()))
            self.square += float(np.square(block, dtype=np.float64).mean(axis=0).sum())
            self.frames += block.shape[1]
            self._report()
            yield block

    def measure(self, samples: Float32Array) -> None:
        """Measure samples [ch, T] in the place of all that passed."""
        self.peak = float(np.abs(samples).max(initial=0.0))
        self.square = float(np.square(samples, dtype=np.float64).mean(axis=0).sum())
        self.frames = samples.shape[1]

    def _report(self) -> None:
        now = time.monotonic()
        done = self.frames / self._rate
        if self._progress is None or (now - self._reported < 0.1 and done < self._total):
            return
        self._reported = now
        pace = (now - self.started) / max(done, 1e-9)
        self._progress(RenderProgress(done, self._total, max(0.0, self._total - done) * pace))
