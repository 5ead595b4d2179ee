"""A small model of version 2, made from sounds by formula, with a corpus that its sources play."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from distill_engine.dataset.corpus import Corpus, load_corpus
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.models.model_config import skeleton_config

RATE = 44_100
SMALL_SKELETON = replace(skeleton_config(16), decoder_channels=16, decoder_blocks=1, expansion=2)


def write_tones(folder: Path, count: int = 5, seconds: float = 1.2) -> Path:
    """Write decaying tones of `count` pitches, after a little silence each."""
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * RATE)) / RATE
    for index in range(count):
        frequency = 220.0 * 2 ** (index * 3 / 12)
        tone = sum(np.sin(2 * np.pi * k * frequency * time) / k**1.5 for k in range(1, 6))
        noise = 0.02 * np.random.default_rng(index).standard_normal(len(time)) * np.exp(-40 * time)
        sound = 0.3 * np.exp(-3.0 * time) * tone + noise
        soundfile.write(folder / f"tone{index}.wav", np.concatenate([np.zeros(2000), sound]), RATE, subtype="FLOAT")
    return folder


def next_version(path: Path) -> None:
    """Replace a model file by one of the same skeleton whose decoder is another: softer at most."""
    with ModelFile.open(path) as file:
        part = dict(file.read_part("model"))
    update_model(path, parts={"model": part | {"ceiling": part["ceiling"] - np.float32(0.5)}})


def skeleton_model(path: Path, folder: Path, **sizes: int) -> tuple[Path, Corpus]:
    """Write the first version of a model of the tones in `folder`; return its path and the corpus."""
    from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version

    corpus = load_corpus(write_tones(folder))
    config = skeleton_config(sizes.get("latent_dim", 24))
    write_first_version(corpus, skeleton_of(corpus, config), config, path, replaces=True)
    return path, corpus
