"""The codes in a model file: fit them, store them, read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.codes.codebooks import DAMAGED, Codebooks
from distill_engine.codes.fitting import DEFAULT_LEVELS, CorpusCodes, corpus_codes, figures, fit_codes
from distill_engine.errors import CodesError
from distill_engine.modelfile import ModelFile, Part, update_model
from distill_engine.modelfile.configs import model_config

PART = "codes"
NONE = "the model has no codes: `distill codes fit MODEL CORPUS` makes them"
OLD = "the model is of the first form, which has no columns: train it again to get codes"


@dataclass(frozen=True)
class StoredCodes:
    """What the part "codes" holds. `corpus` is None where the corpus was left out of the file."""

    skeleton: Skeleton
    books: Codebooks
    corpus: CorpusCodes | None


def skeleton_of_file(file: ModelFile) -> Skeleton:
    """Return the skeleton of a model file. Raises CodesError for a model of the first form."""
    config = model_config(file.manifest, str(file.path))
    if "model" not in file.parts or config.version != 2:
        raise CodesError(f"{file.path.name}: {OLD}")
    return Skeleton.from_part(file.read_part("model"), config.bands, config.latent_dim, str(file.path))


def read_codes(file: ModelFile) -> StoredCodes:
    """Return the codes of an open model file.

    Raises CodesError if it has none, or damaged ones, or those of another model.
    """
    skeleton = skeleton_of_file(file)
    if PART not in file.parts:
        raise CodesError(f"{file.path.name}: {NONE}")
    if file.manifest.codes.get("skeleton") != skeleton.digest:
        raise CodesError(f"{file.path.name}: its codes belong to another model: run `distill codes fit` again")
    arrays = file.read_part(PART)
    books = Codebooks.from_part(arrays, skeleton.spread)
    return StoredCodes(skeleton, books, _corpus(books, arrays))


def _corpus(books: Codebooks, arrays: Mapping[str, npt.NDArray[Any]]) -> CorpusCodes | None:
    """Return the corpus's codes from the part's arrays. Raises CodesError if they are damaged."""
    if "corpus_codes" not in arrays:
        return None
    codes, offsets = (
        books.check(np.asarray(arrays["corpus_codes"]), "the model"),
        np.asarray(arrays.get("corpus_offsets")),
    )
    fits = offsets.ndim == 1 and offsets.dtype.kind in "iu" and len(offsets) > 1 and codes.shape[1] > 0
    if not (
        fits and offsets[0] == 0 and offsets[-1] == codes.shape[1] and (np.diff(offsets.astype(np.int64)) > 0).all()
    ):
        raise CodesError(DAMAGED)
    return CorpusCodes(books, codes, offsets.astype(np.int64))


def store_codes(  # parameters: the options of `distill codes fit`, and what else to measure
    path: Path,
    route: CorpusPath,
    *,
    levels: int = DEFAULT_LEVELS,
    size: int | None = None,
    seed: int = 0,
    keep_corpus: bool = True,
    keep_trained: bool = False,
    kept: CorpusPath | None = None,
    also: Callable[[CorpusCodes], Mapping[str, Any]] = lambda corpus: {},
) -> dict[str, Any]:
    """Fit codes to a corpus's path and write them into its model file; return the manifest's table.

    Without `keep_corpus` the corpus's own codes are left out. With `keep_trained` codebooks that
    were trained with the model stay. `kept` is the path in the file where codes are fitted to
    another one: the prior plays its columns. `also` gives further figures for the table. Raises
    CodesError.
    """
    with ModelFile.open(path) as file:
        skeleton = skeleton_of_file(file)
        trained = read_codes(file).books if keep_trained and file.manifest.codes.get("trained") is True else None
    if trained is None:
        fitted = fit_codes(skeleton, route, levels=levels, size=size, seed=seed)
    else:
        fitted = corpus_codes(route, trained)
    if kept is not None:
        route, fitted = kept, corpus_codes(kept, fitted.books)
    arrays = fitted.books.to_arrays()
    if keep_corpus:
        arrays |= {"corpus_codes": fitted.codes.astype(np.uint8), "corpus_offsets": fitted.offsets.astype(np.int64)}
    table: dict[str, Any] = {
        **table_of(skeleton, fitted.books, trained=trained is not None),
        "columns": int(fitted.codes.shape[1]),
        "seed": seed,
        **figures(skeleton, route, fitted),
        **also(fitted),
    }
    update_model(path, manifest=lambda old: replace(old, codes=table), parts={PART: Part(arrays)})
    return table


def table_of(skeleton: Skeleton, books: Codebooks, *, trained: bool) -> dict[str, Any]:
    """Return the beginning of the manifest's table of codes: whose they are, and how many."""
    table = {"version": 1, "skeleton": skeleton.digest, "levels": books.levels, "size": books.size}
    return table | ({"trained": True} if trained else {})


def without_corpus(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays [...] of the part "codes" without the codes of the corpus."""
    return {name: array for name, array in arrays.items() if not name.startswith("corpus_")}


def stored_route(path: Path) -> CorpusPath | None:
    """Return the path of the corpus in a model file, None where it was left out."""
    with ModelFile.open(path) as file:
        dimensions = len(skeleton_of_file(file).spread)
        arrays = file.read_part("analysis") if "analysis" in file.parts else {}
    return CorpusPath.from_part(arrays, dimensions)
