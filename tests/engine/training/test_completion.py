"""What a training that was not stopped leaves in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.events import Progress, Saved, TrainingEvent, Validated
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.train_model import train_model


def test_a_completed_training_writes_what_playing_needs(tmp_path: Path, corpus: Any, small_model: ModelConfig) -> None:
    path, events = tmp_path / "m.distillgan", list[TrainingEvent]()
    train_model(corpus, path, ModelOptions(config=small_model, device="cpu", epochs=2), listen=events.append)
    with ModelFile.open(path) as file:
        assert {"model", "training/model"} <= file.parts
        assert {"runtime/decoder.onnx", "runtime/encoder.onnx"} <= file.graphs
        assert file.manifest.training["model"]["completed"]
        model = file.read_part("model")
    assert np.isfinite(model["latent_std"]).all()
    assert (model["latent_std"] > 0).all()
    assert any(isinstance(event, Progress) for event in events)
    assert [event for event in events if isinstance(event, Validated)][-1].figures["mel"] > 0
    assert [event for event in events if isinstance(event, Saved)][-1].final
