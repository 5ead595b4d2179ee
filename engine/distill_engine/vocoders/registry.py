"""The kinds of vocoders, one row each.

Importing this module imports no framework; building a network loads its module.
"""

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
    """One kind of vocoder.

    Attributes:
        name: under which models and commands refer to it.
        config: its frozen config class.
        network: "module:Class" of the torch network, which takes a config.
        trainable: whether it can be trained and be part of a model.
        description: one phrase for lists.
    """

    name: str
    config: Any
    network: str
    trainable: bool
    description: str


VOCODERS: dict[str, VocoderKind] = {
    kind.name: kind
    for kind in (
        VocoderKind(
            "vocos",
            VocosConfig,
            "distill_engine.vocoders.vocos.network:Vocos",
            True,
            "frame-rate network with an inverse STFT: cheap to train and to play",
        ),
        VocoderKind(
            "hifigan",
            HifiGanConfig,
            "distill_engine.vocoders.hifigan:HifiGan",
            True,
            "HiFi-GAN V2: sample-rate network, no delay",
        ),
        VocoderKind(
            "bigvgan",
            BigVGANConfig,
            "distill_vendor.bigvgan:BigVGAN",
            False,
            "universal BigVGAN-v2: published weights, for renders and fast devices",
        ),
    )
}


def vocoder_kind(name: str) -> VocoderKind:
    """Return the row of a kind. Raises VocoderError with the known names."""
    if name not in VOCODERS:
        raise VocoderError(f"vocoder kind {name!r} is unknown; known: {', '.join(VOCODERS)}")
    return VOCODERS[name]


def build_vocoder(name: str, config: Mapping[str, Any] | None = None) -> Any:
    """Build the torch network of a kind from its config's dict. Imports torch.

    Raises VocoderError for an unknown kind, ConfigError for an impossible config.
    """
    kind = vocoder_kind(name)
    module, _, class_name = kind.network.partition(":")
    return getattr(import_module(module), class_name)(kind.config.from_dict(config or {}))


def vocoder_delay(name: str, config: Mapping[str, Any] | None = None) -> int:
    """Return how many samples a stream of this vocoder is late, without building it.

    Raises VocoderError for an unknown kind, ConfigError for an impossible config.
    """
    parsed = vocoder_kind(name).config.from_dict(config or {})
    return int(parsed.delay)
