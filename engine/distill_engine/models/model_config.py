"""Configuration of a latent model. Imports no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from distill_engine.errors import ConfigError

MINIMUM_LATENT_DIM = 8  # dimensions
MAXIMUM_LATENT_DIMS = {1: 64, 2: 128}  # dimensions, by version
FAMILIES = ("vae", "rvq")
SKELETON_LATENT_DIM = 128  # dimensions of a new model: as many as a mel has bands


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of a causal latent model over mel frames.

    Version 1 is a network alone. Version 2 is a skeleton of principal components (see
    `analysis.stretches.skeleton`) with a decoder network that corrects it, if `corrected`. It has
    a latent per frame and no encoder network. With as many components as bands it leaves nothing
    out and needs no correction.

    Attributes:
        family: "vae", or "rvq": version 2 with codebooks that are trained with it.
        bands: mel bands of a frame.
        latent_dim: dimensions D of a latent, 8 to 64; version 2 up to 128.
        reduction: mel frames per latent.
        encoder_channels: channels of the encoder's blocks.
        encoder_blocks: ConvNeXt blocks of the encoder; half of them run at the mel rate, the others
            at the latent rate, at least one at each.
        decoder_channels: channels of the decoder's blocks.
        decoder_blocks: ConvNeXt blocks of the decoder, all at the mel rate.
        expansion: width inside a block, in multiples of its channels.
        kernel: frames that a convolution at the mel rate spans.
        version: 1 or 2.
        corrected: whether a model of version 2 has its correction.

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
    version: int = 1
    corrected: bool = False

    def __post_init__(self) -> None:
        if self.version not in MAXIMUM_LATENT_DIMS:
            raise ConfigError(f"model version {self.version} is unknown: made by a newer Distill")
        if self.family not in FAMILIES:
            raise ConfigError(f"family {self.family!r} is unknown; known: {', '.join(FAMILIES)}")
        if self.family == "rvq" and self.version == 1:
            raise ConfigError("family 'rvq' needs a model of version 2")
        most = MAXIMUM_LATENT_DIMS[self.version]
        if not MINIMUM_LATENT_DIM <= self.latent_dim <= most:
            raise ConfigError(f"latent_dim {self.latent_dim} is out of range: {MINIMUM_LATENT_DIM} to {most}")
        if self.version == 2 and (self.reduction != 1 or self.latent_dim > self.bands):
            raise ConfigError("a model of version 2 has one latent per frame, and at most as many numbers as bands")
        sizes = (self.bands, self.reduction, self.encoder_channels, self.encoder_blocks)
        if min(*sizes, self.decoder_channels, self.decoder_blocks, self.expansion, self.kernel) < 1:
            raise ConfigError("model config: every size must be at least 1")

    @property
    def complete(self) -> bool:
        """Whether the skeleton has all components, so that a correction has nothing to add."""
        return self.version == 2 and self.latent_dim == self.bands

    @property
    def closed_form(self) -> bool:
        """Whether nothing is trained: a skeleton of all components, and no codebooks."""
        return self.family == "vae" and self.complete

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


def skeleton_config(
    latent_dim: int = SKELETON_LATENT_DIM, *, corrected: bool = False, family: str = "vae"
) -> ModelConfig:
    """Return the config of a new model: a skeleton, and the correction's sizes."""
    return ModelConfig(
        family=family,
        latent_dim=latent_dim,
        reduction=1,
        decoder_channels=192,
        decoder_blocks=4,
        version=2,
        corrected=corrected,
    )
