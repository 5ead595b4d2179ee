"""Edits of sequences. Columns that move keep their sound exactly; new codes sound as the books do.

A range is (first, end) in columns, end not included.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array
from distill_engine.codes.codebooks import Codebooks, Codes
from distill_engine.codes.columns import COLUMN_HOPS, columns_of
from distill_engine.codes.fitting import CorpusCodes
from distill_engine.codes.residual_kmeans import nearest
from distill_engine.codes.sequence import CodeSequence, check_columns, check_range, decode_sequence
from distill_engine.errors import CodesError

Range = tuple[int, int]


def checked_range(sequence: CodeSequence, columns: Range) -> Range:
    """Return a range of a sequence. Raises CodesError for an empty one, or one beyond the end."""
    check_range(columns, sequence.columns)
    return columns


def set_codes(sequence: CodeSequence, books: Codebooks, level: int, columns: Range, code: int) -> CodeSequence:
    """Set a level's code in a range. Raises CodesError for a level or code that is not there."""
    check_level(books, level)
    _check_code(books, code)
    return _changed(sequence, level, columns, lambda codes: np.full_like(codes, code))


def shift_codes(sequence: CodeSequence, books: Codebooks, level: int, columns: Range, steps: int) -> CodeSequence:
    """Move a level's codes along their order, as far as it goes."""
    check_level(books, level)
    steps = min(max(steps, -books.size), books.size)
    return _changed(sequence, level, columns, lambda codes: np.clip(codes + steps, 0, books.size - 1))


def replace_code(
    sequence: CodeSequence, books: Codebooks, level: int, columns: Range, old: int, new: int
) -> CodeSequence:
    """Replace one code of a level by another, wherever the range has it."""
    check_level(books, level)
    for code in (old, new):
        _check_code(books, code)
    return _changed(sequence, level, columns, lambda codes: np.where(codes == old, new, codes))


def nearest_codes(sequence: CodeSequence, books: Codebooks, level: int, columns: Range, rank: int = 1) -> CodeSequence:
    """Replace each code of a level by the one that is `rank`-th nearest to it in sound, from 1.

    Raises CodesError for a level, range or rank that is not there.
    """
    check_level(books, level)
    if not 1 <= rank < books.size:
        raise CodesError(f"rank {rank}: a code has 1 to {books.size - 1} neighbours")
    book = books.books[level].astype(np.float64)
    distances = np.square(book[:, None] - book[None]).sum(axis=2)
    np.fill_diagonal(distances, -1.0)  # itself comes first, also before an equal entry
    order = distances.argsort(axis=1, kind="stable")
    return _changed(sequence, level, columns, lambda codes: order[codes, rank])


def randomise(sequence: CodeSequence, corpus: CorpusCodes, level: int, columns: Range, seed: int) -> CodeSequence:
    """Draw a level's codes anew, from corpus columns that have the same code on the level above.

    Level 0 draws from what follows the code before it in the corpus.
    """
    check_level(corpus.books, level)
    first, end = checked_range(sequence, columns)
    rng, codes = np.random.default_rng([seed, level]), sequence.codes.copy()
    inside = np.ones(corpus.codes.shape[1], bool)
    inside[corpus.offsets[:-1]] = False  # no column comes before a clip's first
    for column in range(first, end):
        if level:
            candidates = np.flatnonzero(corpus.codes[level - 1] == codes[level - 1, column])
        else:
            before = codes[0, column - 1] if column else -1
            candidates = np.flatnonzero(inside & (np.roll(corpus.codes[0], 1) == before))
        pool = candidates if len(candidates) else np.arange(corpus.codes.shape[1])
        codes[level, column] = corpus.codes[level, rng.choice(pool)]
    return sequence.with_codes(codes)


def swap_level(sequence: CodeSequence, other: CodeSequence, level: int, columns: Range) -> CodeSequence:
    """Take a level's codes from another sequence, as far as that goes.

    Raises CodesError for a range behind its end.
    """
    first, end = _shared_range(sequence, other, columns)
    codes = sequence.codes.copy()
    codes[level, first:end] = other.codes[level, first:end]
    return sequence.with_codes(codes)


def _shared_range(sequence: CodeSequence, other: CodeSequence, columns: Range) -> Range:
    """Return the part of a range that another sequence has too. Raises CodesError without one."""
    first, end = checked_range(sequence, columns)
    if first >= other.columns:
        raise CodesError(f"column {first} is not there: the other sequence has columns 0 to {other.columns - 1}")
    return first, min(end, other.columns)


def _spliced(sequence: CodeSequence, part: CodeSequence, first: int) -> CodeSequence:
    """Return the sequence with `part` in place of as many columns from `first` on."""
    codes, residual = sequence.codes.copy(), np.array(sequence.residual, np.float64)
    codes[:, first : first + part.columns] = part.codes
    residual[:, COLUMN_HOPS * first : COLUMN_HOPS * (first + part.columns)] = part.residual
    return CodeSequence(codes, residual)


def reverse(sequence: CodeSequence, columns: Range) -> CodeSequence:
    """Reverse a range's columns."""
    first, end = checked_range(sequence, columns)
    order = np.arange(sequence.columns)
    order[first:end] = order[first:end][::-1]
    return sequence.taken(order)


def paste(sequence: CodeSequence, columns: Range, at: int) -> CodeSequence:
    """Copy a range over what begins at column `at`; the sequence grows where it must."""
    first, end = checked_range(sequence, columns)
    if not 0 <= at <= sequence.columns:
        raise CodesError(f"column {at}: give 0 to {sequence.columns}, the end of the sequence")
    order = np.arange(sequence.columns)
    after = order[min(at + end - first, sequence.columns) :]
    return sequence.taken(np.concatenate([order[:at], order[first:end], after]))


def repeat(sequence: CodeSequence, columns: Range, times: int) -> CodeSequence:
    """Play a range `times` times in all; what follows comes later. 0 leaves it out."""
    first, end = checked_range(sequence, columns)
    count = sequence.columns + (end - first) * (times - 1)
    if times < 0 or not count:
        raise CodesError(f"{times} times leave no column: give at least 1")
    check_columns(count)
    order = np.arange(sequence.columns)
    return sequence.taken(np.concatenate([order[:first], np.tile(order[first:end], times), order[end:]]))


def blend(books: Codebooks, one: CodeSequence, other: CodeSequence, share: float) -> CodeSequence:
    """Mix the latents of two sequences, `share` of the other (0 to 1), and snap the mix to codes.

    It is as long as the shorter one.
    """
    if not 0.0 <= share <= 1.0:
        raise CodesError(f"a blend of {share:g}: give a share of the second sound, 0 to 1")
    count = min(one.columns, other.columns)
    keep = np.arange(count)
    first, second = (decode_sequence(books, sequence.taken(keep)) for sequence in (one, other))
    if share in (0.0, 1.0):
        return (other if share else one).taken(keep)
    codes = books.encode(first + share * (second - first))
    return CodeSequence(codes, np.zeros(first.shape, np.float32))


def blend_in(
    books: Codebooks, sequence: CodeSequence, other: CodeSequence, columns: Range, share: float
) -> CodeSequence:
    """Mix a range with the same columns of another sequence, as far as that goes; see `blend`."""
    first, end = _shared_range(sequence, other, columns)
    inside = np.arange(first, end)
    return _spliced(sequence, blend(books, sequence.taken(inside), other.taken(inside), share), first)


def play_like(books: Codebooks, sequence: CodeSequence, other: CodeSequence, columns: Range) -> CodeSequence:
    """Let a range sound like another sequence and keep its movement; see `transfer`."""
    first, end = checked_range(sequence, columns)
    return _spliced(sequence, transfer(books, sequence.taken(np.arange(first, end)), other), first)


def transfer(books: Codebooks, movement: CodeSequence, sound: CodeSequence) -> CodeSequence:
    """Play one sound's columns in the movement of another.

    The movement's latents get the sound's mean and spread; each column becomes the sound's own
    column that is nearest.
    """
    source, to = decode_sequence(books, movement), decode_sequence(books, sound)
    scale = to.std(axis=1, keepdims=True) / np.maximum(source.std(axis=1, keepdims=True), 1e-6)
    moved = to.mean(axis=1, keepdims=True) + (source - source.mean(axis=1, keepdims=True)) * scale
    return sound.taken(_nearest_columns(books, moved, to))


def _nearest_columns(books: Codebooks, wanted: Float64Array, there: Float64Array) -> npt.NDArray[np.int64]:
    """Return the column [C] of latents `there` [D, T] nearest to each of `wanted` [D, U]."""
    down = books.projection.down
    return nearest(down(columns_of(wanted, books.spread)), down(columns_of(there, books.spread)))


def _check_code(books: Codebooks, code: int) -> None:
    if not 0 <= code < books.size:
        raise CodesError(f"code {code}: the model's codes are 0 to {books.size - 1}")


def check_level(books: Codebooks, level: int) -> None:
    """Raise CodesError for a level that the codebooks do not have."""
    if not 0 <= level < books.levels:
        raise CodesError(f"level {level}: the model has levels 0 to {books.levels - 1}: {', '.join(books.names)}")


def _changed(sequence: CodeSequence, level: int, columns: Range, change: Callable[[Codes], Codes]) -> CodeSequence:
    first, end = checked_range(sequence, columns)
    codes = sequence.codes.copy()
    codes[level, first:end] = change(codes[level, first:end])
    return sequence.with_codes(codes)
