"""The time from a message to the loudspeaker, part by part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """The parts of the latency, in seconds.

    `hop` and `tick` are the steps in which the model and the output stage take changes: a change
    waits for up to one step. `vocoder` is the delay of the vocoder, `ring` the sound kept ready
    when a hop is begun, `period` what the device takes at once, `resampler` and `device` their
    delays.
    """

    hop: float
    tick: float
    vocoder: float
    ring: float
    period: float
    resampler: float
    device: float

    @property
    def control(self) -> float:
        """The longest time for what acts on the model: source, controls, notes."""
        return self.hop + self.vocoder + self.ring + self.resampler + self.device

    @property
    def gain(self) -> float:
        """The longest time for what acts in the output stage: gain, width, gate, play, stop."""
        return self.tick + self.ring + self.resampler + self.device

    @property
    def control_jitter(self) -> float:
        """How much `control` varies: with the moment within a hop and within a period."""
        return self.hop + self.period

    @property
    def gain_jitter(self) -> float:
        """How much `gain` varies: with the moment within a tick and within a period."""
        return self.tick + self.period

    def figures(self) -> dict[str, float]:
        """Return the figures in ms, by their names in the `Status`."""
        seconds = {
            "latency_ms": self.control,
            "latency_gain_ms": self.gain,
            "latency_jitter_ms": self.control_jitter,
            "latency_gain_jitter_ms": self.gain_jitter,
            "latency_vocoder_ms": self.vocoder,
            "latency_ring_ms": self.ring,
            "latency_device_ms": self.device + self.resampler,
        }
        return {name: value * 1e3 for name, value in seconds.items()}
