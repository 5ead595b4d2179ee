"""Find the models that a take swaps to, by name and digest.

The candidates are the file at hand and the library.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from distill_engine.errors import LibraryError, TakeError
from distill_engine.library.lookup import find_model
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.take_player import Resolve
from distill_engine.synthesis.instrument import Instrument
from distill_engine.system.names import printable


def model_finder(at_hand: Path, prepare: Callable[[Path, str], Instrument]) -> Resolve:
    """Return a `Resolve` that prepares each model and vocoder once."""
    known: dict[tuple[str, str, str], Instrument] = {}

    def resolve(name: str, digest: str, vocoder: str) -> Instrument:
        if (name, digest, vocoder) not in known:
            known[name, digest, vocoder] = prepare(_find(at_hand, name, digest), vocoder)
        return known[name, digest, vocoder]

    return resolve


def _find(at_hand: Path, name: str, digest: str) -> Path:
    if _names(at_hand) == (name, digest):
        return at_hand
    try:
        found = find_model(name, allow_paths=False)
    except LibraryError:
        raise TakeError(
            f"the take swaps to the model '{printable(name, 80)}', which is not in the library; put it there"
        ) from None
    if _names(found)[1] != digest:
        raise TakeError(
            f"the take swaps to another '{printable(name, 80)}' than the one in the library; it was trained since"
        )
    return found


def _names(path: Path) -> tuple[str, str]:
    """Return the model's name and the digest of its networks, which no analysis changes."""
    with ModelFile.open(path) as file:
        manifest = file.manifest
    entry = manifest.parts.get("model")
    return manifest.name or path.stem, entry.sha256 if entry is not None else ""
