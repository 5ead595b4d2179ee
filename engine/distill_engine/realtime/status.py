"""Figures of a playing engine: what `/distill/status`, the live view and `--json` show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

NO_DEVICE, PLAYING, STOPPED = 0.0, 1.0, 2.0


@dataclass(frozen=True)
class Status:
    """One moment of the engine. All figures are numbers, so that they cross the shared memory as they are.

    Times in milliseconds unless named otherwise, levels in dB of full scale, counts since the start of the engine.
    `latency_ms` is from a control to the loudspeaker: one block, the vocoder's delay, the ring's target fill and the device.
    `hop_*_ms` are the time one hop of synthesis takes (p50, p99 and maximum of the last 1,000 blocks, divided by block).
    `underruns` is the sum of the three causes. `load` is hop time over hop length (1 is the limit). `strain` says how far the
    controls push out of the learned region: 0 inside, above 0 the warning zone, 1 the limit. `blend_space` is an index into the
    vocabulary's `BLEND_SPACES`.
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

    def figures(self) -> list[float]:
        """All fields in order, as they go into the shared memory."""
        return [float(getattr(self, field.name)) for field in fields(self)]

    @classmethod
    def from_figures(cls, figures: Sequence[float]) -> Status:
        """Inverse of `figures`."""
        return cls(**dict(zip(STATUS_FIELDS, figures, strict=True)))

    def as_dict(self) -> dict[str, float]:
        """By name, for JSON."""
        return asdict(self)


STATUS_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Status))
"""Names of the figures in the order of the shared memory."""
