"""Columns, codebooks and their fit: what goes in comes out, and every code is used."""

from dataclasses import replace

import numpy as np
import pytest

from distill_engine.analysis.stretches.path import CorpusPath, make_path, without_pitch
from distill_engine.analysis.stretches.skeleton import FLOOR, FrameStatistics, Skeleton, fit_skeleton
from distill_engine.codes import fitting
from distill_engine.codes.code_order import order_of, sound_of
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import columns_of, fit_projection, latents_of
from distill_engine.codes.fitting import figures, fit_codes, size_for
from distill_engine.codes.residual_kmeans import encoded, kmeans, nearest, spread_out
from distill_engine.errors import CodesError

BANDS = 128


def mel_of(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Notes that decay: a few spectra, each with its level falling."""
    spectra = -4.0 - 0.02 * np.arange(BANDS)[:, None] + rng.normal(0, 1, (BANDS, 12))
    choice = np.repeat(rng.integers(0, 12, -(-frames // 20)), 20)[:frames]
    fall = 0.08 * (np.arange(frames) % 20)
    mel = spectra[:, choice] - fall + rng.normal(0, 0.05, (BANDS, frames))
    return np.maximum(mel, FLOOR).astype(np.float32)


@pytest.fixture(scope="module")
def skeleton() -> Skeleton:
    mel = mel_of(np.random.default_rng(0), 600).astype(np.float64)
    base = FrameStatistics(600, mel.mean(axis=1), np.cov(mel), mel.max(axis=1))
    return fit_skeleton(base, base, 16)


@pytest.fixture(scope="module")
def path(skeleton: Skeleton) -> CorpusPath:
    rng = np.random.default_rng(1)
    mels = [mel_of(rng, frames) for frames in (401, 402, 403, 404, 3)]
    return make_path(skeleton, without_pitch(mels))


def test_columns_hold_four_latents_and_give_them_back(skeleton: Skeleton) -> None:
    latents = np.random.default_rng(2).standard_normal((16, 10))
    columns = columns_of(latents, skeleton.spread)
    assert columns.shape == (64, 3)
    again = latents_of(columns, skeleton.spread)
    assert np.allclose(again[:, :10], latents)
    assert np.allclose(again[:, 10:], latents[:, -1:])


def test_a_projection_is_orthonormal_and_loses_nothing_of_few_dimensions() -> None:
    columns = np.random.default_rng(3).standard_normal((64, 200))
    projection = fit_projection(columns, 64)
    assert np.abs(projection.basis.T @ projection.basis - np.eye(64)).max() < 1e-5
    assert np.abs(projection.up(projection.down(columns)) - columns).max() < 1e-4


def test_kmeans_finds_separate_groups_and_leaves_no_entry_unused() -> None:
    rng = np.random.default_rng(4)
    centres = rng.normal(0, 10, (8, 5)).astype(np.float32)
    vectors = (np.repeat(centres, 50, axis=0) + rng.normal(0, 0.1, (400, 5))).astype(np.float32)
    book = kmeans(vectors, 8, np.random.default_rng(0))
    assert len(set(nearest(vectors, book).tolist())) == 8
    assert np.abs(vectors - book[nearest(vectors, book)]).max() < 1.0


def test_kmeans_takes_fewer_vectors_than_entries() -> None:
    vectors = np.eye(3, dtype=np.float32)
    book = kmeans(vectors, 64, np.random.default_rng(0))
    assert book.shape == (64, 3)
    assert np.array_equal(book[nearest(vectors, book)], vectors)


def test_a_wider_search_comes_nearer_and_one_sum_is_the_nearest_entry_of_each_level() -> None:
    rng = np.random.default_rng(5)
    vectors, books = (rng.standard_normal(shape).astype(np.float32) for shape in ((700, 8), (3, 64, 8)))

    def error(beam: int) -> float:
        codes = encoded(vectors, books, beam)
        return float(np.square(vectors - sum(book[code] for book, code in zip(books, codes, strict=True))).mean())

    assert error(1) > error(4) > error(16)
    assert np.array_equal(encoded(vectors, books)[0], nearest(vectors, books[0]))
    assert encoded(vectors[:0], books, 4).shape == (3, 0)


def test_each_level_comes_nearer_and_codes_repeat(skeleton: Skeleton, path: CorpusPath) -> None:
    corpus = fit_codes(skeleton, path)
    found = figures(skeleton, path, corpus)
    assert found["error"][0] > found["error"][1] > found["error"][2]
    assert all(used > 0.6 for used in found["used"])
    for kind in ("loudness", "spectrum", "fine"):
        assert 0 < found[kind][0] < found[kind][2] <= 1
    assert corpus.books.names == ("Structure", "Timbre", "Detail")
    assert corpus.codes.shape == (3, 101 + 101 + 101 + 101 + 1)
    again = fit_codes(skeleton, path)
    assert np.array_equal(again.codes, corpus.codes)
    assert np.array_equal(again.books.books, corpus.books.books)


def test_a_long_corpus_is_fitted_on_some_columns_and_encoded_whole(
    skeleton: Skeleton, path: CorpusPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = fit_codes(skeleton, path, size=64)
    whole = figures(skeleton, path, short)
    monkeypatch.setattr(fitting, "AT_ONCE", 200)
    again = fitting.corpus_codes(path, short.books)
    assert np.mean(again.codes == short.codes) > 0.999  # products of other sizes round otherwise
    assert np.array_equal(again.offsets, short.offsets)
    long = fit_codes(skeleton, path, size=64)
    assert long.codes.shape == short.codes.shape
    assert figures(skeleton, path, long)["error"][-1] < 1.25 * whole["error"][-1]
    assert figures(skeleton, path, short)["error"] == pytest.approx(whole["error"], rel=0.1)
    thin = fitting.thinned(path)
    assert (thin.frames, thin.offsets[-1]) == (4 * 135, 4 * 135)
    assert (np.diff(thin.offsets) > 0).all()


def test_what_is_stored_encodes_the_same(skeleton: Skeleton, path: CorpusPath) -> None:
    corpus = fit_codes(skeleton, path, levels=2, size=64)
    books = Codebooks.from_part(corpus.books.to_arrays(), skeleton.spread)
    clip = path.latents[:, : path.offsets[1]]
    assert np.array_equal(books.encode(clip), corpus.codes[:, : corpus.offsets[1]])
    assert np.array_equal(books.decode(corpus.codes), corpus.books.decode(corpus.codes))


@pytest.mark.parametrize("beam", [1, 4])
def test_books_that_are_spread_out_use_every_entry_and_come_nearer(beam: int) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((500, 8)).astype(np.float32)
    books = rng.standard_normal((3, 64, 8)).astype(np.float32)
    books[1:, 20:] += 30.0  # too far to be used
    spread = spread_out(books, vectors, beam)

    def left(books: np.ndarray) -> float:
        codes = encoded(vectors, books, beam)
        return float(np.square(vectors - sum(book[code] for book, code in zip(books, codes, strict=True))).mean())

    def used(books: np.ndarray) -> list[int]:
        return [len(np.unique(level)) for level in encoded(vectors, books, beam)]

    assert max(used(books)[1:]) <= 20
    assert min(used(spread)) >= 58
    assert left(spread) < 0.5 * left(books)
    assert np.array_equal(spread_out(books, vectors, beam), spread)
    few = spread_out(books, vectors[:3], beam)
    assert np.isfinite(few).all()


def test_the_width_of_the_search_is_stored(skeleton: Skeleton, path: CorpusPath) -> None:
    books = fit_codes(skeleton, path, levels=2, size=64).books
    assert "beam" not in books.to_arrays()
    wide = replace(books, beam=8)
    assert Codebooks.from_part(wide.to_arrays(), skeleton.spread).beam == 8
    for wrong in (np.array(0), np.array(99), np.zeros(3), np.array(np.nan), np.array(np.inf)):
        with pytest.raises(CodesError, match="damaged"):
            Codebooks.from_part(wide.to_arrays() | {"beam": wrong}, skeleton.spread)


def test_a_level_that_is_left_out_changes_the_sound_by_what_it_carries(skeleton: Skeleton, path: CorpusPath) -> None:
    corpus = fit_codes(skeleton, path, levels=2)
    whole, first = corpus.books.decode(corpus.codes), corpus.books.decode(corpus.codes, [1.0, 0.0])
    half = corpus.books.decode(corpus.codes, [1.0, 0.5])
    assert np.allclose(half, 0.5 * (whole + first))
    assert not np.allclose(whole, first)


def test_neighbouring_codes_sound_more_alike_than_others(skeleton: Skeleton, path: CorpusPath) -> None:
    corpus = fit_codes(skeleton, path, size=64)
    places = sound_of(skeleton, corpus.books.projection.up(corpus.books.books[0]))
    scaled = (places - places.mean(axis=1, keepdims=True)) / places.std(axis=1, keepdims=True)
    near = np.linalg.norm(np.diff(scaled, axis=1), axis=0).mean()
    far = np.linalg.norm(scaled[:, :, None] - scaled[:, None], axis=0).mean()
    assert near < 0.5 * far


def test_the_order_begins_at_the_quietest() -> None:
    places = np.array([[3.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    assert order_of(places).tolist() == [1, 2, 0]


def test_the_number_of_codes_follows_the_length_of_the_corpus() -> None:
    assert [size_for(round(seconds * 86.1328)) for seconds in (10, 59, 61, 599, 601, 6000)] == [
        64,
        64,
        128,
        128,
        256,
        256,
    ]


@pytest.mark.parametrize(("levels", "size"), [(1, 64), (5, 64), (3, 0), (3, 100)])
def test_other_numbers_of_levels_and_codes_are_refused(skeleton, path, levels, size) -> None:
    with pytest.raises(CodesError, match=f"not {levels} of {size}"):
        fit_codes(skeleton, path, levels=levels, size=size)


def test_codes_of_other_books_are_refused(skeleton: Skeleton, path: CorpusPath) -> None:
    books = fit_codes(skeleton, path, size=64).books
    assert books.check(np.zeros((3, 2), np.uint8), "it").dtype == np.int64
    for wrong, words in (
        (np.zeros((2, 5), int), "2 levels"),
        (np.full((3, 5), 64), "outside 0 to 63"),
        (np.full((3, 1), -1), "outside"),
    ):
        with pytest.raises(CodesError, match=words):
            books.check(wrong, "it")


@pytest.mark.parametrize("name", ["mean", "basis", "books"])
@pytest.mark.parametrize("change", [lambda a: a[..., :-1], lambda a: a * np.nan, lambda a: a.astype(np.float32)[None]])
def test_damaged_books_are_refused(skeleton: Skeleton, path: CorpusPath, name, change) -> None:
    arrays = fit_codes(skeleton, path, size=64).books.to_arrays()
    with pytest.raises(CodesError, match="damaged"):
        Codebooks.from_part({**arrays, name: change(arrays[name])}, skeleton.spread)
    with pytest.raises(CodesError, match="damaged"):
        Codebooks.from_part({key: value for key, value in arrays.items() if key != name}, skeleton.spread)
