"""Sizes of generators by their configs, so that none too large is built. Imports no framework."""

from __future__ import annotations

from distill_engine.vocoders.bigvgan import BigVGANConfig
from distill_engine.vocoders.configs import HifiGanConfig

MAX_LAYERS = 1024  # convolutions; the largest published generator has 116


def generator_numbers(c: HifiGanConfig | BigVGANConfig) -> int:
    """Return the numbers of a generator: its weights, without biases, and its layers' contexts."""
    channels = c.initial_channels
    total = 7 * c.bands * channels
    for kernel in c.upsample_kernels:
        total += channels * (channels // 2) * kernel
        channels //= 2
        for size, dilations in zip(c.resblock_kernels, c.resblock_dilations, strict=True):
            after = size * (channels + 1) if c.resblock == 1 else 0
            total += sum(channels * (size * (channels + dilation) + after) for dilation in dilations)
    return total + 7 * channels


def generator_layers(c: HifiGanConfig | BigVGANConfig) -> int:
    """Return the number of a generator's convolutions."""
    blocks = sum(map(len, c.resblock_dilations)) * (2 if c.resblock == 1 else 1)
    return 2 + len(c.upsample_rates) * (1 + blocks)
