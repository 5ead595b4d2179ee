"""From the mono sum of the vocoders to stereo: DC blocker, gain, play fade, width, limiter.

Each stage works on one hop at a time and keeps its state in float64, so the result is bit-identical
however many hops are rendered at once. Recursive filters are computed in closed form over a hop
(r^n times a running sum), not sample by sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
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
class FilterState:
    """The last input sample `x` and output sample `y` of a `HighPass`."""

    x: float = 0.0
    y: float = 0.0


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
        steps = np.diff(x, prepend=self._x)
        y: Samples = self._rise * (np.cumsum(steps * self._fall) + self._y)
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
        self._memory = np.zeros(delay)  # x[n-M] + g y[n-M], oldest first

    def process(self, x: Samples) -> Samples:
        """Filter samples of any number: [n] -> [n]."""
        y = np.empty_like(x)
        for start in range(0, len(x), self._delay):
            part = x[start : start + self._delay]
            out = self._memory[: len(part)] - self._gain * part
            self._memory = np.concatenate([self._memory[len(part) :], part + self._gain * out])
            y[start : start + len(part)] = out
        return y

    def state(self) -> Samples:
        """Return the state [delay]."""
        return self._memory.copy()

    def restore(self, state: Samples) -> None:
        """Continue from a `state` [delay]. Raises ValueError for another length."""
        if state.shape != self._memory.shape:
            raise ValueError(f"an all-pass of {len(self._memory)} samples has no state of the shape {state.shape}")
        self._memory = state.astype(np.float64)


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
        scale = 1.0 / np.sqrt(1.0 + width * width)
        return np.stack([(mono + side) * scale, (mono - side) * scale])

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
        level = np.abs(x).max(axis=0)
        peak = np.maximum(np.maximum.accumulate(level * self._rise), self._peak) * self._fall
        peak = np.maximum(peak, level)  # rounding must not put a sample above its own peak
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

    def process(self, value: float) -> Samples:
        """Return the values [hop] of the line that ends at `value`."""
        last = value if self._last is None else self._last
        self._last = value
        line: Samples = last + (value - last) * self._line
        return line

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

    def _fade(self) -> Samples:
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
