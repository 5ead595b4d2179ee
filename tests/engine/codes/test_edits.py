"""Edits of code sequences: what they change, what they leave, and what they refuse."""

import numpy as np
import pytest

from distill_engine.codes import edits
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import fit_projection
from distill_engine.codes.fitting import CorpusCodes
from distill_engine.codes.sequence import CodeSequence, decode_sequence, encode_sequence
from distill_engine.errors import CodesError

RNG = np.random.default_rng(0)
SPREAD = np.ones(4, np.float32)
BOOKS = Codebooks(
    fit_projection(RNG.standard_normal((16, 100))), RNG.standard_normal((3, 64, 16)).astype(np.float32), SPREAD
)
LATENTS = RNG.standard_normal((4, 38)).astype(np.float32)
SEQUENCE = encode_sequence(BOOKS, LATENTS)
CORPUS = CorpusCodes(BOOKS, RNG.integers(0, 64, (3, 50)), np.array([0, 20, 50]))


def changed(after: CodeSequence, before: CodeSequence = SEQUENCE) -> list[int]:
    """The columns that sound otherwise."""
    differs = np.abs(decode_sequence(BOOKS, after) - decode_sequence(BOOKS, before)) > 1e-6
    return np.flatnonzero(differs.any(axis=0).reshape(-1, 4).any(axis=1)).tolist()


def test_what_is_not_edited_sounds_as_it_did():
    assert SEQUENCE.columns == 10
    assert np.abs(decode_sequence(BOOKS, SEQUENCE)[:, :38] - LATENTS).max() < 1e-6
    assert changed(SEQUENCE.with_codes(SEQUENCE.codes.copy())) == []


def test_codes_are_set_shifted_and_replaced_in_a_range_alone():
    after = edits.set_codes(SEQUENCE, BOOKS, 1, (2, 5), 7)
    assert after.codes[1, 2:5].tolist() == [7, 7, 7]
    assert set(changed(after)) <= {2, 3, 4}
    assert np.array_equal(after.codes[[0, 2]], SEQUENCE.codes[[0, 2]])
    shifted = edits.shift_codes(SEQUENCE, BOOKS, 0, (0, 10), 100)
    assert (shifted.codes[0] == 63).all()
    old = int(SEQUENCE.codes[2, 3])
    replaced = edits.replace_code(SEQUENCE, BOOKS, 2, (0, 10), old, (old + 1) % 64)
    assert not (replaced.codes[2] == old).any()


def test_codes_are_replaced_by_their_nearest_neighbours():
    book = BOOKS.books[1]
    for rank in (1, 5):
        after = edits.nearest_codes(SEQUENCE, BOOKS, 1, (2, 6), rank)
        assert np.array_equal(after.codes[[0, 2]], SEQUENCE.codes[[0, 2]])
        for old, new in zip(SEQUENCE.codes[1, 2:6], after.codes[1, 2:6], strict=True):
            distances = np.linalg.norm(book - book[old], axis=1)
            assert (distances < distances[new]).sum() == rank


def test_columns_that_move_keep_their_sound():
    sound = decode_sequence(BOOKS, SEQUENCE).reshape(4, 10, 4)
    backwards = decode_sequence(BOOKS, edits.reverse(SEQUENCE, (3, 6))).reshape(4, 10, 4)
    assert np.allclose(backwards[:, 3:6], sound[:, 3:6][:, ::-1])
    pasted = edits.paste(SEQUENCE, (0, 4), 8)
    assert pasted.columns == 12
    assert np.allclose(decode_sequence(BOOKS, pasted).reshape(4, 12, 4)[:, 8:], sound[:, :4])
    repeated = edits.repeat(SEQUENCE, (2, 4), 3)
    assert repeated.columns == 14
    assert np.array_equal(repeated.codes[:, 2:8], np.tile(SEQUENCE.codes[:, 2:4], 3))
    assert edits.repeat(SEQUENCE, (2, 4), 0).columns == 8


def test_random_codes_come_from_the_corpus_and_repeat():
    for level in range(3):
        one, other = (edits.randomise(SEQUENCE, CORPUS, level, (0, 10), 5) for _ in range(2))
        assert np.array_equal(one.codes, other.codes)
        assert np.isin(one.codes[level], CORPUS.codes[level]).all()
    assert not np.array_equal(one.codes, edits.randomise(SEQUENCE, CORPUS, 2, (0, 10), 6).codes)


def test_a_level_of_another_sequence_is_taken_as_far_as_it_goes():
    other = encode_sequence(BOOKS, LATENTS[:, ::-1][:, :20])
    after = edits.swap_level(SEQUENCE, other, 1, (0, 10))
    assert np.array_equal(after.codes[1, :5], other.codes[1])
    assert np.array_equal(after.codes[1, 5:], SEQUENCE.codes[1, 5:])


def test_a_blend_is_one_or_the_other_at_its_ends_and_between_otherwise():
    other = encode_sequence(BOOKS, 2 * LATENTS[:, ::-1][:, :32])
    assert np.array_equal(edits.blend(BOOKS, SEQUENCE, other, 0.0).codes, SEQUENCE.codes[:, :8])
    assert np.array_equal(edits.blend(BOOKS, SEQUENCE, other, 1.0).codes, other.codes)
    half = edits.blend(BOOKS, SEQUENCE, other, 0.5)
    assert half.columns == 8
    assert not half.residual.any()


def test_a_range_is_mixed_with_the_same_columns_of_another():
    other = encode_sequence(BOOKS, RNG.standard_normal((4, 24)).astype(np.float32))
    half = edits.blend_in(BOOKS, SEQUENCE, other, (2, 10), 0.5)
    assert half.columns == 10
    assert set(changed(half)) <= {2, 3, 4, 5}
    assert np.array_equal(half.codes[:, 2:6], edits.blend(BOOKS, SEQUENCE, other, 0.5).codes[:, 2:6])
    assert np.array_equal(edits.blend_in(BOOKS, SEQUENCE, other, (1, 3), 1.0).codes[:, 1:3], other.codes[:, 1:3])


def test_a_range_sounds_like_another_and_the_rest_as_before():
    other = encode_sequence(BOOKS, RNG.standard_normal((4, 24)).astype(np.float32))
    after = edits.play_like(BOOKS, SEQUENCE, other, (3, 7))
    assert set(changed(after)) <= {3, 4, 5, 6}
    own = {tuple(column) for column in other.codes.T}
    assert {tuple(column) for column in after.codes[:, 3:7].T} <= own


def test_a_transfer_plays_columns_of_the_sound_alone():
    sound = encode_sequence(BOOKS, RNG.standard_normal((4, 60)).astype(np.float32))
    made = edits.transfer(BOOKS, SEQUENCE, sound)
    assert made.columns == SEQUENCE.columns
    pool = {tuple(column) for column in decode_sequence(BOOKS, sound).T.round(5).tolist()}
    assert all(tuple(column) in pool for column in decode_sequence(BOOKS, made).T.round(5).tolist())
    itself = edits.transfer(BOOKS, sound, sound)
    assert np.array_equal(itself.codes, sound.codes)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda: edits.set_codes(SEQUENCE, BOOKS, 3, (0, 1), 0), "levels 0 to 2"),
        (lambda: edits.set_codes(SEQUENCE, BOOKS, 0, (0, 1), 64), "0 to 63"),
        (lambda: edits.replace_code(SEQUENCE, BOOKS, 0, (0, 1), 3, -1), "0 to 63"),
        (lambda: edits.nearest_codes(SEQUENCE, BOOKS, 0, (0, 1), 64), "1 to 63 neighbours"),
        (lambda: edits.reverse(SEQUENCE, (4, 4)), "the end is 5 to 10"),
        (lambda: edits.reverse(SEQUENCE, (4, 11)), "the end is 5 to 10"),
        (lambda: edits.paste(SEQUENCE, (0, 1), 11), "give 0 to 10"),
        (lambda: edits.repeat(SEQUENCE, (0, 10), 0), "no column"),
        (lambda: edits.repeat(SEQUENCE, (0, 10), 1 << 20), "more than a sequence holds"),
        (lambda: edits.blend(BOOKS, SEQUENCE, SEQUENCE, 1.5), "0 to 1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(edit, words):
    with pytest.raises(CodesError, match=words):
        edit()
