"""Straight lines from step to step."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float64Array

Samples = Float64Array


class Ramp:
    """Interpolate a value per step to a value per sample: a straight line from the last value.

    A step is `size` samples: a tick or a hop.
    """

    def __init__(self, size: int) -> None:
        self._line = np.arange(1, size + 1) / size
        self._last: float | None = None
        self._level = np.zeros(size)  # what is returned while the value stays

    def process(self, values: Samples) -> Samples:
        """Return the values [n * size], not to be changed, of lines that end at `values` [n]."""
        first = float(values[0]) if self._last is None else self._last
        self._last = float(values[-1])
        if (values != first).any():
            starts = np.concatenate([[first], values[:-1]])[:, None]
            return np.asarray(starts + (values[:, None] - starts) * self._line).ravel()
        if self._level[0] != first or len(self._level) != len(values) * len(self._line):
            self._level = np.full(len(values) * len(self._line), first)
        return self._level

    def state(self) -> float | None:
        """Return the last value, None before the first."""
        return self._last

    def restore(self, state: float | None) -> None:
        """Continue from a `state`."""
        self._last = state
