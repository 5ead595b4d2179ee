"""Residual k-means: a codebook for vectors, then one for what it leaves, and so on.

Seeding by k-means++ (Arthur and Vassilvitskii 2007) on a sample of the vectors. An entry that loses
all its vectors begins anew at the vector that is farthest from its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array

ROUNDS = 24  # of Lloyd's iteration, at most
SEEDING_VECTORS = 8192  # that seeds are drawn from
SETTLED = 1e-3  # share of vectors that still change: fewer end the iteration
_ROWS = 8192  # vectors whose distances are held at once


def nearest(vectors: Float32Array, book: Float32Array) -> npt.NDArray[np.int64]:
    """Return the index [N] of the entry of a book [K, D] nearest to each vector [N, D]."""
    half = 0.5 * np.einsum("kd,kd->k", book, book)
    parts = [vectors[start : start + _ROWS] @ book.T - half for start in range(0, len(vectors), _ROWS)]
    return np.concatenate([part.argmax(axis=1) for part in parts]) if parts else np.zeros(0, np.int64)


def kmeans(vectors: Float32Array, size: int, rng: np.random.Generator) -> Float32Array:
    """Return a book [size, D] for vectors [N, D], N at least 1; with few vectors entries repeat."""
    book = _seeds(vectors, size, rng)
    codes = nearest(vectors, book)
    for _ in range(ROUNDS):
        counts = np.bincount(codes, minlength=size)
        used = counts > 0
        starts = np.cumsum(counts)[used] - counts[used]
        sums = np.add.reduceat(vectors[np.argsort(codes, kind="stable")], starts, axis=0)
        book[used] = sums / counts[used, None].astype(np.float32)
        if not used.all():
            apart = np.square(vectors - book[codes]).sum(axis=1)
            farthest = np.argsort(-apart, kind="stable")[: int((~used).sum())]
            book[np.flatnonzero(~used)[: len(farthest)]] = vectors[farthest]
        after = nearest(vectors, book)
        changed = float(np.mean(after != codes))
        codes = after
        if changed < SETTLED and used.all():
            break
    return book


def _seeds(vectors: Float32Array, size: int, rng: np.random.Generator) -> Float32Array:
    """Return entries [size, D] drawn from vectors [N, D], far ones more likely."""
    if len(vectors) > SEEDING_VECTORS:
        vectors = vectors[rng.choice(len(vectors), SEEDING_VECTORS, replace=False)]
    chosen = [int(rng.integers(len(vectors)))]
    apart = np.square(vectors - vectors[chosen[0]]).sum(axis=1, dtype=np.float64)
    while len(chosen) < size:
        total = apart.sum()
        share = apart / total if total > 0 else np.full(len(vectors), 1.0 / len(vectors))
        chosen.append(int(rng.choice(len(vectors), p=share)))
        apart = np.minimum(apart, np.square(vectors - vectors[chosen[-1]]).sum(axis=1, dtype=np.float64))
    return vectors[chosen].copy()
