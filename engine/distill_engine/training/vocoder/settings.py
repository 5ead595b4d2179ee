"""Settings of a vocoder's training, and defaults for the machine that it runs on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from distill_engine.errors import ConfigError

if TYPE_CHECKING:
    import torch

BATCH_LIMIT, RATE_LIMIT, WIDTH_LIMIT = 1024, 1.0, 4.0
"""Most segments of a step, the highest learning rate, the widest discriminators. No unit."""
WIDTHS = ((3000.0, 1.0), (800.0, 0.5), (300.0, 0.25), (0.0, 0.125))
"""(Least GMAC/s, width of the discriminators). Their work grows with the square of the width. Two CPU
cores do about 100 GMAC/s, enough for width 1/8. Where several processes train together nothing is
measured, so that all choose the same width: 1 on a GPU, 1/8 on CPUs."""


@dataclass(frozen=True)
class VocoderSettings:
    """How a vocoder is trained.

    Weights of losses are HiFi-GAN's (arXiv 2010.05646, section 3.3), except `stft_weight` and
    `own_weight`.

    Attributes:
        kind: "vocos" or "hifigan".
        batch_size: segments per step.
        segment_frames: mel frames per segment. It must be well above the receptive field (13 frames
            for `vocos`, 25 for `hifigan`), or the network learns truncated contexts that a long
            sound does not have: held-out error 0.37 nat after 32-frame segments, 0.25 after
            128-frame ones.
        learning_rate: the generator's maximum.
        discriminator_rate: the discriminators' maximum.
        spectral_fraction: share of the training before the adversarial stage.
        width: factor of the discriminators' channels; 1 is the papers'.
        first_scale: the multi-scale discriminators begin at the sample rate / 2 ** first_scale.
        discriminator_frames: mel frames of the random excerpt of each segment that discriminators
            see; 0 is the whole segment.
        mel_weight: of the mel L1.
        feature_weight: of feature matching.
        stft_weight: of the multi-resolution STFT loss.
        own_weight: of the loss that a kind defines itself (`vocos`: on its predictions before
            synthesis).
        ema_decay: decay per step of the moving average of the weights.
        decoded_share: share of the clips whose mel is the latent model's reconstruction.
        augment: whether to augment the sounds, and the discriminators' inputs.
        seed: of every random choice.
        throughput: measured GMAC/s that `width` was chosen by; 0 if not measured.

    Raises ConfigError for a value out of range.
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
        if not 1 <= self.batch_size <= BATCH_LIMIT or self.segment_frames < 4:
            raise ConfigError(f"vocoder training: batch size 1 to {BATCH_LIMIT}, segments from 4 frames")
        if not 0 <= self.spectral_fraction <= 1 or not 0 <= self.decoded_share <= 1:
            raise ConfigError("vocoder training: spectral_fraction and decoded_share lie between 0 and 1")
        rates = (self.learning_rate, self.discriminator_rate)
        if not 0 < self.width <= WIDTH_LIMIT or not all(0 < rate <= RATE_LIMIT for rate in rates):
            raise ConfigError(
                f"vocoder training: width above 0 and up to {WIDTH_LIMIT:g}, learning rates up to {RATE_LIMIT:g}"
            )

    def from_base(self) -> VocoderSettings:
        """Return the settings for a training that starts from a base vocoder.

        The spectral stage then takes at most half of it.
        """
        return replace(self, spectral_fraction=min(self.spectral_fraction, 0.5))

    def to_dict(self) -> dict[str, Any]:
        """Return values that JSON can hold, under the field names."""
        return asdict(self)


def default_settings(
    kind: str, device: str = "auto", *, seed: int = 0, throughput: Callable[[torch.device], float] | None = None
) -> VocoderSettings:
    """Return the settings for a kind of vocoder on a device.

    `throughput` measures the device's matrix products in GMAC/s, which choose the discriminators'
    width; by default it is `matrix_throughput`. Discriminators of width 1 see whole segments.
    Narrower ones see short excerpts, and the multi-scale ones among them begin at half the rate.
    Raises ConfigError for a device that is unknown or not there.
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
