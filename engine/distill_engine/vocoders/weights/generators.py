"""Configs of published generators, checked before a network of them is built.

A config.json and a record may come from a stranger. Imports no framework.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from distill_engine.audio.mel_config import MelConfig
from distill_engine.system.config_values import MAX_NUMBERS, misfit
from distill_engine.system.names import printable
from distill_engine.vocoders.bigvgan import UPSTREAM_NAMES, BigVGANConfig, mel_of
from distill_engine.vocoders.configs import HifiGanConfig
from distill_engine.vocoders.sizes import MAX_LAYERS, generator_layers, generator_numbers

LARGEST_N_FFT, LARGEST_BANDS = 1 << 15, 512  # of a mel that added weights may take
_CONFIGS: dict[str, Any] = {"hifigan": HifiGanConfig, "bigvgan": BigVGANConfig}


def check_generator(kind: str, values: Mapping[str, Any], stored: int) -> None:
    """Check a config of ours for weights in a file of `stored` bytes.

    Raises ValueError, TypeError or ConfigError, with the reason, for impossible values and for a
    network that is larger than the file.
    """
    if kind not in _CONFIGS:
        raise ValueError(f"'{printable(kind, 40)}' is no kind of published generator")
    _check_values(kind, values)
    config = _CONFIGS[kind].from_dict(values)
    _check_layers(config)
    if (size := generator_numbers(config)) > max(MAX_NUMBERS, stored):
        raise ValueError(f"it means {size} numbers, which are not in the file")


def bigvgan_config(values: Mapping[str, Any]) -> BigVGANConfig:
    """Return the config of a published BigVGAN's config.json.

    Raises ValueError or TypeError for impossible values.
    """
    names = {field.name: UPSTREAM_NAMES.get(field.name, field.name) for field in fields(BigVGANConfig)}
    ours = {name: values[theirs] for name, theirs in names.items() if theirs in values}
    if "resblock" in ours:
        ours["resblock"] = int(ours["resblock"])  # a text there
    _check_values("bigvgan", ours)
    config = BigVGANConfig.from_upstream(values)
    _check_layers(config)
    return config


def published_config(kind: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], MelConfig]:
    """Return our config and the mel from a published config.json of HiFi-GAN or BigVGAN.

    The two share their names. Raises KeyError, ValueError, TypeError, OverflowError or ConfigError
    for missing or impossible values.
    """
    if kind == "bigvgan":
        parsed = bigvgan_config(values)
        return parsed.to_dict(), mel_of(parsed)
    ours = {
        "bands": int(values.get("num_mels", 80)),
        "upsample_rates": tuple(int(rate) for rate in values["upsample_rates"]),
        "upsample_kernels": tuple(int(kernel) for kernel in values["upsample_kernel_sizes"]),
        "initial_channels": int(values["upsample_initial_channel"]),
        "resblock": int(values.get("resblock", 1)),
        "resblock_kernels": tuple(int(kernel) for kernel in values["resblock_kernel_sizes"]),
        "resblock_dilations": tuple(tuple(int(d) for d in row) for row in values["resblock_dilation_sizes"]),
        "causal": False,
    }
    _check_values("hifigan", ours)
    config = HifiGanConfig.from_dict(ours)
    _check_layers(config)
    rate = int(values.get("sampling_rate", 22050))
    mel = MelConfig(
        sample_rate=rate,
        n_fft=int(values.get("n_fft", 1024)),
        window=int(values.get("win_size", 1024)),
        hop=int(values.get("hop_size", 256)),
        bands=config.bands,
        f_min=float(values.get("fmin") or 0.0),
        f_max=float(values.get("fmax") or rate / 2),
    )
    return config.to_dict(), mel


def check_mel(mel: MelConfig, config: Mapping[str, Any]) -> None:
    """Raise ValueError for a mel that does not fit the network or is out of range."""
    hop = math.prod(config["upsample_rates"])
    if mel.hop != hop:
        raise ValueError(f"hop_size {mel.hop} is not the product of upsample_rates, {hop}")
    if not (8000 <= mel.sample_rate <= 192_000 and mel.n_fft <= LARGEST_N_FFT and mel.bands <= LARGEST_BANDS):
        raise ValueError(f"{mel.sample_rate} Hz, n_fft {mel.n_fft}, {mel.bands} bands are out of range")


def _check_values(kind: str, values: Mapping[str, Any]) -> None:
    """Raise ValueError for a value that no generator has; it names the value as upstream does."""
    if name := misfit(_CONFIGS[kind], values):
        shown = printable(str(values[name]), 40)
        raise ValueError(f"{UPSTREAM_NAMES.get(name, name)} {shown} is out of range or of another type")


def _check_layers(config: HifiGanConfig | BigVGANConfig) -> None:
    """Raise ValueError for a network of more than MAX_LAYERS layers."""
    if (count := generator_layers(config)) > MAX_LAYERS:
        raise ValueError(f"resblock_dilation_sizes means {count} layers, at most {MAX_LAYERS} are built")
