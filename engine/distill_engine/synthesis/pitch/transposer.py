"""Transpose a voice: turn the vocoder's clock and resample its sound, so that time does not change.

For a frequency ratio r the vocoder computes r hops for each hop of sound, from mels read between
two frames, and its samples are read r times as fast. A ratio of 1 passes mels and samples through
unchanged and without delay; any other adds `delay_hops`. Between the two, one hop cross-fades.
Where a sound begins the mel is not read between two frames but steps: an attack that is spread over
the vocoder's hops is less sharp.

Source of the interpolation: Smith, Digital Audio Resampling (band-limited interpolation at any
ratio, with a cut-off that follows it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.native.library import Library, native_library

CROSSINGS = 16  # zero crossings of the interpolation kernel on either side
MOST_RATIO = 4.0  # two octaves up
_PHASES = 256  # of the kernels' tables between two samples; between them lines (-95 dB)
_TABLES_AN_OCTAVE = 8  # kernels of different cut-offs
_BETA = 9.0  # of the Kaiser window: 90 dB of rejection
_CUTOFF = 0.93  # of the lower Nyquist frequency
RISE_NATS = 0.5  # by which a band rises on average where a sound begins
_KEPT = 1024  # samples of the vocoder that are kept: more than a hop and two kernels


@cache
def _kernels() -> tuple[Float32Array, ...]:
    """Return a table [_PHASES + 1, taps] for each cut-off, that of a ratio of 1 first."""
    octaves = np.arange(int(_TABLES_AN_OCTAVE * math.log2(MOST_RATIO)) + 1) / _TABLES_AN_OCTAVE
    return tuple(_kernel(2.0**-octave) for octave in octaves)


def _table(ratio: float) -> Float32Array:
    """Return the table [_PHASES + 1, taps] for reading at `ratio` times the rate."""
    return _kernels()[math.ceil(_TABLES_AN_OCTAVE * math.log2(max(ratio, 1.0)) - 1e-9)]


def _kernel(cutoff: float) -> Float32Array:
    """Return the weights [_PHASES + 1, taps] of the samples around each fractional position."""
    reach = math.ceil(CROSSINGS / cutoff)
    fractions = np.arange(_PHASES + 1)[:, None] / _PHASES
    at = np.abs(fractions - np.arange(1 - reach, reach + 1)) * cutoff
    inside = np.sqrt(np.maximum(1.0 - (at / CROSSINGS) ** 2, 0.0))
    window = np.where(at < CROSSINGS, np.i0(_BETA * inside) / np.i0(_BETA), 0.0)
    return np.asarray(cutoff * _CUTOFF * np.sinc(_CUTOFF * at) * window, np.float32)


def delay_hops(hop: int) -> float:
    """Return the delay of a transposed sound, in hops of `hop` samples: a hop and half a kernel."""
    return 1.0 + CROSSINGS / hop


@dataclass(frozen=True)
class TransposerState:
    """The state of a `Transposer`.

    `position` is that of the next sample read, relative to the end of the vocoder's samples;
    `ratio` is that of the last hop. `frame` [bands, 1] is the last mel, `kept` [n] are samples.
    """

    active: bool
    position: float
    ratio: float
    frame: Float32Array
    kept: Float32Array


@dataclass(frozen=True)
class _Plan:
    """One hop: where its samples are read in the line of kept and new samples of the block.

    Its own new samples, `hops` vocoder hops, begin at `first`. Without positions they pass
    directly. `fades` is 1 where the hop cross-fades from the direct sound, -1 where it fades to it.
    """

    positions: Float64Array
    ratio: float
    hops: int
    first: int
    fades: int


class Transposer:
    """One voice's transposition. `hop` is in samples, `bands` are those of the mel.

    `smoothed`: attacks are read between frames too, as in takes up to version 9.
    """

    smoothed = False

    def __init__(self, hop: int, bands: int) -> None:
        self._hop, self._bands = hop, bands
        self._count = np.arange(hop)
        self._native = native_library()
        self.reset()

    def reset(self) -> None:
        """Return to a ratio of 1, with silence behind."""
        self._active, self._position, self._ratio = False, 0.0, 1.0
        self._frame = np.zeros((self._bands, 1), np.float32)
        self._kept = np.zeros(_KEPT, np.float32)
        self._plans: list[_Plan] = []  # of the hops between `prepare` and `finish`
        self._mels = self._frame

    def process(
        self, mels: Float32Array, ratios: Sequence[float], vocode: Callable[[Float32Array], Float32Array]
    ) -> Float32Array:
        """Return the samples [n * hop] of mels [bands, n], each hop at its frequency ratio.

        `vocode` computes samples [1, m * hop] from mels [bands, m].
        """
        asked = self.prepare(mels, ratios)
        return self.finish(vocode(asked)[0] if asked.shape[1] else np.zeros(0, np.float32))

    def prepare(
        self, mels: Float32Array, ratios: Sequence[float], before: Mapping[int, Float32Array] = MappingProxyType({})
    ) -> Float32Array:
        """Return the mels [bands, m] of the vocoder's next hops, for mels [bands, n] at `ratios`.

        `before` are frames [bands, 1] that come before a hop in place of what has played, by its
        number. `finish` takes what the vocoder makes of the mels.
        """
        self._plans = []
        if not self._active and all(ratio == 1.0 for ratio in ratios):
            self._mels = mels
            return mels
        frames = np.concatenate([self._frame, mels], axis=1)
        read, made = [], 0
        for index, ratio in enumerate(ratios):
            plan, between = self._plan(ratio, made)
            made += plan.hops
            self._plans.append(plan)
            last = before.get(index, frames[:, index : index + 1])
            now = frames[:, index + 1 : index + 2]
            begins = not self.smoothed and float(np.maximum(now - last, 0.0).mean()) > RISE_NATS
            read.append(_between(last, now, np.round(between) if begins else between))
        self._mels = mels
        return np.concatenate(read, axis=1)

    @property
    def starts(self) -> Sequence[int]:
        """At which of the vocoder's hops each hop begins that was prepared."""
        if not self._plans:
            return range(self._mels.shape[1])
        return [(plan.first - _KEPT) // self._hop for plan in self._plans]

    @property
    def late(self) -> list[bool]:
        """Which hops that were prepared are transposed, and come `delay_hops` later."""
        if not self._plans:
            return [False] * self._mels.shape[1]
        return [bool(len(plan.positions)) for plan in self._plans]

    def finish(self, samples: Float32Array) -> Float32Array:
        """Return the samples [n * hop] of the hops prepared, from the vocoder's own [m * hop]."""
        if not self._plans:
            short = len(samples) < _KEPT
            self._keep(np.concatenate([self._kept[len(samples) :], samples]) if short else samples, self._mels)
            return samples
        line = np.concatenate([self._kept, samples]) if len(samples) else self._kept
        self._keep(line, self._mels)
        return np.concatenate([self._sound(plan, line) for plan in self._plans])

    def _keep(self, line: Float32Array, mels: Float32Array) -> None:
        self._kept, self._frame = line[-_KEPT:].copy(), mels[:, -1:].copy()

    def _plan(self, ratio: float, made: int) -> tuple[_Plan, Float64Array]:
        """Return the plan of the next hop, and where its mels lie between the last and this frame.

        `made` are the vocoder's hops before it in this block. 0 is the last frame, 1 this one.
        """
        fades, first = 0, _KEPT + made * self._hop
        if not self._active and ratio == 1.0:
            return _Plan(np.zeros(0), 1.0, 1, first, 0), np.ones(1)
        if not self._active:
            self._active, self._position, self._ratio = True, -delay_hops(self._hop) * self._hop, 1.0
            fades = 1
        elif ratio == self._ratio == 1.0:
            fades = -1
        moving = ratio != self._ratio
        if moving:
            ends = self._position + np.cumsum(np.linspace(self._ratio, ratio, self._hop + 1)[1:])
            positions, end = np.concatenate([[self._position], ends[:-1]]), float(ends[-1])
        else:
            positions, end = self._position + ratio * self._count, self._position + ratio * self._hop
        reach = _table(max(ratio, self._ratio)).shape[1] // 2
        hops = max(math.ceil((end + reach) / self._hop), 1 if fades else 0)
        starts = np.arange(hops) * self._hop
        if moving:
            heard = np.interp(starts, ends, self._count + 1) + np.maximum(starts - end, 0.0) / ratio
        else:
            heard = np.maximum((starts - self._position) / ratio, 1.0)
        between = np.clip((heard - CROSSINGS) / self._hop, 0.0, 1.0)
        if fades < 0:
            self._active, between = False, np.ones(hops)
        plan = _Plan(positions + first, max(ratio, self._ratio), hops, first, fades)
        self._position, self._ratio = end - hops * self._hop, ratio
        return plan, between

    def _sound(self, plan: _Plan, line: Float32Array) -> Float32Array:
        """Return the samples [hop] of a plan, read from the vocoder's samples `line` [n]."""
        direct = line[plan.first : plan.first + self._hop]
        if not len(plan.positions):
            return direct
        sound = _interpolated(line, plan.positions, plan.ratio, self._native)
        if plan.fades:
            rising = np.linspace(0.0, 1.0, self._hop, dtype=np.float32)
            share = rising if plan.fades > 0 else 1.0 - rising
            sound = direct + share * (sound - direct)
        return sound

    def state(self) -> TransposerState:
        """Return the state."""
        return TransposerState(self._active, self._position, self._ratio, self._frame.copy(), self._kept.copy())

    def restore(self, state: TransposerState | None) -> None:
        """Continue from a `state`; None is that of a voice that was never transposed.

        Raises ValueError for a state that no transposer has.
        """
        self.reset()
        if state is None:
            return
        if state.frame.shape != (self._bands, 1) or state.kept.shape != (_KEPT,):
            raise ValueError("a transposer's state has the wrong shape")
        if not (1 / MOST_RATIO <= state.ratio <= MOST_RATIO and -_KEPT < state.position <= 0.0):
            raise ValueError(f"a transposer cannot be at {state.position} with a ratio of {state.ratio}")
        self._active, self._position, self._ratio = state.active, state.position, state.ratio
        self._frame, self._kept = state.frame.astype(np.float32), state.kept.astype(np.float32)


def _between(last: Float32Array, now: Float32Array, shares: Float64Array) -> Float32Array:
    """Return mels [bands, n] between two frames [bands, 1]: at 0 the first, at 1 the second."""
    mixed: Float32Array = np.where(shares >= 1.0, now, last + (now - last) * shares.astype(np.float32))
    return mixed.astype(np.float32)


def _interpolated(line: Float32Array, positions: Float64Array, ratio: float, native: Library | str) -> Float32Array:
    """Return the values [n] of a line [m] of samples, contiguous, at fractional positions [n].

    The kernel's cut-off lies below half the rate of what is read and of what is written.
    """
    table = _table(ratio)
    taps = table.shape[1]
    if not isinstance(native, str):
        out = np.empty(len(positions), np.float32)
        native.interpolate(
            *(line.ctypes.data, len(line), positions.ctypes.data, len(positions)),
            *(table.ctypes.data, _PHASES, taps, out.ctypes.data),
        )
        return out
    left = np.floor(positions).astype(np.int64)
    phases = (positions - left) * _PHASES
    whole = phases.astype(np.int64)
    share = (phases - whole).astype(np.float32)
    size = line.itemsize
    windows: Float32Array = np.ndarray((len(line) - taps + 1, taps), line.dtype, line, strides=(size, size))
    values = windows[left + 1 - taps // 2]
    low = np.einsum("ij,ij->i", table[whole], values)
    high = np.einsum("ij,ij->i", table[whole + 1], values)
    return np.asarray(low + share * (high - low), np.float32)
