"""The kinds of sound in a corpus: groups of frames that are alike, the same on every processor.

All sums are of integers: squared distances of keys stay below 2^24, which float32 products give
exactly. Equal distances are ordered by number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array

KINDS = 32  # at most
FIRST_KEY = 1  # the first latent is mostly the level
ROUNDS = 20  # of k-means
SAMPLED_FRAMES = 8_192  # from which the centres are found
CHUNK_FRAMES = 16_384  # that are compared at once


def kinds_of(keys: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Return the kind [N] of each frame, from its keys [K, N] (whitened latents, level first).

    Kinds are numbered from 0, each has a frame. K-means (Lloyd 1982) with whole-numbered centres
    that begin at frames evenly spaced in the path.
    """
    frames = np.ascontiguousarray(keys[FIRST_KEY:].T.astype(np.float32))  # [N, K - 1]
    sampled = frames[np.linspace(0, len(frames) - 1, min(len(frames), SAMPLED_FRAMES)).astype(np.int64)]
    centres = sampled[np.linspace(0, len(sampled) - 1, min(len(sampled), KINDS)).astype(np.int64)].copy()
    for _ in range(ROUNDS):
        members = (_nearest(sampled, centres)[:, None] == np.arange(len(centres))).astype(np.float32)
        counts = members.sum(axis=0)
        full = counts > 0
        centres[full] = np.rint((members.T @ sampled)[full] / counts[full, None])
    kinds = _nearest(frames, centres)
    used = np.bincount(kinds, minlength=len(centres)) > 0
    return (np.cumsum(used) - 1)[kinds]


def _nearest(frames: Float32Array, centres: Float32Array) -> npt.NDArray[np.int64]:
    """Return the number [N] of the centre [C, K] that is nearest to each frame [N, K]."""
    found = np.empty(len(frames), np.int64)
    squares = np.sum(np.square(centres), axis=1)
    for start in range(0, len(frames), CHUNK_FRAMES):
        part = frames[start : start + CHUNK_FRAMES]
        found[start : start + CHUNK_FRAMES] = np.argmin(squares - 2.0 * (part @ centres.T), axis=1)
    return found
