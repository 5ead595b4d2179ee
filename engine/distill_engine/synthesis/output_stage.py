"""From the sound of slots and notes to the channels: gain, play fade, space, limiter; a DC blocker.

It works in ticks of 128 samples, a quarter of a hop, just before the ring: gain, width and places
need not wait for a hop. Its state is float64 and every tick is computed by itself, so the result is
bit-identical however many ticks are processed at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.filters import FilterState, HighPass
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import ConfigError
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.space.layout import NOTES, Layout
from distill_engine.synthesis.space.space import Space, SpaceState
from distill_engine.synthesis.space.widener import WidenerState
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

    def __post_init__(self) -> None:
        if not 0.0 < self.limiter_threshold < self.limiter_ceiling <= 1.0:
            raise ConfigError(
                f"limiter needs 0 < threshold < ceiling <= 1, not {self.limiter_threshold} and {self.limiter_ceiling}"
            )
        if self.tick < 1 or self.fade_seconds <= 0 or self.limiter_release_seconds <= 0:
            raise ConfigError("tick, fade and release must be positive")


@dataclass(frozen=True)
class OutputState:
    """The state of an `OutputStage`.

    `level` is the position of the play fade, 0 to 1. `gain` and `width` are the last values of
    their ramps, None before the first tick. `dc` is the state of slot 0's blocker, `others` are
    those of the slots after it.
    """

    playing: bool
    level: float
    dc: FilterState
    gain: float | None
    width: float | None
    widener: WidenerState
    limiter_peak: float
    others: tuple[FilterState, ...] = ()
    space: SpaceState | None = None


class Limiter:
    """Soft limiter without look-ahead: a peak follower with instant attack and exponential release.

    Below the threshold t nothing changes. Above it a peak e becomes t + (c - t) tanh((e - t) / (c -
    t)), which never reaches the ceiling c. All channels share one gain, so the image stays.
    """

    def __init__(self, config: OutputConfig) -> None:
        r = math.exp(-1.0 / (config.limiter_release_seconds * config.sample_rate))
        steps = np.arange(1, config.tick + 1).astype(np.float64)
        self._fall, self._rise = r**steps, r**-steps
        self._last_fall = float(self._fall[-1])
        self._threshold, self._ceiling = config.limiter_threshold, config.limiter_ceiling
        self._peak = 0.0

    def process(self, x: Samples) -> Samples:
        """Limit whole ticks: [C, n] -> [C, n], all samples below the ceiling."""
        level = np.abs(x).max(axis=0)
        ticks = level.reshape(-1, len(self._rise))
        raised = ticks * self._rise
        before = []  # the peak before each tick
        for end, last in zip(raised.max(axis=1).tolist(), ticks[:, -1].tolist(), strict=True):
            before.append(self._peak)
            self._peak = max(max(end, self._peak) * self._last_fall, last)
        if before[0] <= self._threshold and level.max() <= self._threshold:
            return x
        highest = np.maximum.accumulate(raised, axis=1)
        peaks = np.maximum(highest, np.array(before)[:, None]) * self._fall
        peak = np.maximum(peaks, ticks).ravel()  # rounding must not put a sample above its own peak
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


class OutputStage:
    """The output stage of one synth. `process` takes ticks of sound with what holds in them."""

    def __init__(self, config: OutputConfig | None = None, layout: Layout | None = None) -> None:
        self.config = config = config or OutputConfig()
        self.playing = True
        self._level = 0.0  # of the play fade, 0 to 1
        self._step = 1.0 / max(1.0, config.fade_seconds * config.sample_rate)
        self._count = np.arange(1, config.tick + 1)
        self._gain, self.space = Ramp(config.tick), Space(config.tick, layout)
        self._clear()

    def _clear(self) -> None:
        config = self.config
        self._dc = [HighPass(config.dc_cutoff_hz, config.sample_rate, config.tick) for _ in range(NOTES)]
        self._limiter = Limiter(config)
        self.space.clear()

    @property
    def channels(self) -> int:
        """The number of channels that are put out."""
        return self.space.layout.channels

    def panic(self) -> None:
        """Be silent from the next sample on, and clear all filters."""
        self.playing, self._level = False, 0.0
        self._clear()

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

    def without_dc(self, objects: Samples) -> Samples:
        """Remove DC from whole ticks of the slots: [k, n] -> [k or more, n].

        For sound as it is computed, before `process`. Notes stay as they are. A slot rings
        on after its last voice.
        """
        ringing = 1 + max((slot for slot, dc in enumerate(self._dc) if dc.sounds), default=0)
        out = np.zeros((max(len(objects), ringing), objects.shape[1]))
        out[: len(objects)] = objects
        for dc, slot in zip(self._dc[: len(out)], out, strict=False):
            if dc.sounds or slot.any():
                slot[:] = dc.process(slot)
        return out

    def process(self, objects: Samples, gains: Samples, widths: Samples, places: Samples) -> Float32Array:
        """Process n ticks of objects [k, n * tick] -> channels [C, n * tick], below the ceiling.

        `gains` [n] are linear, `widths` [n] 0 to 1, `places` [n, PLACE_VALUES] the parameters of
        the space; each is reached at the end of its tick.
        """
        fade = self._fade(len(gains))
        x = self.space.process(objects * self._gain.process(gains) * fade, widths, places, fade)
        return self._limiter.process(x).astype(np.float32)

    def state(self) -> OutputState:
        """Return the state."""
        return OutputState(
            playing=self.playing,
            level=self._level,
            dc=self._dc[0].state(),
            gain=self._gain.state(),
            width=self.space.width.state(),
            widener=self.space.wideners[0].state(),
            limiter_peak=self._limiter.state(),
            others=tuple(dc.state() for dc in self._dc[1:]),
            space=self.space.state(),
        )

    def restore(self, state: OutputState) -> None:
        """Continue from a `state`. Raises ControlError, ValueError for one that does not fit."""
        self._clear()
        self.playing, self._level = state.playing, state.level
        if state.space is not None:
            self.space.restore(state.space)
        for dc, its_state in zip(self._dc, (state.dc, *state.others), strict=False):
            dc.restore(its_state)
        self._gain.restore(state.gain)
        self.space.width.restore(state.width)
        self._limiter.restore(state.limiter_peak)
        self.space.wideners[0].restore(state.widener)

    def restore_gain(self, gain: float | None) -> None:
        """Continue with `gain`, linear, as the last value of its ramp."""
        self._gain.restore(gain)
