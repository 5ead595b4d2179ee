"""From the mono sum of the vocoders to stereo: DC blocker, gain, play fade, width, limiter.

Each stage works on one hop at a time and keeps its state in float64, so the result is bit-identical
however many hops are rendered at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.filters import AllPass, FilterState, HighPass
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.errors import ConfigError

Samples = Float64Array


@dataclass(frozen=True)
class OutputConfig:
    """Settings of the output stage: seconds, Hz, linear full scale, samples of delay."""

    sample_rate: int = DEFAULT_MEL.sample_rate
    hop: int = DEFAULT_MEL.hop
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
        if self.hop < 1 or self.fade_seconds <= 0 or self.limiter_release_seconds <= 0:
            raise ConfigError("hop, fade and release must be positive")


@dataclass(frozen=True)
class WidenerState:
    """The states of a `Widener`'s high-pass and of its all-passes, each [delay]."""

    high: FilterState
    all_passes: tuple[Samples, ...]


@dataclass(frozen=True)
class OutputState:
    """The state of an `OutputStage`.

    `level` is the position of the play fade, 0 to 1. `gain` and `width` are the last values of
    their ramps, None before the first hop.
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
        self._high = HighPass(config.side_cutoff_hz, config.sample_rate, config.hop)

    def process(self, mono: Samples, width: Samples) -> Samples:
        """Widen one hop: mono [hop] and width per sample [hop] (0 to 1) -> stereo [2, hop]."""
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
        steps = np.arange(1, config.hop + 1).astype(np.float64)
        self._fall, self._rise = r**steps, r**-steps
        self._threshold, self._ceiling = config.limiter_threshold, config.limiter_ceiling
        self._peak = 0.0

    def process(self, x: Samples) -> Samples:
        """Limit one hop: [2, hop] -> [2, hop], all samples below the ceiling."""
        left, right = np.abs(x)
        level = np.maximum(left, right, out=left)
        peak = np.maximum(np.maximum.accumulate(level * self._rise), self._peak) * self._fall
        np.maximum(peak, level, out=peak)  # rounding must not put a sample above its own peak
        self._peak = float(peak[-1])
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
    """Interpolate a value per hop to a value per sample: a straight line from the last value."""

    def __init__(self, hop: int) -> None:
        self._line = np.arange(1, hop + 1) / hop
        self._last: float | None = None
        self._level = np.zeros(hop)  # what is returned while the value stays

    def process(self, value: float) -> Samples:
        """Return the values [hop], not to be changed, of the line that ends at `value`."""
        last = value if self._last is None else self._last
        self._last = value
        if value != last:
            return np.asarray(last + (value - last) * self._line)
        if self._level[0] != value:
            self._level = np.full(len(self._line), value)
        return self._level

    def state(self) -> float | None:
        """Return the last value, None before the first."""
        return self._last

    def restore(self, state: float | None) -> None:
        """Continue from a `state`."""
        self._last = state


class OutputStage:
    """The output stage of one synth. `process` takes one hop of mono with its gain and width."""

    def __init__(self, config: OutputConfig | None = None) -> None:
        self.config = config = config or OutputConfig()
        self.playing = True
        self._level = 0.0  # of the play fade, 0 to 1
        self._step = 1.0 / max(1.0, config.fade_seconds * config.sample_rate)
        self._count = np.arange(1, config.hop + 1)
        self._dc = HighPass(config.dc_cutoff_hz, config.sample_rate, config.hop)
        self._gain, self._width = Ramp(config.hop), Ramp(config.hop)
        self._widener, self._limiter = Widener(config), Limiter(config)

    def panic(self) -> None:
        """Be silent from the next sample on, and clear all filters."""
        self.playing, self._level = False, 0.0
        config = self.config
        self._dc = HighPass(config.dc_cutoff_hz, config.sample_rate, config.hop)
        self._widener, self._limiter = Widener(config), Limiter(config)

    @property
    def silent(self) -> bool:
        """Whether it is stopped and faded out, so that its input is inaudible."""
        return not self.playing and self._level <= 0.0

    @property
    def hops_until_silent(self) -> int:
        """Hops that the fade-out still takes, 0 if nothing sounds.

        Meaningful only while not `playing`.
        """
        return math.ceil(self._level / (self._step * self.config.hop))

    def _fade(self) -> Samples | float:
        """Return the play fade per sample [hop]; one number if it is complete."""
        if self.playing and self._level >= 1.0:
            return 1.0
        step = self._step if self.playing else -self._step
        level = np.clip(self._level + step * self._count, 0.0, 1.0)
        self._level = float(level[-1])
        curve: Samples = level * level * (3.0 - 2.0 * level)
        return curve

    def process(self, mono: Samples, gain: float, width: float) -> Float32Array:
        """Process one hop: mono [hop] -> stereo [2, hop] float32, below the limiter's ceiling.

        `gain` is linear, `width` 0 to 1; both are reached at the end of the hop.
        """
        x = self._dc.process(mono.astype(np.float64)) * self._gain.process(gain) * self._fade()
        return self._limiter.process(self._widener.process(x, self._width.process(width))).astype(np.float32)

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
