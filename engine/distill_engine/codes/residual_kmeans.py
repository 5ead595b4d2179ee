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
SPREADING_ROUNDS = 2  # of giving unused entries to vectors: later levels change what earlier ones need
_ROWS = 8192  # vectors whose distances are held at once
_SEARCHED = 512  # the same where several sums a vector go on


def nearest(vectors: Float32Array, book: Float32Array) -> npt.NDArray[np.int64]:
    """Return the index [N] of the entry of a book [K, D] nearest to each vector [N, D]."""
    half = 0.5 * np.einsum("kd,kd->k", book, book)
    parts = [vectors[start : start + _ROWS] @ book.T - half for start in range(0, len(vectors), _ROWS)]
    return np.concatenate([part.argmax(axis=1) for part in parts]) if parts else np.zeros(0, np.int64)


def encoded(vectors: Float32Array, books: Float32Array, beam: int = 1) -> npt.NDArray[np.int64]:
    """Return the entries [levels, N] of books [levels, K, D] whose sum is near each vector [N, D].

    At each level the `beam` nearest sums go on, so a later level can make up for an entry that is
    not the nearest. With 1 every level takes its nearest entry.
    """
    if beam > 1 and len(vectors):
        parts = [_searched(vectors[at : at + _SEARCHED], books, beam) for at in range(0, len(vectors), _SEARCHED)]
        return np.concatenate(parts, axis=1)
    codes = np.zeros((len(books), len(vectors)), np.int64)
    for level, book in enumerate(books):
        codes[level] = nearest(vectors, book)
        vectors = vectors - book[codes[level]]
    return codes


def _searched(vectors: Float32Array, books: Float32Array, beam: int) -> npt.NDArray[np.int64]:
    left, found = vectors[:, None], np.zeros((len(vectors), 1, 0), np.int64)  # of each sum that goes on
    for level, book in enumerate(books):
        apart = np.square(left).sum(axis=2, keepdims=True) - 2.0 * left @ book.T + np.square(book).sum(axis=1)
        apart, kept = apart.reshape(len(vectors), -1), beam if level + 1 < len(books) else 1
        best = np.argpartition(apart, kept - 1, axis=1)[:, :kept]
        parent, entry = best // len(book), best % len(book)
        left = np.take_along_axis(left, parent[..., None], axis=1) - book[entry]
        found = np.concatenate([np.take_along_axis(found, parent[..., None], axis=1), entry[..., None]], axis=2)
    return np.asarray(found[:, 0].T)


def spread_out(books: Float32Array, vectors: Float32Array, beam: int = 1) -> Float32Array:
    """Return books [levels, K, D] of which vectors [N, D] use nearly every entry.

    Level by level, entries that no vector uses become what the vectors need that are worst off.
    """
    books = books.copy()
    for level in SPREADING_ROUNDS * tuple(range(len(books))):
        book, codes = books[level], encoded(vectors, books, beam)
        left = vectors - sum(one[code] for one, code in zip(books, codes, strict=True))
        wanted, apart = left + book[codes[level]], np.square(left).sum(axis=1)
        for entry in np.setdiff1d(np.arange(len(book)), codes[level]):
            worst = int(apart.argmax())
            book[entry] = wanted[worst]
            apart = np.minimum(apart, np.square(wanted - wanted[worst]).sum(axis=1))
    return books


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
