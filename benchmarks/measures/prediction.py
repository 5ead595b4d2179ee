"""How well the codes of held-out clips are predicted: by shares, by Markov models, by the prior."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codes import split
from measures.kneser_ney import KneserNey

if TYPE_CHECKING:
    from distill_engine.codes.fitting import CorpusCodes

MOST_ORDER = 5
"""Codes before the next one that the model of variable order looks at."""


def prediction(folder: Path) -> dict[str, float]:
    """Return the nats a column of a corpus's held-out clips, by each way."""
    from distill_engine.analysis.stretches.path import make_path, without_pitch
    from distill_engine.analysis.stretches.skeleton import fit_skeleton, frame_statistics
    from distill_engine.codes.fitting import fit_codes
    from distill_engine.codes.prior import PLAYED_STRENGTH, STRENGTH, MarkovPrior
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.training.latent.skeleton_start import base_statistics

    fitted, held_out = split(folder)
    skeleton = fit_skeleton(frame_statistics(fitted, heard=True), base_statistics(), skeleton_config().latent_dim)
    path = make_path(skeleton, without_pitch(fitted))
    corpus = fit_codes(skeleton, path)
    clips = [corpus.books.encode(skeleton.encode(mel))[0] for mel in held_out]
    unigram, bigram = baselines(corpus, clips)
    weights = [len(clip) + 1 for clip in clips]
    trained, end = np.split(corpus.codes[0], corpus.offsets[1:-1]), corpus.books.size
    texts, unseen = ([clip.tolist() for clip in part] for part in (trained, clips))
    variable = {order: KneserNey(texts, end, order).nats(unseen) for order in range(1, MOST_ORDER + 1)}
    best = min(variable, key=lambda order: variable[order])
    priors = [MarkovPrior(corpus, strength) for strength in (STRENGTH, PLAYED_STRENGTH)]
    nats = [float(np.average([prior.nats(clip) for clip in clips], weights=weights)) for prior in priors]
    return {
        "clips": len(clips),
        "unigram": unigram,
        "bigram": bigram,
        "variable": variable[best],
        "order": best,
        "prior": nats[0],
        "played": nats[1],
    }


def baselines(corpus: CorpusCodes, clips: list[np.ndarray]) -> tuple[float, float]:
    """Return the nats a column of held-out codes [C], by shares alone and by the code before.

    Both are smoothed with the same strength as the prior.
    """
    from distill_engine.codes.prior import STRENGTH

    size = corpus.books.size
    counts = np.zeros((size + 1, size + 1))  # number `size`: where a clip begins, and where it ends

    def pairs(clip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate([[size], clip]), np.concatenate([clip, [size]])

    for clip in np.split(corpus.codes[0], corpus.offsets[1:-1]):
        np.add.at(counts, pairs(clip), 1)
    shares = (counts.sum(axis=0) + STRENGTH / (size + 1)) / (counts.sum() + STRENGTH)
    after = (counts + STRENGTH * shares) / (counts.sum(axis=1, keepdims=True) + STRENGTH)
    before, found = (np.concatenate(parts) for parts in zip(*map(pairs, clips), strict=True))
    return float(-np.log(shares[found]).mean()), float(-np.log(after[before, found]).mean())
