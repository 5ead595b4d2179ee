"""Folders that no one plans for: each becomes a file that plays and sounds like itself."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.dataset.corpus import load_corpus
from distill_engine.errors import CorpusError
from distill_engine.models.model_config import skeleton_config
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version

RATE = 44_100


def sine(hertz: float, seconds: float) -> np.ndarray:
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def click(seconds: float) -> np.ndarray:
    return noise(seconds) * np.exp(-np.arange(int(seconds * RATE)) / 60)


CORPORA: dict[str, list[np.ndarray]] = {
    "one sine": [sine(440.0, 2.0)],
    "one file of noise": [noise(2.0)],
    "clicks of 0.05 s": [click(0.05), noise(0.05, 3)],
    "silence before a tone": [np.concatenate([np.zeros(RATE), sine(880.0, 1.0)])],
    "fewer frames than dimensions": [sine(300.0, 0.4)],
}


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Return the share of the power in 24 bands [24] of samples [T]."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    edges = np.geomspace(40, RATE / 2, 25)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    bands = np.array([power[(hertz >= low) & (hertz < high)].sum() for low, high in itertools.pairwise(edges)])
    return np.asarray(bands / bands.sum())


@pytest.mark.parametrize("name", CORPORA)
def test_an_odd_corpus_plays_and_sounds_like_itself(name: str, tmp_path: Path) -> None:
    folder, model = tmp_path / "sounds", tmp_path / "odd.distillgan"
    folder.mkdir()
    for index, samples in enumerate(CORPORA[name]):
        soundfile.write(folder / f"{index}.wav", samples, RATE, subtype="FLOAT")
    corpus, config = load_corpus(folder), skeleton_config()
    write_first_version(corpus, skeleton_of(corpus, config), config, model, replaces=True)
    instrument = prepare_instrument(model)
    assert instrument.default_source == "walk"
    synth = Synth(instrument, seed=1, block=8)
    sound = np.concatenate([synth.render(8) for _ in range(24)], axis=1).mean(axis=0)
    assert np.isfinite(sound).all()
    assert 0.01 < np.abs(sound).max() <= 1.0
    apart = np.abs(spectrum(sound) - spectrum(np.concatenate(CORPORA[name]))).sum() / 2
    assert apart < 0.35  # share of the power in other bands


def test_silence_alone_is_refused_in_one_line(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    with pytest.raises(CorpusError, match="silen") as refused:
        load_corpus(tmp_path)
    assert "\n" not in str(refused.value)
