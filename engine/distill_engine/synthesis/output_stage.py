"""From the mono sum of the vocoders to stereo: gain, play fade, width, limiter; and a DC blocker.

It works in ticks of 128 samples, a quarter of a hop, just before the ring: gain and width need not
wait for a hop. Its state is float64 and every tick is computed by itself, so the result is
bit-identical however many ticks are processed at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.filters import AllPass, FilterState, HighPass
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.errors import ConfigError
from distill_engine.takes.take import TICK_SAMPLES

Samples = Float64Array


@dataclass(frozen=True)
class OutputConfig:
    """Settings of the output stage: seconds, Hz, linear full scale, samples of tick and delay."""

    sample_rate: int = DEFAULT_MEL.sample_rate
    tick: int = TICK_SAMPLES
    dc_cutoff_hz: float = 8.0
    fade_seconds: float = 0.03
    limiter_threshold: float = 0.8
    limiter_ceiling: float = 0.98
    limiter_release_seconds: float = 0.12
    decorrelation_delays: tuple[int, ...] = (67, 149, 211, 331)
    decorrelation_gain: float = 0.55
    side_cutoff_hz: float = 120.0

    def __post_init__(self) -> None:
        if not 0.0 < self.limiter_threshold < self.limiter_ceiling <= 1.0:
            raise ConfigError(
                f"limiter needs 0 < threshold < ceiling <= 1, not {self.limiter_threshold} and {self.limiter_ceiling}"
            )
        if self.tick < 1 or self.fade_seconds <= 0 or self.limiter_release_seconds <= 0:
            raise ConfigError("tick, fade and release must be positive")


@dataclass(frozen=True)
class WidenerState:
    """The states of a `Widener`'s high-pass and of its all-passes, each [delay]."""

    high: FilterState
    all_passes: tuple[Samples, ...]


@dataclass(frozen=True)
class OutputState:
    """The state of an `OutputStage`.

    `level` is the position of the play fade, 0 to 1. `gain` and `width` are the last values of
    their ramps, None before the first tick.
    """

    playing: bool
    level: float
    dc: FilterState
    gain: float | None
    width: float | None
    widener: WidenerState
    limiter_peak: float


class Widener:
    """Mono to stereo: left = (m + w s) / n and right = (m - w s) / n, with n = sqrt(1 + w^2).

    m is the mono signal, w the width, and s is m through a high-pass and all-passes. s therefore
    has the spectrum of m with other phases: width 1 is decorrelated, width 0 is exactly mono. The
    sum of both channels is always m times 2 / n. The high-pass keeps the bass in the middle. n
    keeps the power.
    """

    def __init__(self, config: OutputConfig) -> None:
        self._passes = [AllPass(delay, config.decorrelation_gain) for delay in config.decorrelation_delays]
        self._high = HighPass(config.side_cutoff_hz, config.sample_rate, config.tick)

    def process(self, mono: Samples, width: Samples) -> Samples:
        """Widen whole ticks: mono [n] and width per sample [n] (0 to 1) -> stereo [2, n]."""
        side = self._high.process(mono)
        for all_pass in self._passes:
            side = all_pass.process(side)
        side = width * side
        stereo = np.empty((2, len(mono)))
        np.add(mono, side, out=stereo[0])
        np.subtract(mono, side, out=stereo[1])
        stereo *= 1.0 / np.sqrt(1.0 + width * width)
        return stereo

    def state(self) -> WidenerState:
        """Return the state."""
        return WidenerState(self._high.state(), tuple(all_pass.state() for all_pass in self._passes))

    def restore(self, state: WidenerState) -> None:
        """Continue from a `state`. Raises ValueError if its all-passes have other delays."""
        self._high.restore(state.high)
        for all_pass, memory in zip(self._passes, state.all_passes, strict=True):
            all_pass.restore(memory)


class Limiter:
    """Soft limiter without look-ahead: a peak follower with instant attack and exponential release.

    Below the threshold t nothing changes. Above it a peak e becomes t + (c - t) tanh((e - t) / (c -
    t)), which never reaches the ceiling c. Both channels share one gain, so the stereo image stays.
    """

    def __init__(self, config: OutputConfig) -> None:
        r = math.exp(-1.0 / (config.limiter_release_seconds * config.sample_rate))
        steps = np.arange(1, config.tick + 1).astype(np.float64)
        self._fall, self._rise = r**steps, r**-steps
        self._last_fall = float(self._fall[-1])
        self._threshold, self._ceiling = config.limiter_threshold, config.limiter_ceiling
        self._peak = 0.0

    def process(self, x: Samples) -> Samples:
        """Limit whole ticks: [2, n] -> [2, n], all samples below the ceiling."""
        left, right = np.abs(x)
        level = np.maximum(left, right, out=left)
        ticks = level.reshape(-1, len(self._rise))
        highest = np.maximum.accumulate(ticks * self._rise, axis=1)
        before = []  # the peak before each tick
        for end, last in zip(highest[:, -1].tolist(), ticks[:, -1].tolist(), strict=True):
            before.append(self._peak)
            self._peak = max(max(end, self._peak) * self._last_fall, last)
        peaks = np.maximum(highest, np.array(before)[:, None]) * self._fall
        peak = np.maximum(peaks, ticks).ravel()  # rounding must not put a sample above its own peak
        if peak.max() <= self._threshold:
            return x
        t, span = self._threshold, self._ceiling - self._threshold
        over = np.maximum(peak - t, 0.0)
        limited = np.where(over > 0.0, t + span * np.tanh(over / span), peak)
        out: Samples = x * np.where(over > 0.0, limited / np.maximum(peak, 1e-12), 1.0)
        return out

    def state(self) -> float:
        """Return the present level of the peak follower, linear."""
        return self._peak

    def restore(self, state: float) -> None:
        """Continue from a `state`."""
        self._peak = state


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


class OutputStage:
    """The output stage of one synth. `process` takes ticks of mono with their gains and widths."""

    def __init__(self, config: OutputConfig | None = None) -> None:
        self.config = config = config or OutputConfig()
        self.playing = True
        self._level = 0.0  # of the play fade, 0 to 1
        self._step = 1.0 / max(1.0, config.fade_seconds * config.sample_rate)
        self._count = np.arange(1, config.tick + 1)
        self._dc = HighPass(config.dc_cutoff_hz, config.sample_rate, config.tick)
        self._gain, self._width = Ramp(config.tick), Ramp(config.tick)
        self._widener, self._limiter = Widener(config), Limiter(config)

    def panic(self) -> None:
        """Be silent from the next sample on, and clear all filters."""
        self.playing, self._level = False, 0.0
        config = self.config
        self._dc = HighPass(config.dc_cutoff_hz, config.sample_rate, config.tick)
        self._widener, self._limiter = Widener(config), Limiter(config)

    @property
    def silent(self) -> bool:
        """Whether it is stopped and faded out, so that its input is inaudible."""
        return not self.playing and self._level <= 0.0

    def sounding(self, ticks: int) -> int:
        """Return how many of the next `ticks` ticks sound, before a fade-out ends in silence."""
        level, count = self._level, 0
        while count < ticks and (self.playing or level > 0.0):
            level = self._faded(level)
            count += 1
        return count

    def _faded(self, level: float) -> float:
        """Return the level of the play fade a tick after `level`."""
        step = self._step if self.playing else -self._step
        return min(max(level + step * self.config.tick, 0.0), 1.0)

    def _fade(self, ticks: int) -> Samples | float:
        """Return the play fade per sample [ticks * tick]; one number if it is complete."""
        if self.playing and self._level >= 1.0:
            return 1.0
        starts = []
        for _ in range(ticks):
            starts.append(self._level)
            self._level = self._faded(self._level)
        step = self._step if self.playing else -self._step
        level = np.clip(np.array(starts)[:, None] + step * self._count, 0.0, 1.0).ravel()
        curve: Samples = level * level * (3.0 - 2.0 * level)
        return curve

    def without_dc(self, mono: Samples) -> Samples:
        """Remove DC from whole ticks: [n] -> [n]. For sound as it is computed, before `process`."""
        return self._dc.process(mono)

    def process(self, mono: Samples, gains: Samples, widths: Samples) -> Float32Array:
        """Process n ticks: mono [n * tick] -> stereo [2, n * tick] float32, below the ceiling.

        `gains` [n] are linear, `widths` [n] 0 to 1; each is reached at the end of its tick.
        """
        x = mono * self._gain.process(gains) * self._fade(len(gains))
        return self._limiter.process(self._widener.process(x, self._width.process(widths))).astype(np.float32)

    def state(self) -> OutputState:
        """Return the state."""
        return OutputState(
            playing=self.playing,
            level=self._level,
            dc=self._dc.state(),
            gain=self._gain.state(),
            width=self._width.state(),
            widener=self._widener.state(),
            limiter_peak=self._limiter.state(),
        )

    def restore(self, state: OutputState) -> None:
        """Continue from a `state`. Raises ValueError for one of another configuration."""
        self.playing, self._level = state.playing, state.level
        self._dc.restore(state.dc)
        self._gain.restore(state.gain)
        self._width.restore(state.width)
        self._limiter.restore(state.limiter_peak)
        self._widener.restore(state.widener)

    def restore_gain(self, gain: float | None) -> None:
        """Continue with `gain`, linear, as the last value of its ramp."""
        self._gain.restore(gain)
