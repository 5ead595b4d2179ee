"""Spectral shapes of latents: what is left of a sound when its level is taken away, and the level.

A shape is a linear map of a latent, so that a path and a live input are compared in the same
numbers. The level counts little: a faint sound is best followed by a stretch that is faint, since
the floor of a mel cuts both alike. All of it is float64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from distill_engine.analysis.stretches.path import CONTEXT_HOPS, KEY_LATENTS, CorpusPath, quantised
from distill_engine.analysis.stretches.skeleton import Skeleton, heard_levels
from distill_engine.audio.arrays import Float64Array

CHUNK = 8192  # frames of a path that are widened at once
LEAST_DEVIATION = 1e-3  # sigma of a shape, so that one that never varies does not count
LEVEL_NATS = 0.35  # that count as a standard deviation of a shape
RISE_HOPS = 16  # after an attack within which a sound has risen
RISEN_NATS = 1.5  # below the loudest of these hops, from which on it has


@dataclass(frozen=True)
class Shapes:
    """The map from latents to 15 whitened numbers of a shape and one of its level.

    `matrix` [16, D], `offset` [16]. A model of fewer latents has zeros among the 15.
    """

    matrix: Float64Array
    offset: Float64Array

    def of(self, latents: Float64Array) -> Float64Array:
        """Return the shapes [16, n] of latents [D, n], in standard deviations of the corpus's."""
        return np.asarray(self.matrix @ latents - self.offset[:, None])

    def of_path(self, path: CorpusPath) -> Float64Array:
        """Return the shapes [16, N] of all frames of a path."""
        starts = range(0, path.frames, CHUNK)
        return np.concatenate([self.of(path.latents[:, i : i + CHUNK].astype(np.float64)) for i in starts], axis=1)


def shapes_of(skeleton: Skeleton, path: CorpusPath) -> Shapes:
    """Fit the map to the frames of a path that are heard."""
    basis, spread = skeleton.basis.astype(np.float64), skeleton.spread.astype(np.float64)
    sums = basis.sum(axis=0)
    level = sums * spread / len(basis)  # of a latent: the mean over bands, in nats
    matrix = np.eye(KEY_LATENTS, len(spread))
    matrix[: len(spread)] -= np.outer((sums / spread)[:KEY_LATENTS], level)
    matrix[-1] = level
    raw = Shapes(matrix, np.zeros(KEY_LATENTS)).of_path(path)[:, _heard(path)]
    deviation = np.maximum(raw.std(axis=1), LEAST_DEVIATION)
    deviation[-1] = LEVEL_NATS
    return Shapes(matrix / deviation[:, None], raw.mean(axis=1) / deviation)


def _heard(path: CorpusPath) -> np.ndarray:
    """Return which frames [N] are heard; all, where none is."""
    levels = path.levels.astype(np.float64)
    heard = heard_levels(levels, levels.max())
    return heard if heard.any() else np.ones(len(levels), bool)


def shaped_path(path: CorpusPath, shapes: Shapes) -> CorpusPath:
    """Return a path whose keys are shapes, and whose attacks begin where sounds have risen."""
    now = quantised(shapes.of_path(path))
    starts = path.offsets[:-1][path.clip_of]
    before = now[:, np.maximum(np.arange(path.frames) - CONTEXT_HOPS, starts)]
    return replace(path, keys=np.concatenate([now, before]), attacks=_risen(path))


def _risen(path: CorpusPath) -> np.ndarray:
    """Return the frame [A] after each attack at which its sound is no longer faint."""
    ends = path.offsets[1:][path.clip_of]
    found = []
    for attack in path.attacks:
        levels = path.levels[attack : min(attack + RISE_HOPS, ends[attack])].astype(np.float64)
        found.append(attack + int(np.argmax(levels >= levels.max() - RISEN_NATS)))
    return np.array(sorted(set(found)), np.int64)
