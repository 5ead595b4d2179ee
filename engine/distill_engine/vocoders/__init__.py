"""Vocoders: mel frames in, samples out. Networks are loaded on first use (they import torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill_engine.vocoders.configs import HifiGanConfig, VocosConfig
from distill_engine.vocoders.registry import VOCODERS, build_vocoder, vocoder_delay, vocoder_kind

if TYPE_CHECKING:
    from distill_engine.vocoders.hifigan import HifiGan
    from distill_engine.vocoders.vocos.network import Vocos

__all__ = [
    "VOCODERS",
    "HifiGan",
    "HifiGanConfig",
    "Vocos",
    "VocosConfig",
    "build_vocoder",
    "vocoder_delay",
    "vocoder_kind",
]


def __getattr__(name: str) -> Any:
    if name == "HifiGan":
        from distill_engine.vocoders.hifigan import HifiGan

        return HifiGan
    if name == "Vocos":
        from distill_engine.vocoders.vocos.network import Vocos

        return Vocos
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
