"""The vocoders that a model can play through: its own, the shipped base, published weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from distill_engine.errors import VocoderError, WeightsError
from distill_engine.library.vocoder_weights import describe, find_weights, published_names
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.system.names import printable
from distill_engine.vocabulary.table import VOCODERS as NAMES
from distill_engine.vocoders.registry import VOCODERS
from distill_engine.vocoders.weights.records import WeightsRecord

FEW_EPOCHS = 20  # fewer epochs than this get a warning
KINDS = tuple(name for name, kind in VOCODERS.items() if kind.trainable)


@dataclass(frozen=True)
class VocoderChoice:
    """A vocoder to play: its `kind`, where its weights are, and the `reason` as text.

    `distance` is its validated log-mel distance in nat. `origin` is "model": in the model's own
    file; "base": in the file `path`, shipped with the product; "universal": BigVGAN; or
    "published": other published weights on this machine, under the name `label`.
    """

    kind: str
    origin: Literal["model", "base", "universal", "published"]
    reason: str
    config: Mapping[str, Any]
    path: Path | None = None
    distance: float = math.inf
    label: str = ""

    @property
    def name(self) -> str:
        """The name in displays and takes.

        "vocos", "hifigan", "bigvgan", "base vocos", or the name that published weights were added
        under.
        """
        return f"base {self.kind}" if self.origin == "base" else self.label or self.kind


def distance(entry: Mapping[str, Any]) -> float:
    """Return the log-mel distance (nat) of a vocoder's held-out copies, infinity if unknown."""
    validation = entry.get("validation")
    value = validation.get("log_mel") if isinstance(validation, Mapping) else None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.inf


def shipped_base(kind: str) -> Path | None:
    """Return the file of the shipped base vocoder of a kind, None if there is none."""
    from distill_engine.library.assets import base_vocoder_path

    try:
        return base_vocoder_path(kind)
    except VocoderError:
        return None


def own_vocoders(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Return the model's own vocoders of known kinds, without malformed entries."""
    return {kind: entry for kind, entry in manifest.vocoders.items() if kind in KINDS and isinstance(entry, Mapping)}


def trained_epochs(entry: Mapping[str, Any]) -> int:
    """Return the epochs that a vocoder was trained for, 0 if that is unknown."""
    epochs = entry.get("epochs")
    return epochs if isinstance(epochs, int) else 0


def bigvgan_serves(torch_device: str | None) -> bool:
    """Return whether `auto` may take BigVGAN: weights installed, and a requested GPU present."""
    if torch_device not in ("auto", "cuda", "mps"):
        return False
    from distill_engine.layers.runner import choose_device
    from distill_engine.vocoders.weights.published import installed

    return installed() and choose_device(torch_device).type != "cpu"


def published(name: str) -> WeightsRecord:
    """Return the record of published weights on this machine.

    Raises WeightsError if they are missing or damaged, VocoderError if the name is unknown.
    """
    try:
        return find_weights(name)
    except WeightsError:
        raise
    except VocoderError:
        known = ", ".join((*NAMES, *published_names()))
        raise VocoderError(f"vocoder '{printable(name, 40)}' is unknown; choose {known}") from None


def published_choice(name: str) -> VocoderChoice:
    """Return the choice of published weights by name. Raises WeightsError or VocoderError."""
    record = published(name)
    return VocoderChoice(record.kind, "published", f"asked for: {describe(record)}", record.config, label=name)


def base_of_kind(kind: str, find_base: Callable[[str], Path | None], why: str) -> VocoderChoice | None:
    """Return the choice of the base vocoder of a kind with the reason `why`, None without one."""
    path = find_base(kind) if kind in KINDS else None
    if path is None:
        return None
    with ModelFile.open(path) as file:
        entry = own_vocoders(file.manifest).get(kind)
    if entry is None:
        return None
    return VocoderChoice(kind, "base", f"{why}: the base {kind}", entry.get("config", {}), path, distance(entry))
