"""A model of all components: written at once, it gives each spectrum back and goes on with other sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_engine.analysis.stretches.skeleton import NAMES
from distill_engine.errors import TrainingError
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import skeleton_config
from distill_engine.rendering.loaded_model import load_model
from distill_engine.training.events import Finished, Saved, TrainingEvent
from distill_engine.training.latent.closed_form import VERDICT
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.reconstruction import load_latent_model, mel_error
from support_training import train_small


def train(corpus: Any, path: Path, *, stop_after: int | None = None, **options: Any) -> list[TrainingEvent]:
    return train_small(corpus, path, ModelOptions(config=skeleton_config(), **options), stop_after)


def test_it_is_complete_at_once_and_gives_each_mel_frame_back(corpus: Any, tmp_path: Path) -> None:
    import torch

    path = tmp_path / "m.distillgan"
    events = train(corpus, path)
    assert [type(event) for event in events] == [Saved, Finished]
    with ModelFile.open(path) as file:
        row, model = file.manifest.training["model"], file.manifest.model
        assert not any(name.startswith("correction") for name in file.read_part("model"))
    assert (row["completed"], row["steps"], row["verdict"], model["corrected"]) == (True, 0, VERDICT, False)
    assert row["best_log_mel"] < 1e-5
    network = load_latent_model(path)
    assert network is not None
    mels = [clip.mel for clip in corpus.clips]  # trained and held out
    assert mel_error(network, (torch.from_numpy(mel)[None] for mel in mels)) < 1e-4
    played = load_model(path)
    noise = np.random.default_rng(0).uniform(-11.0, -1.5, (128, 40)).astype(np.float32)  # unlike any of them
    assert np.abs(played.decode(played.encode_mel(noise)) - noise).max() < 1e-3


def test_other_sounds_join_the_path_and_the_skeleton_stays(corpus: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    train(corpus, path)
    with ModelFile.open(path) as file:
        before, length = file.read_part("model"), file.read_part("analysis")["corpus_latents"].shape[1]
    noise = 0.2 * np.random.default_rng(0).standard_normal(20000).astype(np.float32)
    clips = (*corpus.clips, replace(corpus.clips[0], name="noise.wav", stored=noise))
    grown = replace(corpus, clips=clips, digest="grown", earlier=(corpus.digest,))
    train(grown, path, resume=True)
    with ModelFile.open(path) as file:
        after, longer = file.read_part("model"), file.read_part("analysis")["corpus_latents"].shape[1]
    assert all(np.array_equal(before[name], after[name]) for name in NAMES)
    assert longer > length
    train(grown, path, resume=True)  # the list is the file's now
    with pytest.raises(TrainingError, match="another corpus"):
        train(replace(corpus, digest="another"), path, resume=True)


def test_a_stop_before_the_writing_leaves_the_file_as_it_is(corpus: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    train(corpus, path)
    before = path.read_bytes()
    train(corpus, path, fresh=True, stop_after=0)
    assert path.read_bytes() == before
