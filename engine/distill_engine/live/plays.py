"""What the performer needs of a synth."""

from __future__ import annotations

from typing import Protocol

from distill_engine.audio.arrays import Float32Array
from distill_engine.synthesis.voices.reports import Report


class Loop(Protocol):
    """The part of a synth that computes hops and puts out their ticks of `tick` samples."""

    tick: int

    @property
    def ticks_waiting(self) -> int:
        """The number of ticks that are computed and not put out."""

    def compute(self, hops: int, samples: Float32Array | None = None) -> int:
        """Compute at most `hops` hops from live input `samples` [hops * hop]; return the number."""

    def put_out(self, ticks: int) -> Float32Array:
        """Return at most `ticks` of the ticks that wait: [channels, n * tick]."""


class Keys(Protocol):
    """The notes of a synth."""

    @property
    def cost(self) -> float:
        """The hops of the vocoder that notes take in the next hop, at least 1."""


class Plays(Protocol):
    """The part of a synth that the performer uses."""

    hop: int
    sample_rate: int
    alignment_samples: int
    channels: int

    @property
    def loop(self) -> Loop:
        """Its hops and ticks."""

    @property
    def keys(self) -> Keys:
        """Its notes."""

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> None:
        """Set a parameter, over `glide_seconds` if it glides."""

    def panic(self) -> None:
        """Be silent from the next sample on."""

    def stop(self) -> None:
        """Fade out."""

    def take_reports(self) -> list[Report]:
        """Return what went wrong since the last call."""
