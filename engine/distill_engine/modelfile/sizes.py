"""Sizes of networks by their configs, so that none too large is built. Imports no framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from distill_engine.audio.mel_config import MelConfig
from distill_engine.models.model_config import ModelConfig
from distill_engine.vocoders.bigvgan import BigVGANConfig
from distill_engine.vocoders.configs import HifiGanConfig, VocosConfig
from distill_engine.vocoders.sizes import generator_numbers


def numbers(config: Any) -> int:
    """Return the numbers that a network of this config holds.

    They are its weights, without biases and norms, and the context of its convolutions.
    """
    return _COUNTS[type(config)](config)


def _latent_model(c: ModelConfig) -> int:
    def blocks(count: int, channels: int, kernel: int) -> int:
        return count * channels * (2 * c.expansion * channels + kernel)

    if c.version == 2:
        network = c.decoder_channels * (c.latent_dim * c.kernel + c.bands)
        network += blocks(c.decoder_blocks, c.decoder_channels, c.kernel)
        return c.bands * c.latent_dim + c.latent_dim + 2 * c.bands + network * c.corrected
    half, width = max(1, c.encoder_blocks // 2), c.encoder_channels
    encoder = width * (c.bands * c.kernel + width * c.reduction + width * 3 + 2 * c.latent_dim)
    encoder += blocks(half, width, c.kernel) + blocks(max(1, c.encoder_blocks - half), width, 3)
    decoder = c.decoder_channels * (c.latent_dim * c.kernel + c.bands)
    return encoder + decoder + blocks(c.decoder_blocks, c.decoder_channels, c.kernel)


def _mel(c: MelConfig) -> int:
    return c.bands * (c.n_fft // 2 + 1)


def _vocos(c: VocosConfig) -> int:
    points = c.n_fft // 10  # about
    network = c.bands * c.kernel + c.blocks * (2 * c.hidden + c.kernel) + (c.frames_per_hop + 2) * points
    return c.channels * network + c.bands * (c.n_fft // 2 + 1)  # and a table of bins and bands


_COUNTS: dict[type, Callable[[Any], int]] = {
    ModelConfig: _latent_model,
    MelConfig: _mel,
    VocosConfig: _vocos,
    HifiGanConfig: generator_numbers,
    BigVGANConfig: generator_numbers,
}
