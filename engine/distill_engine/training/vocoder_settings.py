"""How a vocoder is trained. Frozen, checked, JSON in and out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from distill_engine.errors import ConfigError


@dataclass(frozen=True)
class VocoderSettings:
    """Loss weights are HiFi-GAN's (arXiv 2010.05646, section 3.3) but for `stft_weight`, the optional multi-resolution term.

    `segment_frames` mel frames per clip in a batch: well above the receptive field (55 frames for `vocos`), or the network learns
    contexts that it never has in a long sound (held-out error 0.37 nat after 32-frame segments, 0.25 after 128-frame ones).
    `spectral_fraction` of the training goes before the adversarial stage. `width` scales the discriminators, whose multi-scale ones
    begin at the rate / 2 ** `first_scale`; they hear a random stretch of `discriminator_frames` of each segment (0: all of it).
    `decoded_share` of the clips is heard through the latent model instead of as true mel.
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
    ema_decay: float = 0.999
    decoded_share: float = 0.5
    augment: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.segment_frames < 4:
            raise ConfigError("vocoder training: batch size from 1, segments from 4 frames")
        if not 0 <= self.spectral_fraction <= 1 or not 0 <= self.decoded_share <= 1:
            raise ConfigError("vocoder training: spectral_fraction and decoded_share lie between 0 and 1")
        if self.width <= 0 or min(self.learning_rate, self.discriminator_rate) <= 0:
            raise ConfigError("vocoder training: width and learning rates must be above 0")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def default_settings(kind: str, device: str = "auto", *, seed: int = 0) -> VocoderSettings:
    """Settings for a kind on a device: on a CPU narrow discriminators from the half rate on, on a GPU the papers' own."""
    batch, frames = {"vocos": (4, 96), "hifigan": (8, 16)}.get(kind, (8, 32))
    if device == "cpu" or (device == "auto" and not _has_gpu()):
        return VocoderSettings(kind, batch, frames, spectral_fraction=0.7, seed=seed)
    return VocoderSettings(
        kind, 4 * batch, frames, width=1.0, first_scale=0, discriminator_frames=0, learning_rate=2e-4, seed=seed
    )


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()
