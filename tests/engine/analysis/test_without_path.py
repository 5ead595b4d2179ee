"""A model whose path was taken out: its drift keeps to the level of the sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_engine.analysis.level import gated_db, mel_level_db
from distill_engine.analysis.stretches.without_path import LEVEL, HeldLevel, without_path
from distill_engine.audio.levels import db_to_power
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.dataset.corpus import Corpus, load_corpus
from distill_engine.errors import AnalysisError
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.models.model_config import skeleton_config
from distill_engine.rendering.model_trim import loudness_db
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version
from support_skeleton import write_tones


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return load_corpus(write_tones(tmp_path_factory.mktemp("tones")))


@pytest.fixture
def model(corpus: Corpus, tmp_path: Path) -> Path:
    path, config = tmp_path / "m.distillgan", skeleton_config()
    write_first_version(corpus, skeleton_of(corpus, config), config, path, replaces=True, keep_path=False)
    return path


def test_a_drift_without_a_path_is_as_loud_as_the_sounds_from_every_seed(corpus: Corpus, model: Path) -> None:
    levels = [mel_level_db(clip.mel, DEFAULT_MEL) for clip in corpus.clips]
    with ModelFile.open(model) as file:
        stored = file.read_part("analysis")[LEVEL][0]
    assert stored == pytest.approx(gated_db(db_to_power(np.concatenate(levels))), abs=0.5)
    instrument = prepare_instrument(model)
    heard = [
        loudness_db(np.concatenate(list(play_score(instrument, Score(4.0, source="drift", seed=seed))), axis=1))
        for seed in range(4)
    ]
    assert max(heard) - min(heard) < 1.5


def test_a_latent_moved_to_the_level_keeps_the_shape_of_its_spectrum(corpus: Corpus) -> None:
    skeleton = skeleton_of(corpus, skeleton_config())
    latent = np.random.default_rng(0).standard_normal(128)
    moved = HeldLevel(skeleton, -30.0).onto(latent)
    before, after = (skeleton.decode(one[:, None])[:, 0] for one in (latent, moved))
    assert np.ptp(after - before) < 1e-4
    assert mel_level_db(after[:, None], DEFAULT_MEL)[0] == pytest.approx(-30.0, abs=1e-3)


@pytest.mark.parametrize("damaged", [np.zeros(2), np.array([1e9]), np.array([3]), np.zeros((1, 1))])
def test_a_damaged_level_is_left_out_and_the_rest_plays(corpus: Corpus, model: Path, damaged: np.ndarray) -> None:
    with ModelFile.open(model) as file:
        arrays = dict(file.read_part("analysis"))
    update_model(model, parts={"analysis": {**arrays, LEVEL: damaged}})
    with pytest.raises(AnalysisError, match="damaged"):
        HeldLevel.from_part({LEVEL: damaged}, skeleton_of(corpus, skeleton_config()))
    instrument = prepare_instrument(model)
    assert instrument.held_level is None
    assert any("level that the model's drift keeps to is damaged" in note for note in instrument.notes)
    assert instrument.control_names


def test_an_analysis_that_has_lost_its_path_already_keeps_the_level(corpus: Corpus, model: Path) -> None:
    with ModelFile.open(model) as file:
        arrays, table = file.read_part("analysis"), file.manifest.analysis
    again, _ = without_path(arrays, table, skeleton_of(corpus, skeleton_config()))
    assert again[LEVEL] == arrays[LEVEL]
