"""Filters of the output stage, for any number of ticks at once.

Recursive filters are computed in closed form over a tick (r^n times a running sum), not sample by
sample. Every tick is computed by itself, so that the samples are bit-identical however many ticks
are filtered at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.native.library import native_library

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


class AllPasses:
    """Schroeder's all-passes one after the other, with delays of M samples.

    Each is y[n] = -g x[n] + x[n-M] + g y[n-M].

    Source: M. R. Schroeder, "Natural Sounding Artificial Reverberation", J. Audio Eng. Soc. 10,
    1962.
    """

    def __init__(self, delays: Sequence[int], gain: float) -> None:
        self._gain, self._native = gain, native_library()
        self._delays = np.array(delays, np.int32)
        self._line = np.zeros(sum(delays))  # each one's x[n-M] + g y[n-M]
        self._memories = np.split(self._line, np.cumsum(delays)[:-1])
        self._tables = self._line.ctypes.data, self._delays.ctypes.data, len(delays), gain

    def process(self, x: Samples) -> Samples:
        """Filter samples of any number: [n] -> [n]."""
        x = np.ascontiguousarray(x, np.float64)
        if not isinstance(self._native, str):
            out = np.empty((2, len(x)))
            self._native.all_passes(*self._tables, x.ctypes.data, len(x), out.ctypes.data)
            return np.asarray(out[len(self._delays) % 2])
        for memory in self._memories:
            x = self._filtered(x, memory)
        return x

    def _filtered(self, x: Samples, memory: Samples) -> Samples:
        """Return samples [n] that passed the all-pass of a `memory` [M]."""
        line, y, delay = np.concatenate([memory, np.empty(len(x))]), np.empty(len(x)), len(memory)
        for start in range(0, len(x), delay):
            now = slice(start, min(start + delay, len(x)))
            y[now] = line[now] - self._gain * x[now]
            line[now.start + delay : now.stop + delay] = x[now] + self._gain * y[now]
        memory[:] = line[len(x) :]
        return y

    def state(self) -> tuple[Samples, ...]:
        """Return the state: the memory [delay] of each."""
        return tuple(memory.copy() for memory in self._memories)

    def restore(self, state: Sequence[Samples]) -> None:
        """Continue from a `state`. Raises ValueError if its all-passes have other delays."""
        if [memory.shape for memory in state] != [memory.shape for memory in self._memories]:
            raise ValueError(f"all-passes of {self._delays.tolist()} samples have no such state")
        self._line[:] = np.concatenate(state)
