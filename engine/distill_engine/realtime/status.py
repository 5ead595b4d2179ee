"""Figures of a playing engine, for `/distill/status`, the live view and `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Status:
    """The engine at one moment. All figures are numbers, as the shared memory holds them.

    Levels are dB of full scale, counts begin at the start of the engine, fills are frames at the
    device's rate.

    Attributes:
        ring_fill: sound that waits to be played, in the ring and computed ahead of it.
        latency_ms: from a control to the loudspeaker, at most: a block, vocoder, target fill,
            resampler, device. `latency_gain_ms` is that of gain, width, gate, play and stop.
        latency_jitter_ms, latency_gain_jitter_ms: how much of each varies; the rest is constant.
        latency_vocoder_ms, latency_ring_ms, latency_device_ms: the constant parts: look-ahead and
            window of the vocoder, sound kept ready, device with resampler. `latency_input_ms` comes
            before a control's for a live input that plays, else it is 0.
        hop_p50_ms, hop_p99_ms, hop_max_ms: computing time of a hop over the last 1,000 blocks.
        load: computing time of a hop divided by its length; 1 is the limit.
        underruns: sum of the three causes.
        strain: how far the controls push out of the learned region: 0 inside, 1 at the limit.
        following: 0 does not follow the model file, 1 follows, 2 waits with it for a take to end.
        input_db: highest level of the live input, before its gain.
        prior_moved: how often the prior moved on by itself, as one code had lasted for too long; 0
            without a prior, and from 0 again with another model.
        place_x, place_y: where on the map of the corpus the sound is, -1 to 1.
        blend_space: index into the vocabulary's `BLEND_SPACES`.
    """

    uptime_seconds: float = 0.0
    playing: float = 0.0
    device_connected: float = 0.0
    device_rate_hz: float = 0.0
    device_period: float = 0.0
    device_losses: float = 0.0
    block_hops: float = 1.0
    hops: float = 0.0
    hop_p50_ms: float = 0.0
    hop_p99_ms: float = 0.0
    hop_max_ms: float = 0.0
    load: float = 0.0
    deadline_misses: float = 0.0
    ring_fill: float = 0.0
    ring_target: float = 0.0
    latency_ms: float = 0.0
    latency_gain_ms: float = 0.0
    latency_jitter_ms: float = 0.0
    latency_gain_jitter_ms: float = 0.0
    latency_vocoder_ms: float = 0.0
    latency_ring_ms: float = 0.0
    latency_device_ms: float = 0.0
    latency_input_ms: float = 0.0
    underruns: float = 0.0
    underruns_model: float = 0.0
    underruns_stall: float = 0.0
    underruns_device: float = 0.0
    device_xruns: float = 0.0
    muted_hops: float = 0.0
    peak_db: float = -120.0
    rms_db: float = -120.0
    strain: float = 0.0
    cpu_percent: float = 0.0
    memory_mb: float = 0.0
    blend_space: float = 0.0
    control_restarts: float = 0.0
    swaps: float = 0.0
    recording: float = 0.0
    parameter_changes: float = 0.0
    following: float = 0.0
    prior_moved: float = 0.0
    place_x: float = 0.0
    place_y: float = 0.0
    input_db: float = -120.0

    def figures(self) -> list[float]:
        """Return all fields in the order of the shared memory."""
        return [float(getattr(self, field.name)) for field in fields(self)]

    @classmethod
    def from_figures(cls, figures: Sequence[float]) -> Status:
        """Make a status of `figures`."""
        return cls(**dict(zip(STATUS_FIELDS, figures, strict=True)))

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name, for JSON."""
        return asdict(self)


STATUS_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Status))
"""Names of the figures in the order of the shared memory."""
