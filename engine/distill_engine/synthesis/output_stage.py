"""What happens between the vocoders' mono sum and the stereo output: DC block, gain, play fade, width, limiter.

Each stage works on one hop at a time with its state in float64, so the result is bit for bit the same however many hops are
rendered at once. Recursive filters are computed in closed form over a hop (r^n times a running sum), not sample by sample.
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
    """Settings of the output stage. Times in seconds, levels in full scale, frequencies in Hz."""

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
    """The last sample into and out of a `HighPass`."""

    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class WidenerState:
    """The states of a `Widener`'s high-pass and of its all-passes, each [delay]."""

    high: FilterState
    all_passes: tuple[Samples, ...]


@dataclass(frozen=True)
class OutputState:
    """The state of an `OutputStage`; `level` is that of the play fade (0 to 1), `gain` and `width` None before the first hop."""

    playing: bool
    level: float
    dc: FilterState
    gain: float | None
    width: float | None
    widener: WidenerState
    limiter_peak: float


class HighPass:
    """y[n] = x[n] - x[n-1] + r y[n-1]: a first-order high-pass that takes DC away. r = exp(-2 pi cutoff / rate)."""

    def __init__(self, cutoff_hz: float, sample_rate: int, hop: int) -> None:
        r = math.exp(-2.0 * math.pi * cutoff_hz / sample_rate)
        steps = np.arange(1, hop + 1)
        self._rise, self._fall = r**steps, r ** (-steps.astype(np.float64))
        self._x = self._y = 0.0

    def process(self, x: Samples) -> Samples:
        """One hop [hop] -> [hop]."""
        steps = np.diff(x, prepend=self._x)
        y: Samples = self._rise * (np.cumsum(steps * self._fall) + self._y)
        self._x, self._y = float(x[-1]), float(y[-1])
        return y

    def state(self) -> FilterState:
        """Return the state."""
        return FilterState(self._x, self._y)

    def restore(self, state: FilterState) -> None:
        """Go on from a `state`."""
        self._x, self._y = state.x, state.y


class AllPass:
    """Schroeder's all-pass y[n] = -g x[n] + x[n-M] + g y[n-M] ("Natural Sounding Artificial Reverberation", 1962)."""

    def __init__(self, delay: int, gain: float) -> None:
        self._delay, self._gain = delay, gain
        self._memory = np.zeros(delay)  # x[n-M] + g y[n-M], oldest first

    def process(self, x: Samples) -> Samples:
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
        """Go on from a `state` [delay]. Raises ValueError for one of another length."""
        if state.shape != self._memory.shape:
            raise ValueError(f"an all-pass of {len(self._memory)} samples has no state of the shape {state.shape}")
        self._memory = state.astype(np.float64)


class Widener:
    """Mono to stereo: left = (m + w s) / n, right = (m - w s) / n with s the mono signal through all-passes and a high-pass.

    The side signal has the mono signal's spectrum and another phase, so width 1 is decorrelated, the sum of both channels is
    always the mono signal times 2 / n, and the bass stays in the middle. n = sqrt(1 + w^2) keeps the power. Width 0 is mono, exactly.
    """

    def __init__(self, config: OutputConfig) -> None:
        self._passes = [AllPass(delay, config.decorrelation_gain) for delay in config.decorrelation_delays]
        self._high = HighPass(config.side_cutoff_hz, config.sample_rate, config.hop)

    def process(self, mono: Samples, width: Samples) -> Samples:
        """One hop of mono [hop] and the width at each sample [hop] -> [2, hop]."""
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
        """Go on from a `state`. Raises ValueError for one of other delays."""
        self._high.restore(state.high)
        for all_pass, memory in zip(self._passes, state.all_passes, strict=True):
            all_pass.restore(memory)


class Limiter:
    """A soft limiter without look-ahead: a peak follower with instant attack and exponential release sets the gain.

    Below the threshold nothing changes; above, the peak e becomes t + (c - t) tanh((e - t) / (c - t)), which never reaches the
    ceiling c. Both channels share one gain, so the image stays.
    """

    def __init__(self, config: OutputConfig) -> None:
        r = math.exp(-1.0 / (config.limiter_release_seconds * config.sample_rate))
        steps = np.arange(1, config.hop + 1).astype(np.float64)
        self._fall, self._rise = r**steps, r**-steps
        self._threshold, self._ceiling = config.limiter_threshold, config.limiter_ceiling
        self._peak = 0.0

    def process(self, x: Samples) -> Samples:
        """One hop [2, hop] -> [2, hop], every sample below the ceiling."""
        level = np.abs(x).max(axis=0)
        peak = np.maximum(np.maximum.accumulate(level * self._rise), self._peak) * self._fall
        peak = np.maximum(peak, level)  # rounding must not let a sample over its own peak
        self._peak = float(peak[-1])
        if peak.max() <= self._threshold:
            return x
        t, span = self._threshold, self._ceiling - self._threshold
        over = np.maximum(peak - t, 0.0)
        limited = np.where(over > 0.0, t + span * np.tanh(over / span), peak)
        out: Samples = x * np.where(over > 0.0, limited / np.maximum(peak, 1e-12), 1.0)
        return out

    def state(self) -> float:
        """Return the peak that the follower stands at."""
        return self._peak

    def restore(self, state: float) -> None:
        """Go on from a `state`."""
        self._peak = state


class Ramp:
    """A value per hop made a value per sample: a straight line from the last one."""

    def __init__(self, hop: int) -> None:
        self._line = np.arange(1, hop + 1) / hop
        self._last: float | None = None

    def process(self, value: float) -> Samples:
        last = value if self._last is None else self._last
        self._last = value
        line: Samples = last + (value - last) * self._line
        return line

    def state(self) -> float | None:
        """Return the last value, None before the first."""
        return self._last

    def restore(self, state: float | None) -> None:
        """Go on from a `state`."""
        self._last = state


class OutputStage:
    """The whole output stage of one synth. `process` takes a hop of mono and the hop's gain and width."""

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
        """Silence from the next sample on; filters forget what they heard."""
        self.playing, self._level = False, 0.0
        config = self.config
        self._dc = HighPass(config.dc_cutoff_hz, config.sample_rate, config.hop)
        self._widener, self._limiter = Widener(config), Limiter(config)

    @property
    def silent(self) -> bool:
        """Whether it is stopped and faded out: nothing that comes in can be heard."""
        return not self.playing and self._level <= 0.0

    @property
    def hops_until_silent(self) -> int:
        """Hops the fade-out still takes; 0 if nothing sounds. Only of use when not `playing`."""
        return math.ceil(self._level / (self._step * self.config.hop))

    def _fade(self) -> Samples:
        step = self._step if self.playing else -self._step
        level = np.clip(self._level + step * self._count, 0.0, 1.0)
        self._level = float(level[-1])
        curve: Samples = level * level * (3.0 - 2.0 * level)
        return curve

    def process(self, mono: Samples, gain: float, width: float) -> Float32Array:
        """Mono [hop] -> stereo [2, hop] float32 within the limiter's ceiling. `gain` is linear, `width` 0 to 1."""
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
        """Go on from a `state`. Raises ValueError for one of another configuration."""
        self.playing, self._level = state.playing, state.level
        self._dc.restore(state.dc)
        self._gain.restore(state.gain)
        self._width.restore(state.width)
        self._limiter.restore(state.limiter_peak)
        self._widener.restore(state.widener)
