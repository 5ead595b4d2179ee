"""BigVGAN-v2 as a vocoder of this engine: the published variants and their mel.

The network itself is vendored. Importing this module imports no framework.
"""

from __future__ import annotations

from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import VocoderError
from distill_vendor.bigvgan import PIN, PINS, BigVGANConfig, Pin
from distill_vendor.bigvgan.config import UPSTREAM_NAMES

__all__ = ["PIN", "PINS", "UPSTREAM_NAMES", "BigVGANConfig", "Pin", "mel_of", "pinned"]


def mel_of(config: BigVGANConfig) -> MelConfig:
    """Return the mel that weights of this config were trained on."""
    return MelConfig(
        config.sample_rate,
        config.n_fft,
        config.window,
        config.hop,
        config.bands,
        config.f_min,
        config.f_max or config.sample_rate / 2,
    )


def pinned(name: str = "bigvgan") -> Pin:
    """Return the published variant called `name`. Raises VocoderError with the known names."""
    if name not in PINS:
        raise VocoderError(f"{name!r} is no published BigVGAN; choose {', '.join(PINS)}")
    return PINS[name]
