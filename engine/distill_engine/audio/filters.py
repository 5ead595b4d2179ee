"""Filters of the output stage, a hop at a time.

Recursive filters are computed in closed form over a hop (r^n times a running sum), not sample by
sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array

Samples = Float64Array


@dataclass(frozen=True)
class FilterState:
    """The last input sample `x` and output sample `y` of a `HighPass`."""

    x: float = 0.0
    y: float = 0.0


class HighPass:
    """First-order high-pass that removes DC: y[n] = x[n] - x[n-1] + r y[n-1].

    r = exp(-2 pi cutoff / rate).
    """

    def __init__(self, cutoff_hz: float, sample_rate: int, hop: int) -> None:
        r = math.exp(-2.0 * math.pi * cutoff_hz / sample_rate)
        steps = np.arange(1, hop + 1)
        self._rise, self._fall = r**steps, r ** (-steps.astype(np.float64))
        self._x = self._y = 0.0

    def process(self, x: Samples) -> Samples:
        """Filter one hop: [hop] -> [hop]."""
        steps = np.empty_like(x)
        steps[0] = x[0] - self._x
        np.subtract(x[1:], x[:-1], out=steps[1:])
        steps *= self._fall
        y = steps.cumsum()
        y += self._y
        y *= self._rise
        self._x, self._y = float(x[-1]), float(y[-1])
        return y

    def state(self) -> FilterState:
        """Return the state."""
        return FilterState(self._x, self._y)

    def restore(self, state: FilterState) -> None:
        """Continue from a `state`."""
        self._x, self._y = state.x, state.y


class AllPass:
    """Schroeder's all-pass: y[n] = -g x[n] + x[n-M] + g y[n-M], with a delay of M samples.

    Source: M. R. Schroeder, "Natural Sounding Artificial Reverberation", J. Audio Eng. Soc. 10,
    1962.
    """

    def __init__(self, delay: int, gain: float) -> None:
        self._delay, self._gain = delay, gain
        self._lay_out(0, np.zeros(delay))

    def _lay_out(self, size: int, memory: Samples) -> None:
        """Make the arrays for inputs of `size` samples, and their parts: slicing takes time."""
        self._x, self._scaled, self._y = np.empty((3, size))
        self._line = np.concatenate([memory, np.zeros(size)])  # x[n-M] + g y[n-M]: the memory, then what follows
        self._parts = []
        for start in range(0, size, self._delay):
            now = slice(start, min(start + self._delay, size))
            after = self._line[self._delay + now.start : self._delay + now.stop]
            self._parts.append((self._line[now], self._scaled[now], self._y[now], after, self._x[now]))

    def process(self, x: Samples) -> Samples:
        """Filter samples of any number: [n] -> [n], valid until the next call."""
        if len(x) != len(self._y):
            self._lay_out(len(x), self._line[len(self._y) :].copy())
        else:
            self._line[: self._delay] = self._line[len(x) :]
        self._x[:] = x
        np.multiply(x, self._gain, out=self._scaled)
        for before, scaled, y, after, part in self._parts:
            np.subtract(before, scaled, out=y)
            np.multiply(y, self._gain, out=after)
            np.add(after, part, out=after)
        return self._y

    def state(self) -> Samples:
        """Return the state [delay]."""
        return self._line[len(self._y) :].copy()

    def restore(self, state: Samples) -> None:
        """Continue from a `state` [delay]. Raises ValueError for another length."""
        if state.shape != (self._delay,):
            raise ValueError(f"an all-pass of {self._delay} samples has no state of the shape {state.shape}")
        self._line[len(self._y) :] = state
