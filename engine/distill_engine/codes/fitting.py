"""Fit codebooks to the path of a corpus, and measure what each level carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton, frame_levels, heard_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.codes.code_order import order_of, sound_of
from distill_engine.codes.codebooks import Codebooks, Codes
from distill_engine.codes.columns import COLUMN_HOPS, columns_of, fit_projection, frames_of_columns, halved
from distill_engine.codes.residual_kmeans import encoded, kmeans, nearest
from distill_engine.codes.sizes import COMPONENTS, LEVELS, SIZES
from distill_engine.errors import CodesError

DEFAULT_LEVELS = 3  # of codebooks
QUIETER_NATS = (0.7, 1.4)  # gains (-6 and -12 dB) of the copies that codebooks are fitted to as well
QUIETER_EVERY = 6  # of whose columns one counts: more take entries from the corpus itself
FINE_BANDS = 8  # in a group, whose mean is the envelope
AT_ONCE = 1 << 14  # columns (13 minutes) that are held at once, and that books are fitted to at most
SHORT_SECONDS, LONG_SECONDS = 60.0, 600.0  # of a corpus: 64, 128 or 256 codes


@dataclass(frozen=True)
class CorpusCodes:
    """The codes of a corpus.

    `codes` [levels, C] are those of all clips, one after the other; `offsets` [clips + 1] are each
    clip's first column, and C.
    """

    books: Codebooks
    codes: Codes
    offsets: np.ndarray


def size_for(frames: int) -> int:
    """Return the codes of a level for a corpus of this many frames."""
    seconds = frames / DEFAULT_MEL.frame_rate
    return SIZES[0] if seconds < SHORT_SECONDS else SIZES[1] if seconds <= LONG_SECONDS else SIZES[2]


def check_shape(levels: int, size: int) -> None:
    """Raise CodesError for numbers of levels or codes that codebooks do not have."""
    if levels not in LEVELS or size not in SIZES:
        raise CodesError(f"codes have {_choices(LEVELS)} levels of {_choices(SIZES)}, not {levels} of {size}")


def fit_codes(  # parameters: the options of `distill codes fit`, and the components of trained codes
    skeleton: Skeleton,
    path: CorpusPath,
    *,
    levels: int = DEFAULT_LEVELS,
    size: int | None = None,
    components: int = COMPONENTS,
    seed: int = 0,
) -> CorpusCodes:
    """Fit codebooks to a corpus and to quieter copies of it, and encode it.

    Raises CodesError for numbers of levels or codes that codebooks do not have.
    """
    size = size_for(path.frames) if size is None else size
    check_shape(levels, size)
    whole, path = path, thinned(path)
    columns = _columns(skeleton, path, path.latents)
    copies = [columns] + [_quieter(skeleton, path, nats)[:, ::QUIETER_EVERY] for nats in QUIETER_NATS]
    projection = fit_projection(columns, components).halved()
    vectors = projection.down(np.concatenate(copies, axis=1))
    empty = Codebooks(projection, np.zeros((levels, size, 1), np.float32), skeleton.spread)
    return corpus_codes(whole, _books(skeleton, empty, vectors, seed))


def corpus_codes(path: CorpusPath, books: Codebooks) -> CorpusCodes:
    """Return the codes of a corpus's path in codebooks of its skeleton."""
    offsets = np.cumsum([0, *-(-np.diff(path.offsets) // COLUMN_HOPS)])
    codes = [encoded(part, books.books, books.beam) for part in components_of(path, books)]
    return CorpusCodes(books, np.concatenate(codes, axis=1), offsets)


def components_of(path: CorpusPath, books: Codebooks) -> Iterator[Float32Array]:
    """Yield the components [n, K] of the columns of a path, AT_ONCE at a time."""
    frames = frames_of_columns(path.offsets)
    for start in range(0, len(frames), AT_ONCE):
        columns = columns_of(path.latents[:, frames[start : start + AT_ONCE].ravel()], books.spread)
        yield books.projection.down(columns)


def thinned(path: CorpusPath) -> CorpusPath:
    """Return every second column, or third ... of a path with more than AT_ONCE, as a path.

    Of its arrays only latents and offsets are made anew.
    """
    frames = frames_of_columns(path.offsets)
    every = -(-len(frames) // AT_ONCE)
    if every == 1:
        return path
    kept = frames[::every]
    counts = np.bincount(path.clip_of[kept[:, 0]], minlength=len(path.offsets) - 1) * COLUMN_HOPS
    return replace(path, latents=path.latents[:, kept.ravel()], offsets=np.cumsum([0, *counts[counts > 0]]))


def _choices(values: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, values[:-1]))} or {values[-1]}"


def _columns(skeleton: Skeleton, path: CorpusPath, latents: npt.NDArray[np.floating[Any]]) -> Float64Array:
    """Return the columns [4 * D, C] of a path's latents [D, T], clip by clip."""
    clips = np.split(latents, path.offsets[1:-1], axis=1)
    return np.concatenate([columns_of(clip, skeleton.spread) for clip in clips], axis=1)


def _quieter(skeleton: Skeleton, path: CorpusPath, nats: float) -> Float64Array:
    """Return the columns [4 * D, C] of a path at a lower gain, bounded by the floor."""
    mel = np.maximum(skeleton.decode(path.latents.astype(np.float64)) - nats, FLOOR)
    return _columns(skeleton, path, skeleton.encode(mel))


def _books(skeleton: Skeleton, empty: Codebooks, vectors: Float32Array, seed: int) -> Codebooks:
    """Return codebooks like `empty`, fitted to the components [N, K] of columns, in their order."""
    rng = np.random.default_rng([seed, 23])
    projection, books = empty.projection, []
    for level in range(empty.levels):
        book = kmeans(vectors, empty.size, rng)
        book = book[order_of(sound_of(skeleton, projection.up(book)))]
        book = halved(book)
        books.append(book)
        if level + 1 < empty.levels:
            vectors = vectors - book[nearest(vectors, book)]
    return Codebooks(projection, np.stack(books), empty.spread)


def figures(skeleton: Skeleton, path: CorpusPath, corpus: CorpusCodes) -> dict[str, Any]:
    """Return what codes reach on their corpus, for the manifest.

    `error` is the mean L1 in nats of heard frames, through 1, 2 ... levels; `perplexity` and `used`
    (share of the codes) are by level, of heard columns; `loudness`, `spectrum` and `fine` are the
    shares of the variance of level, of spectral shape and of what groups of FINE_BANDS bands hide
    of it, that are explained through 1, 2 ... levels.
    """
    every = -(-corpus.codes.shape[1] // AT_ONCE)
    if every > 1:
        path = thinned(path)
        corpus = CorpusCodes(corpus.books, corpus.codes[:, ::every], path.offsets // COLUMN_HOPS)
    columns = corpus.codes.shape[1]
    frames = np.concatenate([np.arange(a, b) for a, b in _spans(path, corpus)])
    mel = skeleton.decode(path.latents.astype(np.float64))
    level = frame_levels(mel)
    peaks = np.maximum.reduceat(level, path.offsets[:-1])[path.clip_of]
    heard = heard_levels(level, peaks)
    kinds = ("error", "perplexity", "used", "loudness", "spectrum", "fine")
    found: dict[str, Any] = {kind: [] for kind in kinds}
    heard_columns = np.zeros(columns, bool)
    heard_columns[frames[heard] // COLUMN_HOPS] = True
    if not heard.any():
        return found
    for count in range(1, corpus.books.levels + 1):
        shares = [1.0] * count + [0.0] * (corpus.books.levels - count)
        decoded = np.maximum(skeleton.decode(corpus.books.decode(corpus.codes, shares)[:, frames]), FLOOR)
        found["error"].append(round(float(np.abs(decoded - mel)[:, heard].mean()), 4))
        used = np.bincount(corpus.codes[count - 1][heard_columns], minlength=corpus.books.size)
        share = used[used > 0] / used.sum()
        found["perplexity"].append(round(float(np.exp(-(share * np.log(share)).sum())), 1))
        found["used"].append(
            round(float((np.bincount(corpus.codes[count - 1], minlength=corpus.books.size) > 0).mean()), 3)
        )
        found["loudness"].append(_explained(level[heard][None], frame_levels(decoded)[heard][None]))
        shape, got = mel - mel.mean(axis=0), decoded - decoded.mean(axis=0)
        found["spectrum"].append(_explained(shape[:, heard], got[:, heard]))
        found["fine"].append(_explained(_fine(shape[:, heard]), _fine(got[:, heard])))
    return found


def _fine(mel: Float64Array) -> Float64Array:
    """Return a mel [bands, T] less the means of groups of its bands: harmonics, not envelopes."""
    starts = np.arange(0, len(mel), FINE_BANDS)
    sizes = np.diff([*starts, len(mel)])
    means = np.add.reduceat(mel, starts, axis=0) / sizes[:, None]
    return np.asarray(mel - np.repeat(means, sizes, axis=0))


def _spans(path: CorpusPath, corpus: CorpusCodes) -> list[tuple[int, int]]:
    """Return for each clip the first and last place of its frames among those of all columns."""
    starts, lengths = corpus.offsets[:-1] * COLUMN_HOPS, np.diff(path.offsets)
    return [(int(start), int(start + length)) for start, length in zip(starts, lengths, strict=True)]


def _explained(wanted: Float64Array, found: Float64Array) -> float:
    """Return the share of the variance of values [n, T] over time that others [n, T] explain."""
    variance = float(np.square(wanted - wanted.mean(axis=1, keepdims=True)).sum())
    return round(max(0.0, 1.0 - float(np.square(wanted - found).sum()) / max(variance, 1e-9)), 3)
