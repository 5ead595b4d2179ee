"""Choose the vocoder of a model, with the reason: one policy for engine, renders and displays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from distill_engine.errors import VocoderError, WeightsError
from distill_engine.library.vocoder_weights import describe, find_weights, published_names
from distill_engine.modelfile import Manifest, ModelFile
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


def choose_vocoder(
    manifest: Manifest,
    requested: str = "auto",
    *,
    keeps_up: Callable[[VocoderChoice], bool] | None = None,
    base: Callable[[str], Path | None] | None = None,
    universal: Callable[[], bool] | None = None,
) -> VocoderChoice:
    """Return the vocoder for a request.

    A request is `auto|hifigan|vocos|bigvgan|base`, the name of published weights on this machine
    (`distill vocoder list`), or the `name` of an earlier choice ("base vocos").

    `auto` takes the model's own vocoder with the best validation among the usable ones that
    `keeps_up` (live) accepts; else BigVGAN if `universal` says that it can serve; else the base
    vocoder. `base` finds the file of a base vocoder by kind.

    Raises VocoderError if there is none.
    """
    find_base = base or shipped_base
    kind = requested.removeprefix("base ")
    if kind != requested and (choice := _base_of_kind(kind, find_base, "asked for")) is not None:
        return choice
    if requested not in NAMES:
        return _published(requested)
    if requested == "base":
        return _base(manifest, find_base, "asked for", keeps_up)
    if requested == "bigvgan":
        return VocoderChoice("bigvgan", "universal", "asked for", {})
    if requested in KINDS:
        return _of_kind(manifest, requested, find_base)
    return _auto(manifest, keeps_up, find_base, universal)


def plays_in_torch(requested: str) -> bool:
    """Return whether only torch can serve a request, whatever the model."""
    return requested == "bigvgan" or (requested not in NAMES and not requested.startswith("base "))


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


def _own(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Return the model's own vocoders of known kinds, without malformed entries."""
    return {kind: entry for kind, entry in manifest.vocoders.items() if kind in KINDS and isinstance(entry, Mapping)}


def _epochs(entry: Mapping[str, Any]) -> int:
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
        raise VocoderError(f"vocoder {name[:40]!r} is unknown; choose {known}") from None


def _published(name: str) -> VocoderChoice:
    record = published(name)
    return VocoderChoice(record.kind, "published", f"asked for: {describe(record)}", record.config, label=name)


def _of_kind(manifest: Manifest, kind: str, find_base: Callable[[str], Path | None]) -> VocoderChoice:
    entry = _own(manifest).get(kind)
    if entry is not None:
        epochs = _epochs(entry)
        few = f"; trained for {epochs} epochs: quality may be limited" if epochs < FEW_EPOCHS else ""
        return VocoderChoice(kind, "model", f"asked for{few}", entry.get("config", {}))
    choice = _base_of_kind(kind, find_base, f"the model has no {kind} of its own")
    if choice is None:
        raise VocoderError(
            f"{manifest.name or 'this model'} has no {kind} vocoder, and no base one is installed; "
            f"train one with `distill train-vocoder MODEL CORPUS --kind {kind}`"
        )
    return choice


def _auto(
    manifest: Manifest,
    keeps_up: Callable[[VocoderChoice], bool] | None,
    find_base: Callable[[str], Path | None],
    universal: Callable[[], bool] | None,
) -> VocoderChoice:
    own = sorted((distance(entry), kind, entry) for kind, entry in _own(manifest).items() if entry.get("usable"))
    for error, kind, entry in own:
        measured = f" (held-out distance {error:.2f} nat)" if math.isfinite(error) else ""
        choice = VocoderChoice(kind, "model", f"the model's own, validated{measured}", entry.get("config", {}))
        if keeps_up is None or keeps_up(choice):
            return choice
    why = "the model's own cannot play in real time here" if own else _why_not(manifest)
    large = VocoderChoice("bigvgan", "universal", f"{why}; BigVGAN serves here", {})
    if universal is not None and universal() and (keeps_up is None or keeps_up(large)):
        return large
    try:
        return _base(manifest, find_base, why, keeps_up)
    except VocoderError:
        return _last_resort(manifest)


def _why_not(manifest: Manifest) -> str:
    if not manifest.vocoders:
        return "the model has no vocoder of its own"
    return "the model's own vocoder is not good enough yet"


def _last_resort(manifest: Manifest) -> VocoderChoice:
    """Return the model's own vocoder, however little it was trained. Raises VocoderError."""
    for kind, entry in _own(manifest).items():
        reason = f"the only one available; trained for {_epochs(entry)} epochs: quality may be limited"
        return VocoderChoice(kind, "model", reason, entry.get("config", {}))
    raise VocoderError(
        f"{manifest.name or 'this model'} has no vocoder and no base vocoder is installed; "
        "train one with `distill train-vocoder MODEL CORPUS`"
    )


def _base(
    manifest: Manifest,
    find_base: Callable[[str], Path | None],
    why: str,
    keeps_up: Callable[[VocoderChoice], bool] | None,
) -> VocoderChoice:
    found = [choice for kind in KINDS if (choice := _base_of_kind(kind, find_base, why)) is not None]
    found.sort(key=lambda choice: choice.distance)
    for choice in found:
        if keeps_up is None or keeps_up(choice):
            return choice
    if found:
        return found[0]
    raise VocoderError(
        f"no base vocoder is installed; train one for {manifest.name or 'this model'} "
        "with `distill train-vocoder MODEL CORPUS`"
    )


def _base_of_kind(kind: str, find_base: Callable[[str], Path | None], why: str) -> VocoderChoice | None:
    path = find_base(kind) if kind in KINDS else None
    if path is None:
        return None
    with ModelFile.open(path) as file:
        entry = _own(file.manifest).get(kind)
    if entry is None:
        return None
    return VocoderChoice(kind, "base", f"{why}: the base {kind}", entry.get("config", {}), path, distance(entry))
