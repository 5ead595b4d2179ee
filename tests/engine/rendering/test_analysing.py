"""A model file analysed on sounds of its own, and what is stored in it; a control moved while the model plays."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.analysis import static_controls
from distill_engine.analysis.context import AnalysisConfig
from distill_engine.analysis.features.table import NAMES
from distill_engine.dataset.corpus import load_corpus
from distill_engine.library.assets import starter_path
from distill_engine.modelfile import ModelFile
from distill_engine.rendering import analysing, model_trim
from distill_engine.rendering.analysing import AnalysisOptions, analyse_file, analyse_model_file, synthesiser
from distill_engine.rendering.loaded_model import load_model
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from support_skeleton import skeleton_model

SMALL = AnalysisConfig(
    probes=24, bases=1, positions=3, moving_bases=1, moving_positions=3, moving_hops=30, characters=1
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(starter_path(), tmp_path_factory.mktemp("model") / "copy.distillgan"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_analysis_is_stored_beside_the_untouched_model(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_trim, "_PERFORMANCE_SECONDS", 2.0)
    monkeypatch.setattr(static_controls, "SELECTIVITY", static_controls.SELECTIVITY[:1])
    rng = np.random.default_rng(0)
    time = np.arange(60000) / 44100
    for name, sound in (("tone", np.sin(2 * np.pi * 220 * time)), ("noise", rng.standard_normal(60000) * 0.3)):
        soundfile.write(tmp_path / f"{name}.wav", 0.3 * sound * np.exp(-2 * time), 44100)
    with ModelFile.open(model) as file:
        before = file.digest
    found = analyse_file(model, load_corpus(tmp_path), config=SMALL)
    with ModelFile.open(model) as file:
        assert file.digest == before
        assert file.manifest.analysis["clips"] == ["noise.wav", "tone.wav"]
        arrays = file.read_part("analysis")
    assert arrays["corpus_latents"].shape[0] == found.controls.dimensions
    assert "level_slope" not in arrays or arrays["level_slope"].shape == (found.controls.dimensions,)
    instrument = prepare_instrument(model)
    assert instrument.control_names == found.controls.names


def test_several_threads_hear_what_one_hears(model: Path) -> None:
    loaded = load_model(model, threads=1)
    latents = list(np.random.default_rng(0).standard_normal((6, loaded.latent_dim, 40)).astype(np.float32))
    alone = [loaded.vocode(loaded.decode_at_mel_rate(z)) for z in latents]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(synthesiser(loaded, 3), latents))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_control_swept_at_thirty_messages_a_second_does_not_click() -> None:
    instrument = prepare_instrument(starter_path())
    names = [name for name in instrument.control_names if name in NAMES]
    assert len(names) >= 6

    def most_abrupt(name: str | None) -> float:
        """Mean bend of the waveform at the worst place within a hop, relative to all places."""
        synth = Synth(instrument, seed=1, block=1, source="corpus")
        synth.set("/distill/source/freeze", 1.0)
        synth.set("/distill/source/position", 0.3)
        blocks = []
        for hop in range(172):
            if name is not None and hop % 3 == 0:
                value = float(np.sin(2 * np.pi * hop / 172))
                synth.set(f"/distill/control/{instrument.control_names.index(name)}", value, 1 / 30)
            blocks.append(synth.render(1))
        bends = np.abs(np.diff(np.concatenate(blocks[20:], axis=1)[0], n=2))
        assert np.isfinite(bends).all()
        means = np.array([bends[place::512].mean() for place in range(512)])
        return float(means.max() / means.mean())

    resting = most_abrupt(None)
    for name in names:
        assert most_abrupt(name) < 1.2 * resting, name


def test_an_analysis_after_a_training_goes_on_from_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_trim, "_PERFORMANCE_SECONDS", 0.5)
    path, corpus = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    other = Path(shutil.copy(path, tmp_path / "n.distillgan"))
    table = analyse_model_file(other, corpus, AnalysisOptions())
    monkeypatch.setattr(analysing, "first_analysis", None)
    assert analyse_model_file(path, corpus, AnalysisOptions(goes_on=True))["controls"] == table["controls"]
    with ModelFile.open(path) as one, ModelFile.open(other) as two:
        assert one.manifest.part_digest("analysis") == two.manifest.part_digest("analysis")
    with pytest.raises(TypeError):  # what is measured already is none to go on from
        analyse_model_file(path, corpus, AnalysisOptions(goes_on=True))
