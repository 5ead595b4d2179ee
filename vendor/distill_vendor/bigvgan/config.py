"""The config of a BigVGAN-v2 generator. Imports no framework."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

UPSTREAM_NAMES = {
    "bands": "num_mels",
    "upsample_kernels": "upsample_kernel_sizes",
    "initial_channels": "upsample_initial_channel",
    "resblock_kernels": "resblock_kernel_sizes",
    "resblock_dilations": "resblock_dilation_sizes",
    "log_scale": "snake_logscale",
    "bias_at_final": "use_bias_at_final",
    "tanh_at_final": "use_tanh_at_final",
    "sample_rate": "sampling_rate",
    "window": "win_size",
    "f_min": "fmin",
    "f_max": "fmax",
}
ACTIVATION_DELAY = 5  # rows on each side of its output that an anti-aliased activation sees


@dataclass(frozen=True)
class BigVGANConfig:
    """One published variant (arXiv 2206.04658). Defaults: 44.1 kHz, 128 bands, hop 512.

    `resblock` 1 has two convolutions per dilation, 2 has one. `activation` is "snakebeta" or
    "snake". The last six fields define the mel that the weights were trained on (`f_max` None: half
    the sample rate). `UPSTREAM_NAMES` maps the fields to the names in upstream's config.json.
    Raises ValueError for impossible values.
    """

    kind: ClassVar[str] = "bigvgan"

    bands: int = 128
    upsample_rates: tuple[int, ...] = (8, 4, 2, 2, 2, 2)
    upsample_kernels: tuple[int, ...] = (16, 8, 4, 4, 4, 4)
    initial_channels: int = 1536
    resblock: int = 1
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    activation: str = "snakebeta"
    log_scale: bool = True
    bias_at_final: bool = False
    tanh_at_final: bool = False
    sample_rate: int = 44100
    n_fft: int = 2048
    window: int = 2048
    f_min: float = 0.0
    f_max: float | None = None

    def __post_init__(self) -> None:
        if len(self.upsample_rates) != len(self.upsample_kernels) or not self.upsample_rates:
            raise ValueError("bigvgan: upsample_rates and upsample_kernels must be equally many, at least one")
        if any(k < r or (k - r) % 2 for r, k in zip(self.upsample_rates, self.upsample_kernels, strict=True)):
            raise ValueError("bigvgan: each upsample kernel minus its rate must be even and not negative")
        if len(self.resblock_kernels) != len(self.resblock_dilations) or not self.resblock_kernels:
            raise ValueError("bigvgan: one list of dilations per resblock kernel, at least one kernel")
        if any(k % 2 == 0 for k in self.resblock_kernels):
            raise ValueError("bigvgan: resblock kernels must be odd")
        if self.resblock not in (1, 2) or self.activation not in ("snake", "snakebeta"):
            raise ValueError("bigvgan: resblock is 1 or 2, activation is 'snake' or 'snakebeta'")
        if self.initial_channels % 2 ** len(self.upsample_rates) or min(self.bands, *self.upsample_rates) < 1:
            raise ValueError(f"bigvgan: initial_channels {self.initial_channels} cannot be halved at each upsampling")

    @classmethod
    def from_upstream(cls, values: Mapping[str, Any]) -> BigVGANConfig:
        """Read the generator's part of an upstream config.json. Raises ValueError."""
        names = {field.name: UPSTREAM_NAMES.get(field.name, field.name) for field in fields(cls)}
        found = {ours: _tuples(values[theirs]) for ours, theirs in names.items() if theirs in values}
        found["resblock"] = int(found.get("resblock", 1))
        found.setdefault("bias_at_final", True)  # upstream's defaults for older weights
        found.setdefault("tanh_at_final", True)
        config = cls(**found)
        if config.hop != values.get("hop_size", config.hop):
            raise ValueError(
                f"bigvgan: hop_size {values['hop_size']} is not the product of upsample_rates, {config.hop}"
            )
        return config

    def to_upstream(self) -> dict[str, Any]:
        """Return the fields under upstream's names."""
        values = {UPSTREAM_NAMES.get(name, name): value for name, value in self.to_dict().items()}
        return {**values, "resblock": str(self.resblock), "hop_size": self.hop}

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BigVGANConfig:
        """Make a config of the fields. Raises ValueError for unknown names."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"bigvgan config: unknown {', '.join(unknown)}")
        return cls(**{name: _tuples(value) for name, value in values.items()})

    @property
    def hop(self) -> int:
        """Samples per mel frame."""
        return math.prod(self.upsample_rates)

    @property
    def delay(self) -> int:
        """Samples by which a stream is late: the look-ahead of all layers."""
        total = 3
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernels, strict=True):
            total = total * rate + (kernel - rate) // 2 + max(self.block_delays)
        return total + ACTIVATION_DELAY + 3

    @property
    def block_delays(self) -> tuple[int, ...]:
        """Delay of each residual block of a stage, in rows of that stage."""
        return tuple(
            sum(
                (kernel - 1) // 2 * (d + (self.resblock == 1)) + ACTIVATION_DELAY * (2 if self.resblock == 1 else 1)
                for d in dilations
            )
            for kernel, dilations in zip(self.resblock_kernels, self.resblock_dilations, strict=True)
        )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
