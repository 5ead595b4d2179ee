"""The sounds of a model: those of a folder, by the list in the model's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.errors import MissingSoundsError

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.dataset.listing import SoundList


def corpus_of(folder: Path, seed: int, listing: SoundList | None = None) -> Corpus:
    """Load a folder's sounds, those of a list where there is one, with the cache of mels.

    Raises CorpusError.
    """
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.library.folders import cache_dir

    return load_corpus(folder, seed=seed, cache_dir=cache_dir(), listing=listing)


def stored_list(model: Path) -> SoundList:
    """Return the list of sounds in a model file. Raises ModelFileError, CorpusError."""
    from distill_engine.dataset.listing import SoundList
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(model) as file:
        return SoundList.from_summary(file.manifest.corpus)


def corpus_of_model(folder: Path, seed: int, model: Path) -> Corpus:
    """Load the sounds of a model's list if it was changed and they are there, else the folder's."""
    listing = stored_list(model) if model.exists() else None
    if listing is not None and listing.earlier:
        try:
            return corpus_of(folder, seed, listing)
        except MissingSoundsError:
            pass
    return corpus_of(folder, seed)
