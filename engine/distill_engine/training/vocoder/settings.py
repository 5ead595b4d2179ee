"""How a vocoder is trained. Frozen, checked, JSON in and out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from distill_engine.errors import ConfigError

if TYPE_CHECKING:
    import torch

WIDTHS = ((3000.0, 1.0), (800.0, 0.5), (300.0, 0.25), (0.0, 0.125))
"""Least GMAC/s for each width of the discriminators: their work grows with its square, and two cores (100) bear an eighth. Where several
processes train together nothing is measured, so that all choose alike: the papers' width on a GPU, an eighth on CPUs."""


@dataclass(frozen=True)
class VocoderSettings:
    """Loss weights are HiFi-GAN's (arXiv 2010.05646, section 3.3) but for `stft_weight`, the optional multi-resolution term, and
    `own_weight`, that of what a kind adds (`vocos`: its spectra before the synthesis).

    `segment_frames` mel frames per clip in a batch: well above the receptive field (55 frames for `vocos`, 25 for `hifigan`), or the
    network learns contexts that it never has in a long sound (held-out error 0.37 nat after 32-frame segments, 0.25 after 128-frame ones).
    `spectral_fraction` of the training goes before the adversarial stage. `width` scales the discriminators, whose multi-scale ones
    begin at the rate / 2 ** `first_scale`; they hear a random stretch of `discriminator_frames` of each segment (0: all of it).
    `decoded_share` of the clips is heard through the latent model instead of as true mel. `throughput` is what the width was chosen by, in
    GMAC/s (0: not measured).
    """

    kind: str = "vocos"
    batch_size: int = 4
    segment_frames: int = 96
    learning_rate: float = 4e-4
    discriminator_rate: float = 2e-4
    spectral_fraction: float = 0.4
    width: float = 0.125
    first_scale: int = 1
    discriminator_frames: int = 16
    mel_weight: float = 45.0
    feature_weight: float = 2.0
    stft_weight: float = 5.0
    own_weight: float = 5.0
    ema_decay: float = 0.999
    decoded_share: float = 0.5
    augment: bool = True
    seed: int = 0
    throughput: float = 0.0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.segment_frames < 4:
            raise ConfigError("vocoder training: batch size from 1, segments from 4 frames")
        if not 0 <= self.spectral_fraction <= 1 or not 0 <= self.decoded_share <= 1:
            raise ConfigError("vocoder training: spectral_fraction and decoded_share lie between 0 and 1")
        if self.width <= 0 or min(self.learning_rate, self.discriminator_rate) <= 0:
            raise ConfigError("vocoder training: width and learning rates must be above 0")

    def from_base(self) -> VocoderSettings:
        """For a training that begins with a base vocoder: the spectral stage takes half of it at most."""
        return replace(self, spectral_fraction=min(self.spectral_fraction, 0.5))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def default_settings(
    kind: str, device: str = "auto", *, seed: int = 0, throughput: Callable[[torch.device], float] | None = None
) -> VocoderSettings:
    """Settings for a kind on a device, whose matrix products per second are measured and choose the discriminators' width.

    Discriminators of the papers' own width hear everything; narrower ones begin at the half rate and hear short stretches. Raises
    ConfigError for a device that is not there.
    """
    from distill_engine.training.device import matrix_throughput, training_device

    chosen = training_device(device)
    measured = 0.0 if int(os.environ.get("WORLD_SIZE", "1")) > 1 else (throughput or matrix_throughput)(chosen)
    batch, frames = 4, 40 if kind == "hifigan" else 96
    known = measured or (WIDTHS[0][0] if chosen.type != "cpu" else 0.0)
    width = next(width for least, width in WIDTHS if known >= least)
    settings = VocoderSettings(kind, batch, frames, width=width, throughput=measured, spectral_fraction=0.7, seed=seed)
    if width == 1.0:
        settings = replace(settings, first_scale=0, discriminator_frames=0)
    if chosen.type != "cpu":
        settings = replace(settings, batch_size=4 * batch, learning_rate=2e-4, spectral_fraction=0.4)
    return settings
