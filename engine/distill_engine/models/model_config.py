"""Configuration of a latent model. Imports no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from distill_engine.errors import ConfigError

MINIMUM_LATENT_DIM, MAXIMUM_LATENT_DIM = 8, 64  # dimensions


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of a causal latent model over mel frames.

    Attributes:
        family: name of the bottleneck.
        bands: mel bands of a frame.
        latent_dim: dimensions D of a latent, 8 to 64.
        reduction: mel frames per latent.
        encoder_channels: channels of the encoder's blocks.
        encoder_blocks: ConvNeXt blocks of the encoder; half of them run at the mel rate, the others
            at the latent rate, at least one at each.
        decoder_channels: channels of the decoder's blocks.
        decoder_blocks: ConvNeXt blocks of the decoder, all at the mel rate.
        expansion: width inside a block, in multiples of its channels.
        kernel: frames that a convolution at the mel rate spans.

    Raises ConfigError for a size that is out of range.
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
        """Return JSON-compatible values under the field names."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the config of `to_dict`'s values. Raises ConfigError for unknown names."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"model config: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**values)
