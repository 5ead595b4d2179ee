"""Find the models that a take was played with, by name and digest.

The candidates are the file at hand, the library, and the versions that are kept for takes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from distill_engine.errors import LibraryError, TakeError
from distill_engine.library.folders import models_dir
from distill_engine.library.lookup import find_model
from distill_engine.library.versions import find_version
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.take_player import Resolve
from distill_engine.synthesis.instrument import Instrument
from distill_engine.system.names import printable
from distill_engine.takes.take import PlayedModel


def model_finder(at_hand: Path, prepare: Callable[[Path, str], Instrument]) -> Resolve:
    """Return a `Resolve` that prepares each model and vocoder once."""
    known: dict[tuple[Path, str], Instrument] = {}

    def resolve(played: PlayedModel, vocoder: str) -> Instrument:
        found = _find(at_hand, played), vocoder
        if found not in known:
            known[found] = prepare(*found)
        return known[found]

    return resolve


def played_file(at_hand: Path, played: PlayedModel) -> Path:
    """Return the file that a take was played with: its kept version, where `at_hand` differs."""
    kept = _kept(played)
    return at_hand if kept is None or _digests(kept) == _digests(at_hand) else kept


def _find(at_hand: Path, played: PlayedModel) -> Path:
    if _name(at_hand) == played.name and _digests(at_hand).get("model") == played.digest("model"):
        return played_file(at_hand, played)
    kept = _kept(played)
    if kept is not None:
        return kept
    name = printable(played.name, 80)
    try:
        found = find_model(played.name, allow_paths=False)
    except LibraryError:
        raise TakeError(
            f"the take swaps to the model '{name}', which is not in the library: copy its file to {models_dir()}"
        ) from None
    if _digests(found).get("model") != played.digest("model"):
        raise TakeError(f"the take swaps to another '{name}' than the one in the library; it was trained since")
    return found


def _kept(played: PlayedModel) -> Path | None:
    """Return the version that is kept for what was played, if it is still the same."""
    path = find_version(played.digests)
    if path is None:
        return None
    return path if played.is_of(_digests(path)) else None


def _name(path: Path) -> str:
    with ModelFile.open(path) as file:
        return file.manifest.name or path.stem


def _digests(path: Path) -> dict[str, str]:
    """Return the digests of what plays in a file: its parts but those of training, and settings."""
    with ModelFile.open(path) as file:
        parts = {name: file.manifest.parts[name].sha256 for name in file.parts if not name.startswith("training/")}
        return parts | {"settings": file.manifest.settings_digest}
