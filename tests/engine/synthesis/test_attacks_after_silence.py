"""Sounds that begin with their file: a walk plays their whole attack, a note plays it at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.analysis.stretches.first_analysis import first_analysis
from distill_engine.analysis.stretches.path import LEAD_FRAMES, CorpusPath
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.dataset.corpus import load_corpus
from distill_engine.models.model_config import skeleton_config
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.pull import Pull
from distill_engine.synthesis.sources.stretch_player import StretchPlayer
from distill_engine.training.latent.skeleton_start import skeleton_of

RATE, HOP, CLIPS, SECONDS = 44_100, 512, 6, 0.8
FREE = Pull(leaps=0.001)


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> tuple[Skeleton, list[np.ndarray]]:
    """Notes that are at their loudest in the first sample and die away."""
    folder, time = tmp_path_factory.mktemp("struck"), np.arange(int(SECONDS * RATE)) / RATE
    for index in range(CLIPS):
        note = 0.5 * np.exp(-12.0 * time) * np.cos(2 * np.pi * 220.0 * 2 ** (index / 4) * time)
        soundfile.write(folder / f"{index}.wav", note, RATE)
    corpus = load_corpus(folder)
    return skeleton_of(corpus, skeleton_config(16)), [clip.samples for clip in corpus.clips]


@pytest.fixture(scope="module")
def arrays(struck: tuple[Skeleton, list[np.ndarray]]) -> dict[str, np.ndarray]:
    skeleton, clips = struck
    return first_analysis(skeleton, clips, [str(index) for index in range(len(clips))])[0]


@pytest.fixture(scope="module")
def path(struck: tuple[Skeleton, list[np.ndarray]], arrays: dict[str, np.ndarray]) -> CorpusPath:
    found = CorpusPath.from_part(arrays, len(struck[0].spread))
    assert found is not None
    return found


def test_a_path_holds_the_rise_of_a_sound_that_begins_with_its_file(
    struck: tuple[Skeleton, list[np.ndarray]], path: CorpusPath
) -> None:
    assert path.lead == LEAD_FRAMES
    assert np.diff(path.offsets).tolist() == [LEAD_FRAMES + len(clip) // HOP for clip in struck[1]]
    for start in path.offsets[:-1]:
        levels = path.levels[start : start + LEAD_FRAMES + 1].astype(float)
        assert levels[0] < -11.0  # silence
        assert levels[LEAD_FRAMES - 2] + 1.2 < levels[LEAD_FRAMES - 1] < levels[LEAD_FRAMES]  # its rise, in two frames
        assert start < path.attacks[np.searchsorted(path.attacks, start)] < start + LEAD_FRAMES


def test_a_walk_plays_the_rise_and_a_note_begins_after_it(path: CorpusPath) -> None:
    search = LeapSearch(path)
    begun = set((path.offsets[:-1] + LEAD_FRAMES).tolist())
    player = StretchPlayer(search, 3, RATE / HOP)
    played = []
    for _ in range(3 * path.frames):
        _, fade = player.next(FREE)
        if fade:
            played.append(player.frame)
    assert len(played) > CLIPS
    assert not begun.intersection(played)
    assert all(frame in path.attacks for frame in played)
    player.strike()
    player.next(FREE)
    assert player.frame in begun
    player.next(Pull(leaps=0.001, strike=True, key=60.0))
    assert player.frame in begun


def test_the_map_and_pitches_count_from_the_first_sample(
    struck: tuple[Skeleton, list[np.ndarray]], path: CorpusPath, arrays: dict[str, np.ndarray]
) -> None:
    _, seconds = arrays["map_regions"]
    np.testing.assert_allclose(seconds % (32 * HOP / RATE), 0.0, atol=1e-6)
    assert seconds.min() == 0.0
    heard = [path.pitches[start + LEAD_FRAMES + 2] / 100.0 for start in path.offsets[:-1]]
    np.testing.assert_allclose(sorted(heard), 57.0 + 3 * np.arange(CLIPS), atol=0.5)  # 220 Hz is A3


def test_a_path_of_before_has_no_silence_in_front(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    older = {name: array for name, array in arrays.items() if name != "path_lead"}
    found = CorpusPath.from_part(older, len(older["corpus_latents"]))
    assert found is not None
    assert found.lead == 0
    search = LeapSearch(found)
    query = StretchPlayer(search, 0, RATE / HOP)
    query.next(FREE)
    query.strike()
    query.next(FREE)
    assert query.frame in found.attacks
