"""The whole analysis of a synthetic instrument, and of corpora that give it little to work with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_engine.analysis.analyse import AnalysedModel, Analysis, AnalysisConfig, analyse, most_hops
from distill_engine.analysis.controls import Controls
from distill_engine.analysis.features.table import NAMES, extract, summarise
from distill_engine.analysis.model_prober import AnalysisProgress
from distill_engine.analysis.plots import write_plots
from distill_engine.errors import AnalysisError

SMALL = AnalysisConfig(
    probes=90, bases=3, positions=5, moving_bases=2, moving_positions=4, moving_hops=90, characters=2
)

TINY = AnalysisConfig(probes=48, bases=1, positions=5, moving_bases=1, moving_positions=3, moving_hops=30, characters=1)

LEAST = AnalysisConfig(
    probes=40, bases=1, positions=3, moving_bases=1, moving_positions=3, moving_hops=30, characters=1
)


@pytest.fixture(scope="module")
def found(toy: Any) -> Analysis:
    return analyse(
        AnalysedModel(toy.encode, toy.synthesise), [toy.clip(seed) for seed in range(5)], seed=1, config=SMALL
    )


@pytest.fixture(scope="module")
def of_one_clip(toy: Any) -> Analysis:
    return analyse(AnalysedModel(toy.encode, toy.synthesise), [toy.clip(3, 80)], seed=1, config=TINY)


def test_named_controls_follow_their_feature(found: Analysis) -> None:
    named = {info.name: info for info in found.controls.infos if info.kind != "character"}
    assert {"loudness", "brightness", "noisiness", "harmonicity"} <= set(named)
    assert sum(info.rho >= 0.9 for info in named.values()) >= 6
    assert all(info.rho >= 0.7 and info.high > info.low for info in named.values())


def test_plus_one_is_more_in_sound_that_the_analysis_never_heard(found: Analysis, toy: Any) -> None:
    controls = found.controls
    rng = np.random.default_rng(99)
    for info in controls.infos:
        if info.kind != "feature":
            continue
        rises = []
        for base in rng.standard_normal((6, controls.dimensions)):
            ends = [base + controls.offset(base, controls.values({info.name: value})) for value in (-1.0, 1.0)]
            sounds = [toy.synthesise(np.repeat(z[:, None], 40, axis=1).astype(np.float32)) for z in ends]
            low, high = (summarise(extract(sound), 5, -5)[NAMES.index(info.name)] for sound in sounds)
            rises.append(high - low)
        assert np.nanmedian(rises) > 0, info.name


def test_controls_come_in_the_features_order_and_characters_last(found: Analysis) -> None:
    kinds = [info.kind == "character" for info in found.controls.infos]
    assert kinds == sorted(kinds)
    places = [NAMES.index(name) for name in found.controls.names if name in NAMES]
    assert places == sorted(places)
    assert len(set(found.controls.names)) == len(found.controls)


def test_every_feature_is_offered_or_withheld_with_a_reason(found: Analysis) -> None:
    withheld = {entry.feature: entry.reason for entry in found.withheld}
    assert set(withheld) | set(found.controls.names) >= set(NAMES)
    assert not set(withheld) & set(found.controls.names)
    assert all(name in reason for name, reason in withheld.items())


def test_the_same_seed_gives_the_same_controls_however_many_listen(toy: Any) -> None:
    one, two = (
        analyse(AnalysedModel(toy.encode, toy.synthesise, workers=workers), [toy.clip(7)], seed=1, config=LEAST)
        for workers in (1, 3)
    )
    assert len(one.controls)
    assert one.controls.infos == two.controls.infos
    assert one.seconds_synthesised == two.seconds_synthesised
    first, second = one.to_part()[0], two.to_part()[0]
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array)


def test_what_is_stored_plays_the_same(found: Analysis) -> None:
    arrays, table = found.to_part()
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert arrays["corpus_latents"].shape == (8, arrays["corpus_offsets"][-1])
    assert len(arrays["corpus_offsets"]) == len(table["clips"]) + 1 == 6
    controls = Controls.from_part(arrays, table)
    base = np.linspace(-1, 1, 8)
    values = np.linspace(-0.8, 0.9, len(controls))
    np.testing.assert_allclose(controls.offset(base, values), found.controls.offset(base, values), atol=1e-4)


def test_pictures_are_drawn_of_a_stored_analysis(found: Analysis, tmp_path: Path) -> None:
    arrays, table = found.to_part()
    names = [path.name for path in write_plots(arrays, table, tmp_path / "plots")]
    assert names == ["features.png", "controls.png", "map.png"]
    with pytest.raises(AnalysisError, match="distill analyse"):
        write_plots({}, {}, tmp_path)


def test_progress_is_reported_as_typed_events(toy: Any) -> None:
    events: list[AnalysisProgress] = []
    analyse(
        AnalysedModel(toy.encode, toy.synthesise), [np.zeros(8192, np.float32)], progress=events.append, config=SMALL
    )
    assert events[-1].stage == "done"
    assert all(0 <= event.done <= event.total for event in events)


def test_silence_gives_no_controls_and_says_so(toy: Any) -> None:
    result = analyse(AnalysedModel(toy.encode, toy.synthesise), [np.zeros(44100, np.float32)], config=SMALL)
    assert not len(result.controls)
    assert "silent" in result.notes[0]
    assert result.map is None
    assert "map_points" not in result.to_part()[0]


def test_a_model_that_always_sounds_the_same_offers_no_control_that_does_nothing(toy: Any) -> None:
    tone = (0.2 * np.sin(2 * np.pi * 220 * np.arange(512 * 4096) / 44100)).astype(np.float32)
    result = analyse(
        AnalysedModel(toy.encode, lambda z: tone[: z.shape[1] * 512]), [toy.clip(0), toy.clip(0)], config=LEAST
    )
    assert not len(result.controls)
    assert "nearly the same" in result.notes[0]
    assert len(result.withheld) == len(NAMES)


def test_one_file_is_enough(of_one_clip: Analysis) -> None:
    assert "loudness" in of_one_clip.controls.names
    assert set(of_one_clip.controls.names) | {entry.feature for entry in of_one_clip.withheld} >= set(NAMES)


def test_hits_followed_by_silence_are_analysed(toy: Any) -> None:
    rng = np.random.default_rng(5)
    clips = [np.pad(0.3 * rng.standard_normal(4000).astype(np.float32), (0, 30000)) for _ in range(6)]
    result = analyse(
        AnalysedModel(lambda clip: rng.standard_normal((8, 17)).astype(np.float32), toy.synthesise), clips, config=LEAST
    )
    assert len(result.controls)
    assert result.map is not None
    assert len(result.map.clips) == len(clips)


def test_one_sound_over_and_over_is_analysed(toy: Any) -> None:
    often = analyse(AnalysedModel(toy.encode, toy.synthesise), [toy.clip(3, 80)] * 4, seed=1, config=TINY)
    assert "loudness" in often.controls.names
    assert all(info.high > info.low for info in often.controls.infos if info.kind == "feature")


def test_no_more_is_listened_to_than_was_said(found: Analysis) -> None:
    listened, most = found.seconds_synthesised * 44100 / 512, most_hops(SMALL)
    assert 0.4 * most <= listened <= most


def test_places_that_are_silent_when_held_are_passed_over() -> None:
    """Try controls where the model sounds: in two fifths of a corpus that is mostly decay."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(44100).astype(np.float32)

    def synthesise(latents: np.ndarray) -> np.ndarray:
        level = np.where(latents[1] > 0.2, 10 ** (0.3 * latents[0] - 1.0), 1e-6)
        return np.repeat(level, 512).astype(np.float32) * np.resize(noise, latents.shape[1] * 512)

    latents = rng.standard_normal((8, 200)).astype(np.float32)
    result = analyse(AnalysedModel(lambda clip: latents, synthesise), [np.resize(0.1 * noise, 200 * 2048)], config=TINY)
    loudness = next(info for info in result.controls.infos if info.name == "loudness")
    assert loudness.centre > -50.0


def test_pure_noise_offers_no_pitch() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(44100).astype(np.float32) * 0.1

    def synthesise(latents: np.ndarray) -> np.ndarray:
        gain = np.repeat(10 ** (0.2 * latents[0]), 512)
        return (gain * np.resize(noise, len(gain))).astype(np.float32)

    model = AnalysedModel(lambda clip: rng.standard_normal((8, len(clip) // 2048)).astype(np.float32), synthesise)
    result = analyse(model, [noise, noise], config=TINY)
    assert "pitch" not in result.controls.names
    assert "undefined" in next(entry.reason for entry in result.withheld if entry.feature == "pitch")
    assert "loudness" in result.controls.names


def test_no_clips_is_one_clear_error(toy: Any) -> None:
    with pytest.raises(AnalysisError, match="no sounds"):
        analyse(AnalysedModel(toy.encode, toy.synthesise), [])


def test_nan_from_the_model_is_one_clear_error(toy: Any) -> None:
    with pytest.raises(AnalysisError, match="NaN"):
        analyse(AnalysedModel(toy.encode, lambda z: np.full(z.shape[1] * 512, np.nan)), [toy.clip(0)], config=SMALL)
    with pytest.raises(AnalysisError, match="NaN"):
        analyse(AnalysedModel(lambda x: np.full((8, 4), np.nan), toy.synthesise), [toy.clip(0)], config=SMALL)
