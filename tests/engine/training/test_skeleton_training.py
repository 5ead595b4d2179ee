"""A model of version 2: it plays before its correction is trained, and keeps a correction that gains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_engine.analysis.stretches.skeleton import NAMES
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.loaded_model import load_model
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.training.events import Preview, Saved, TrainingEvent
from distill_engine.training.latent import file_entry
from distill_engine.training.latent.model_options import ModelOptions
from support_skeleton import SMALL_SKELETON
from support_training import train_small


def train(corpus: Any, path: Path, *, stop_after: int | None = None, **options: Any) -> list[TrainingEvent]:
    return train_small(corpus, path, ModelOptions(config=SMALL_SKELETON, **options), stop_after)


def test_the_file_plays_before_the_first_step(corpus: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    events = train(corpus, path, stop_after=1, epochs=1)
    assert isinstance(events[0], Saved)
    instrument = prepare_instrument(path)
    assert instrument.default_source == "walk"
    assert {"loudness", "brightness", "density", "movement"} <= set(instrument.control_names)
    sound = Synth(instrument).render(64)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 1e-3


def test_resumed_equals_uninterrupted_bit_for_bit(corpus: Any, tmp_path: Path) -> None:
    train(corpus, tmp_path / "whole.distillgan", epochs=4)
    train(corpus, tmp_path / "parts.distillgan", epochs=4, stop_after=2)
    train(corpus, tmp_path / "parts.distillgan", resume=True)
    parts = []
    for name in ("whole", "parts"):
        with ModelFile.open(tmp_path / f"{name}.distillgan") as file:
            parts.append((file.read_part("model"), file.read_part("training/model"), file.read_part("analysis")))
    for whole, resumed in zip(*parts, strict=True):
        assert whole.keys() == resumed.keys()
        assert all(np.array_equal(whole[key], resumed[key]) for key in whole)


@pytest.mark.parametrize(("gain", "kept"), [(1e9, False), (-1e9, True)])
def test_a_correction_stays_only_where_it_gains_and_the_path_stays(
    corpus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gain: float, kept: bool
) -> None:
    monkeypatch.setattr(file_entry, "LEAST_GAIN", gain)
    path = tmp_path / "m.distillgan"
    train(corpus, path, stop_after=1, epochs=2)
    with ModelFile.open(path) as file:
        before, skeleton = file.read_part("analysis"), file.read_part("model")
    train(corpus, path, fresh=True, epochs=2)
    with ModelFile.open(path) as file:
        after, model, manifest = file.read_part("analysis"), file.read_part("model"), file.manifest
    assert manifest.model["corrected"] is kept
    assert any(name.startswith("correction.") for name in model) is kept
    assert all(np.array_equal(model[name], skeleton[name]) for name in NAMES)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    loaded = load_model(path)
    clip = corpus.clips[0].samples
    assert np.isfinite(loaded.resynthesise(clip)).all()
    assert loaded.latent_dim == 16


def test_silence_a_click_and_less_frames_than_dimensions_each_make_a_model(corpus: Any, tmp_path: Path) -> None:
    click = np.zeros(4096, np.float32)
    click[2000:2300] = 0.5
    for name, samples in (("silence", np.zeros(8192, np.float32)), ("click", click)):
        made = replace(corpus, clips=(replace(corpus.clips[0], stored=samples),), training=(0,), validation=(0,))
        path = tmp_path / f"{name}.distillgan"
        train(made, path, epochs=1)
        sound = Synth(prepare_instrument(path)).render(64)
        assert np.isfinite(sound).all()
        assert (np.abs(sound).max() > 1e-2) == (name == "click")


def test_a_corpus_of_hits_shorter_than_a_measured_stretch_starts_at_its_level(corpus: Any, tmp_path: Path) -> None:
    hit = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8192) / 44100).astype(np.float32)
    made = replace(corpus, clips=(replace(corpus.clips[0], stored=hit),), training=(0,), validation=(0,))
    train(made, tmp_path / "hits.distillgan", stop_after=1, epochs=1)
    with ModelFile.open(tmp_path / "hits.distillgan") as file:
        assert file.manifest.analysis["trim_db"] == pytest.approx(-16.0 + 9.03, abs=0.1)


def test_without_the_path_a_file_plays_points(corpus: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    train(corpus, path, epochs=1, keep_path=False)
    with ModelFile.open(path) as file:
        assert not [name for name in file.read_part("analysis") if name.startswith(("corpus_", "path_", "map_"))]
        assert file.manifest.analysis["forgotten"]
    instrument = prepare_instrument(path)
    assert instrument.default_source == "drift"
    assert "walk" not in instrument.source_names
    assert np.isfinite(Synth(instrument).render(8)).all()


def test_previews_are_a_held_out_clip_as_the_model_plays_it(corpus: Any, tmp_path: Path) -> None:
    events = train(corpus, tmp_path / "m.distillgan", epochs=1, previews=True)
    first = next(event for event in events if isinstance(event, Preview))
    assert first.path.parent == tmp_path / "m-previews"
    made, rate = soundfile.read(first.path)
    clip, _ = soundfile.read(first.original)
    assert (len(made), rate) == (len(clip), 44100)
    assert np.abs(made).max() > 1e-3
    expected = corpus.clips[corpus.validation[0]].samples[: len(clip)]
    assert np.abs(clip - expected).max() < 1e-3
    pitch = np.abs(np.fft.rfft(made)).argmax() * rate / len(made)
    assert pitch == pytest.approx(880.0, abs=20.0)


def test_a_training_goes_on_without_previews_that_cannot_be_written(corpus: Any, tmp_path: Path) -> None:
    (tmp_path / "m-previews").write_text("in the way")
    events = train(corpus, tmp_path / "m.distillgan", epochs=1, previews=True)
    assert sum("no previews" in getattr(event, "message", "") for event in events) == 1
    assert not any(isinstance(event, Preview) for event in events)


@pytest.mark.parametrize("dimensions", [8, 15, 16])
def test_a_model_of_few_latents_walks_through_its_path(corpus: Any, tmp_path: Path, dimensions: int) -> None:
    path = tmp_path / "m.distillgan"
    train_small(corpus, path, ModelOptions(config=replace(SMALL_SKELETON, latent_dim=dimensions), epochs=1), None)
    instrument = prepare_instrument(path)
    for source in ("walk", "drift", "corpus"):
        assert source in instrument.source_names
        assert np.isfinite(Synth(instrument, source=source).render(64)).all()
