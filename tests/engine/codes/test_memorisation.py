"""What a prior repeats of its corpus, and what the corpus repeats of itself."""

from pathlib import Path

import numpy as np

import support_skeleton
from distill_control.cli.codes.view import memorisation_text
from distill_engine.codes.memorisation import found_in, repeated_in
from distill_engine.inference.stored_codes import stored_route
from distill_engine.rendering.coding.fitted_codes import fit_model_codes, longest_copy, played_columns
from distill_engine.synthesis.instrument import prepare_instrument

RNG = np.random.default_rng(0)


def test_a_copy_is_found_whole_and_noise_is_not():
    clips = [RNG.integers(0, 256, 60) for _ in range(4)]
    assert found_in(clips[2][10:50], clips) == {"run": 40, "grams": [1.0, 1.0, 1.0]}
    assert found_in(RNG.integers(0, 256, 200), clips)["grams"] == [0.0, 0.0, 0.0]


def test_a_copied_part_counts_for_its_length_and_no_more():
    clips = [np.arange(100)]
    codes = np.concatenate([np.arange(20, 30), np.arange(100, 190)])
    found = found_in(codes, clips)
    assert found["run"] == 10
    assert found["grams"] == [round(7 / 97, 3), round(3 / 93, 3), 0.0]


def test_sounds_that_are_alike_are_told_from_one_sound_that_repeats():
    assert repeated_in([np.arange(30), np.arange(100, 130)]) == {"run": 0, "grams": [0.0, 0.0, 0.0]}
    assert repeated_in([np.zeros(50, np.int64)]) == {"run": 0, "grams": [0.0, 0.0, 0.0]}
    assert repeated_in([np.arange(30), np.arange(10, 40)])["run"] == 20
    assert repeated_in([np.arange(3), np.arange(3)]) == {"run": 3, "grams": [0.0, 0.0, 0.0]}


def test_copies_end_where_sounds_end():
    assert longest_copy(np.array([3, 4, 5, 6, 7, 2, 3]), np.array([0, 6, 9])) == 3


def test_a_model_file_says_what_its_prior_repeats(tmp_path: Path):
    path, _ = support_skeleton.skeleton_model(tmp_path / "tones.distillgan", tmp_path / "sounds")
    route = stored_route(path)
    assert route is not None
    table = fit_model_codes(path, route)
    found = table["memorisation"]
    shared = prepare_instrument(path).prior
    assert shared is not None
    played = played_columns(shared, 0, found["seconds"])
    assert longest_copy(played, shared.corpus.offsets) == found["copied"] <= 21  # 0.98 s; novelty: 1 s
    assert found["prior"]["run"] >= found["copied"]
    assert "copies at most" in memorisation_text(table)
    assert "memorisation" not in fit_model_codes(path, route, keep_corpus=False)


def test_tables_without_the_figures_or_with_damaged_ones_say_nothing():
    found = {
        "seconds": 60.0,
        "copied": 3,
        "prior": {"run": 9, "grams": [1, 1]},
        "corpus": {"run": 9, "grams": [1, 1, 1]},
    }
    for table in (None, {}, {"memorisation": None}, {"memorisation": found}, {"memorisation": {"seconds": "x"}}):
        assert memorisation_text(table) == ""
