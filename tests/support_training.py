"""Short trainings of a latent model."""

from __future__ import annotations

import itertools
from pathlib import Path

from distill_engine.dataset.corpus import Corpus
from distill_engine.training.events import TrainingEvent
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.train_model import train_model


def train_small(corpus: Corpus, path: Path, options: ModelOptions, stop_after: int | None) -> list[TrainingEvent]:
    """Train a model, stopped when that has been asked `stop_after` times; return the events."""
    events: list[TrainingEvent] = []
    asked = itertools.count(1)

    def stopped() -> bool:
        return stop_after is not None and next(asked) > stop_after

    train_model(corpus, path, options, listen=events.append, stopped=stopped)
    return events
