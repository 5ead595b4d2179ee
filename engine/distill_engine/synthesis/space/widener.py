"""The decorrelated side signal that width adds to a mono signal."""

from __future__ import annotations

from dataclasses import dataclass

from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.filters import AllPasses, FilterState, HighPass
from distill_engine.audio.mel_config import DEFAULT_MEL

Samples = Float64Array


@dataclass(frozen=True)
class WidenerConfig:
    """Delays in samples and gain of the all-passes, and the high-pass's cut-off in Hz."""

    delays: tuple[int, ...] = (67, 149, 211, 331)
    gain: float = 0.55
    cutoff_hz: float = 120.0
    sample_rate: int = DEFAULT_MEL.sample_rate


@dataclass(frozen=True)
class WidenerState:
    """The states of a `Widener`'s high-pass and of its all-passes, each [delay]."""

    high: FilterState
    all_passes: tuple[Samples, ...]


class Widener:
    """The mono signal through a high-pass and all-passes: its spectrum with other phases.

    The high-pass keeps the bass in the middle.
    """

    def __init__(self, tick: int, config: WidenerConfig | None = None) -> None:
        config = config or WidenerConfig()
        self._passes = AllPasses(config.delays, config.gain)
        self._high = HighPass(config.cutoff_hz, config.sample_rate, tick)

    def process(self, mono: Samples) -> Samples:
        """Return the side signal of whole ticks: [n] -> [n]."""
        return self._passes.process(self._high.process(mono))

    def state(self) -> WidenerState:
        """Return the state."""
        return WidenerState(self._high.state(), self._passes.state())

    def restore(self, state: WidenerState) -> None:
        """Continue from a `state`. Raises ValueError if its all-passes have other delays."""
        self._high.restore(state.high)
        self._passes.restore(state.all_passes)
