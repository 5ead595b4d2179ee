"""Filters of the output stage, for any number of ticks at once.

Recursive filters are computed in closed form over a tick (r^n times a running sum), not sample by
sample. Every tick is computed by itself, so that the samples are bit-identical however many ticks
are filtered at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array

Samples = Float64Array

KEPT_LAYOUTS = 8  # sizes of input for which an all-pass keeps its arrays


@dataclass(frozen=True)
class FilterState:
    """The last input sample `x` and output sample `y` of a `HighPass`."""

    x: float = 0.0
    y: float = 0.0


class HighPass:
    """First-order high-pass that removes DC: y[n] = x[n] - x[n-1] + r y[n-1].

    r = exp(-2 pi cutoff / rate).
    """

    def __init__(self, cutoff_hz: float, sample_rate: int, tick: int) -> None:
        r = math.exp(-2.0 * math.pi * cutoff_hz / sample_rate)
        steps = np.arange(1, tick + 1)
        self._rise, self._fall = r**steps, r ** (-steps.astype(np.float64))
        self._last_rise = float(self._rise[-1])
        self._x = self._y = 0.0

    @property
    def sounds(self) -> bool:
        """Whether silence would come out as something else."""
        return bool(self._x or self._y)

    def process(self, x: Samples) -> Samples:
        """Filter whole ticks: [n * tick] -> [n * tick]."""
        steps = np.empty_like(x)
        steps[0] = x[0] - self._x
        np.subtract(x[1:], x[:-1], out=steps[1:])
        ticks = steps.reshape(-1, len(self._fall))
        ticks *= self._fall
        y = ticks.cumsum(axis=1)
        before = []  # the output before each tick
        for end in y[:, -1].tolist():
            before.append(self._y)
            self._y = (end + self._y) * self._last_rise
        y += np.array(before)[:, None]
        y *= self._rise
        self._x = float(x[-1])
        return y.ravel()

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
        self._memory = np.zeros(delay)  # x[n-M] + g y[n-M]
        self._layouts: dict[int, _AllPassLayout] = {}

    def process(self, x: Samples) -> Samples:
        """Filter samples of any number: [n] -> [n], valid until the next call."""
        layout = self._layouts.get(len(x))
        if layout is None:
            if len(self._layouts) >= KEPT_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[len(x)] = _AllPassLayout(self._delay, len(x))
        layout.line[: self._delay] = self._memory
        layout.x[:] = x
        np.multiply(x, self._gain, out=layout.scaled)
        for before, scaled, y, after, part in layout.parts:
            np.subtract(before, scaled, out=y)
            np.multiply(y, self._gain, out=after)
            np.add(after, part, out=after)
        self._memory[:] = layout.line[len(x) :]
        return layout.y

    def state(self) -> Samples:
        """Return the state [delay]."""
        return self._memory.copy()

    def restore(self, state: Samples) -> None:
        """Continue from a `state` [delay]. Raises ValueError for another length."""
        if state.shape != (self._delay,):
            raise ValueError(f"an all-pass of {self._delay} samples has no state of the shape {state.shape}")
        self._memory[:] = state


class _AllPassLayout:
    """The arrays for inputs of `size` samples, and their parts: slicing takes time."""

    def __init__(self, delay: int, size: int) -> None:
        self.x, self.scaled, self.y = np.empty((3, size))
        self.line = np.zeros(delay + size)  # the memory, then what follows
        self.parts = []
        for start in range(0, size, delay):
            now = slice(start, min(start + delay, size))
            after = self.line[delay + now.start : delay + now.stop]
            self.parts.append((self.line[now], self.scaled[now], self.y[now], after, self.x[now]))
