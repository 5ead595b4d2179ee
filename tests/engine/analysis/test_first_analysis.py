"""The first analysis of a long corpus: its path whole, its controls from some of its frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_engine.analysis.stretches import first_analysis as module
from distill_engine.analysis.stretches.first_analysis import first_analysis
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.store import SampleFile
from distill_engine.dataset.corpus import load_corpus
from distill_engine.models.model_config import skeleton_config
from distill_engine.training.latent.skeleton_start import skeleton_of
from support_skeleton import write_tones


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Skeleton, list[np.ndarray]]:
    corpus = load_corpus(write_tones(tmp_path_factory.mktemp("tones")))
    return skeleton_of(corpus, skeleton_config(16)), [clip.samples for clip in corpus.clips]


def test_a_long_corpus_has_the_same_path_and_controls_alike(
    sounds: tuple[Skeleton, list[np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skeleton, clips = sounds
    names, file = [str(index) for index in range(len(clips))], SampleFile(tmp_path)
    short, short_table = first_analysis(skeleton, clips, names)
    monkeypatch.setattr(module, "MOST_MEASURED", 150)
    long, long_table = first_analysis(skeleton, [file.add(clip) for clip in clips], names)
    for name in short:
        if name.startswith(("path_", "corpus_", "map_")):
            np.testing.assert_array_equal(long[name], short[name])
    controls, of_all = long_table["controls"], short_table["controls"]
    assert [control["name"] for control in controls] == [control["name"] for control in of_all]
    for control, other in zip(controls[:-2], of_all[:-2], strict=True):
        assert control["centre"] == pytest.approx(other["centre"], abs=0.2 * (other["high"] - other["low"]))


def test_a_click_between_the_frames_that_are_measured_is_no_silence(
    sounds: tuple[Skeleton, list[np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_MEASURED", 2)
    clip = np.zeros(512 * 90, np.float32)
    clip[512 * 20 : 512 * 21] = 0.5
    arrays, table = first_analysis(sounds[0], [clip], ["click"])
    assert table["has_map"]
    assert all(np.isfinite(array).all() for array in arrays.values())
