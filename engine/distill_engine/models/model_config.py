"""What a latent model is made of. Imports no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from distill_engine.errors import ConfigError

MINIMUM_LATENT_DIM, MAXIMUM_LATENT_DIM = 8, 64


@dataclass(frozen=True)
class ModelConfig:
    """A causal latent model over mel frames. `family` names the bottleneck; `reduction` is mel frames per latent.

    Sizes: `channels` of the encoder and decoder, `hidden` the width inside a block, `blocks` of each.
    """

    family: str = "vae"
    bands: int = 128
    latent_dim: int = 16
    reduction: int = 4
    encoder_channels: int = 192
    encoder_blocks: int = 4
    decoder_channels: int = 256
    decoder_blocks: int = 6
    expansion: int = 3
    kernel: int = 5

    def __post_init__(self) -> None:
        if not MINIMUM_LATENT_DIM <= self.latent_dim <= MAXIMUM_LATENT_DIM:
            raise ConfigError(
                f"latent_dim {self.latent_dim} is out of range: {MINIMUM_LATENT_DIM} to {MAXIMUM_LATENT_DIM}"
            )
        sizes = (self.bands, self.reduction, self.encoder_channels, self.encoder_blocks)
        if min(*sizes, self.decoder_channels, self.decoder_blocks, self.expansion, self.kernel) < 1:
            raise ConfigError("model config: every size must be at least 1")

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values under the field names."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`. Unknown names raise ConfigError."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"model config: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**values)
