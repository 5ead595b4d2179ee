"""Choose the vocoder of a model, with the reason: one policy for engine, renders and displays."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from distill_engine.errors import DistillError, VocoderError
from distill_engine.inference.vocoder_candidates import (
    FEW_EPOCHS,
    KINDS,
    VocoderChoice,
    base_of_kind,
    distance,
    own_vocoders,
    published,
    published_choice,
    shipped_base,
    trained_epochs,
)
from distill_engine.modelfile import Manifest
from distill_engine.system.counting import counted
from distill_engine.vocabulary.table import VOCODERS as NAMES


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
    if kind != requested and (choice := base_of_kind(kind, find_base, "asked for")) is not None:
        return choice
    if requested not in NAMES:
        return published_choice(requested)
    if requested == "base":
        return _base(manifest, find_base, "asked for", keeps_up)
    if requested == "bigvgan":
        return VocoderChoice("bigvgan", "universal", "asked for", {})
    if requested in KINDS:
        return _of_kind(manifest, requested, find_base)
    return _auto(manifest, keeps_up, find_base, universal)


def plays_through(manifest: Manifest) -> dict[str, str]:
    """Return the vocoder that `auto` takes ("none" where there is none), and the reason."""
    try:
        choice = choose_vocoder(manifest)
    except DistillError as error:
        return {"vocoder": "none", "reason": str(error)}
    return {"vocoder": choice.name, "reason": choice.reason}


def plays_in_torch(requested: str) -> bool:
    """Return whether only torch can serve a request, whatever the model.

    Raises WeightsError or VocoderError where its weights are not here: torch is not imported for
    nothing.
    """
    if requested.startswith("base ") or (requested in NAMES and requested != "bigvgan"):
        return False
    published(requested)
    return True


def _of_kind(manifest: Manifest, kind: str, find_base: Callable[[str], Path | None]) -> VocoderChoice:
    entry = own_vocoders(manifest).get(kind)
    if entry is not None:
        epochs = trained_epochs(entry)
        few = f"; trained for {counted(epochs, 'epoch')}: quality may be limited" if epochs < FEW_EPOCHS else ""
        return VocoderChoice(kind, "model", f"asked for{few}", entry.get("config", {}))
    choice = base_of_kind(kind, find_base, f"the model has no {kind} of its own")
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
    own = sorted(
        (distance(entry), kind, entry) for kind, entry in own_vocoders(manifest).items() if entry.get("usable")
    )
    for error, kind, entry in own:
        measured = f" (log-mel error on sounds kept aside {error:.2f} nat)" if math.isfinite(error) else ""
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
    for kind, entry in own_vocoders(manifest).items():
        reason = (
            f"the only one available; trained for {counted(trained_epochs(entry), 'epoch')}: quality may be limited"
        )
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
    found = [choice for kind in KINDS if (choice := base_of_kind(kind, find_base, why)) is not None]
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
