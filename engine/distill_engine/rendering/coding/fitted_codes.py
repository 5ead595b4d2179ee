"""Fit a model's codes, and measure what its prior repeats of the corpus."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.codes.fitting import DEFAULT_LEVELS, CorpusCodes
from distill_engine.codes.memorisation import found_in, repeated_in
from distill_engine.codes.prior_corpus import PriorCorpus
from distill_engine.inference.stored_codes import store_codes
from distill_engine.synthesis.sources.latent_sources import SourceSettings
from distill_engine.synthesis.sources.prior_source import PriorSource

MEASURED_SECONDS = 60.0  # of playing, for the figures of memorisation


def fit_model_codes(  # parameters: the options of `distill codes fit`
    path: Path,
    route: CorpusPath,
    *,
    levels: int = DEFAULT_LEVELS,
    size: int | None = None,
    seed: int = 0,
    keep_corpus: bool = True,
    keep_trained: bool = False,
    kept: CorpusPath | None = None,
) -> dict[str, Any]:
    """Fit codes to a corpus's path and write them into its model file; return the manifest's table.

    It says what the prior repeats of the corpus. Without `keep_corpus` the corpus's own codes are
    left out, so there is no prior. With `keep_trained` codebooks that were trained with the model
    stay. `kept` is the path in the file where codes are fitted to another one. Raises CodesError.
    """

    def measure(corpus: CorpusCodes) -> dict[str, Any]:
        return {"memorisation": memorisation(corpus, kept or route, seed)} if keep_corpus else {}

    return store_codes(
        path,
        route,
        levels=levels,
        size=size,
        seed=seed,
        keep_corpus=keep_corpus,
        keep_trained=keep_trained,
        kept=kept,
        also=measure,
    )


def memorisation(corpus: CorpusCodes, route: CorpusPath, seed: int = 0) -> dict[str, Any]:
    """Return what a minute of the prior at its defaults repeats of the corpus, for the manifest.

    `copied` is the longest run of columns that it plays in the order of a sound. `prior` is how
    much of its codes stands in the corpus, `corpus` how much of each sound stands in another one.
    """
    played = played_columns(PriorCorpus(corpus, route), seed, MEASURED_SECONDS)
    clips = np.split(corpus.codes[0], corpus.offsets[1:-1])
    return {
        "seconds": MEASURED_SECONDS,
        "copied": longest_copy(played, corpus.offsets),
        "prior": found_in(corpus.codes[0, played], clips),
        "corpus": repeated_in(clips),
    }


def played_columns(shared: PriorCorpus, seed: int, seconds: float) -> np.ndarray:
    """Return the columns [n] of the corpus that the prior plays in turn, at its defaults."""
    source, settings, numbers = PriorSource(shared, seed, DEFAULT_MEL.frame_rate), SourceSettings(), []
    for _ in range(round(seconds * DEFAULT_MEL.frame_rate)):
        source.next(settings, None)
        numbers.append(source.playing)
    return np.array([column for (_, column), _ in groupby(numbers)])


def longest_copy(columns: np.ndarray, offsets: np.ndarray) -> int:
    """Return the longest run of columns [n] that follow one another in a clip of `offsets`."""
    longest = run = 1
    begins = set(offsets.tolist())
    for before, after in zip(columns[:-1].tolist(), columns[1:].tolist(), strict=True):
        run = run + 1 if after == before + 1 and after not in begins else 1
        longest = max(longest, run)
    return longest
