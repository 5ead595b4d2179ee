"""Check the configs in a manifest before use: a file from a stranger may hold any values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.modelfile.manifest import Manifest
from distill_engine.modelfile.sizes import numbers
from distill_engine.models.model_config import ModelConfig
from distill_engine.system.config_values import MAX_NUMBERS, misfit
from distill_engine.system.names import printable
from distill_engine.vocoders.bigvgan import BigVGANConfig
from distill_engine.vocoders.configs import HifiGanConfig
from distill_engine.vocoders.registry import VOCODERS
from distill_engine.vocoders.sizes import MAX_LAYERS, generator_layers

MAX_ANALYSIS = 1 << 30  # bytes of the part "analysis": 17 hours of latents
MAX_CODES = 1 << 26  # bytes of the part "codes": books, and 4 levels of 200 hours
_SPARE_NUMBERS = 1 << 16  # of a network's part beyond twice what `sizes` counts, which leaves biases and norms out
_MOST_BYTES = 8  # of a number

Config = TypeVar("Config")


def model_config(manifest: Manifest, where: str) -> ModelConfig:
    """Return the latent model's config. Raises ModelFileError, which names the file as `where`."""
    return _build(
        ModelConfig, ModelConfig.from_dict, manifest.model, f"{where}: model config", _stored(manifest, "model")
    )


def mel_config(manifest: Manifest, where: str) -> MelConfig:
    """Return the mel definition, or the default if there is none. Raises ModelFileError."""
    return _build(MelConfig, lambda values: MelConfig(**values), manifest.mel, f"{where}: mel config")


def vocoder_config(manifest: Manifest, kind: str, where: str) -> Any:
    """Return the config of one of the model's own vocoders.

    Raises ModelFileError if the model lacks it or it is damaged.
    """
    if kind not in VOCODERS or kind not in manifest.vocoders:
        raise ModelFileError(f"{where}: has no vocoder '{printable(kind, 40)}'")
    config = VOCODERS[kind].config
    values, stored = manifest.vocoders[kind].get("config", {}), _stored(manifest, f"vocoder/{kind}")
    return _build(config, config.from_dict, values, f"{where}: {kind} config", stored)


def check_configs(manifest: Manifest, where: str) -> None:
    """Check all configs but those of unknown kinds of vocoder, and that parts hold no more.

    What no network reads is then never read into memory. Raises ModelFileError.
    """
    configs: dict[str, Any] = {"model": model_config(manifest, where)}
    mel_config(manifest, where)
    for kind in manifest.vocoders:
        if kind in VOCODERS:
            configs[f"vocoder/{kind}"] = vocoder_config(manifest, kind, where)
    most = {part: _MOST_BYTES * (2 * numbers(config) + _SPARE_NUMBERS) for part, config in configs.items()}
    for part, limit in {**most, "analysis": MAX_ANALYSIS, "codes": MAX_CODES}.items():
        if (size := _stored(manifest, part)) > limit:
            raise ModelFileError(f"{where}: part '{part}' of {size} bytes holds more than is read of it: hostile")


def _stored(manifest: Manifest, part: str) -> int:
    """Return the bytes of a part, an upper bound of the numbers it holds."""
    return manifest.parts[part].bytes if part in manifest.parts else 0


def _build(
    kind: Any, build: Callable[[dict[str, Any]], Config], values: Mapping[str, Any], where: str, stored: int = 0
) -> Config:
    """Build a config from its values.

    Raises ModelFileError if its network would have more than MAX_LAYERS layers, or more than
    MAX_NUMBERS numbers and more than the bytes `stored`.
    """
    if name := misfit(kind, values):
        raise ModelFileError(f"{where}: {name} cannot be '{printable(str(values[name]), 40)}': damaged or hostile")
    try:
        config = build(dict(values))
    except (ConfigError, TypeError, ValueError, ArithmeticError) as error:
        raise ModelFileError(f"{where}: {str(error)[:160]}: damaged or hostile") from None
    if isinstance(config, HifiGanConfig | BigVGANConfig) and (count := generator_layers(config)) > MAX_LAYERS:
        raise ModelFileError(f"{where}: means {count} layers, at most {MAX_LAYERS} are built: damaged or hostile")
    if (size := numbers(config)) > max(MAX_NUMBERS, stored):
        raise ModelFileError(f"{where}: means {size} numbers, which are not in the file: damaged or hostile")
    return config
