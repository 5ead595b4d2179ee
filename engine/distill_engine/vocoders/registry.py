"""Every kind of vocoder, one row each. Imports no framework: the network's module is loaded when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from distill_engine.errors import VocoderError
from distill_engine.vocoders.bigvgan import BigVGANConfig
from distill_engine.vocoders.configs import HifiGanConfig, VocosConfig


@dataclass(frozen=True)
class VocoderKind:
    """`config` is the frozen config class, `network` "module:Class" taking one; `trainable` kinds can be part of a model."""

    name: str
    config: Any
    network: str
    trainable: bool
    description: str


VOCODERS: dict[str, VocoderKind] = {
    kind.name: kind
    for kind in (
        VocoderKind(
            "vocos", VocosConfig, "distill_engine.vocoders.vocos.network:Vocos", True,
            "frame-rate network with an inverse STFT: cheap to train and to play",
        ),
        VocoderKind(
            "hifigan", HifiGanConfig, "distill_engine.vocoders.hifigan:HifiGan", True,
            "HiFi-GAN V2: sample-rate network, no delay",
        ),
        VocoderKind(
            "bigvgan", BigVGANConfig, "distill_vendor.bigvgan:BigVGAN", False,
            "universal BigVGAN-v2: published weights, for renders and fast devices",
        ),
    )
}  # fmt: skip


def vocoder_kind(name: str) -> VocoderKind:
    """The row of a kind. Raises VocoderError with the known names."""
    if name not in VOCODERS:
        raise VocoderError(f"vocoder kind {name!r} is unknown; known: {', '.join(VOCODERS)}")
    return VOCODERS[name]


def build_vocoder(name: str, config: Mapping[str, Any] | None = None) -> Any:
    """The torch network of a kind from its config's dict. Imports torch."""
    kind = vocoder_kind(name)
    module, _, class_name = kind.network.partition(":")
    return getattr(import_module(module), class_name)(kind.config.from_dict(config or {}))


def vocoder_delay(name: str, config: Mapping[str, Any] | None = None) -> int:
    """Samples by which a causal stream of this vocoder is late, without building it."""
    parsed = vocoder_kind(name).config.from_dict(config or {})
    return int(parsed.delay)
