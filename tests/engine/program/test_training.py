"""Training from a Python program: its events, its end, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine import load_model, train
from distill_engine.errors import ArgumentError, Cancelled, TrainingError
from distill_engine.training.events import Saved

RATE = 44100


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Six short sounds that fade."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(6):
        noise = np.random.default_rng(number).standard_normal(RATE // 2)
        soundfile.write(folder / f"{number}.wav", 0.2 * noise * np.linspace(1.0, 0.0, RATE // 2), RATE)
    return folder


def test_a_program_hears_the_events_and_stops_a_training_whose_file_plays(sounds: Path, tmp_path: Path) -> None:
    events: list[object] = []

    def stopped() -> bool:
        return any(isinstance(event, Saved) for event in events)

    with pytest.raises(Cancelled, match="the model is saved"):
        train(sounds, tmp_path / "mine.distillgan", listen=events.append, stopped=stopped)
    model = load_model(tmp_path / "mine.distillgan", threads=1)
    assert model.controls
    assert np.abs(model.render(0.3, seed=1)).max() > 0.001


def test_what_cannot_be_trained_is_refused_before_anything_is_read(sounds: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.distillgan"
    taken.write_bytes(b"")
    with pytest.raises(TrainingError, match="exists already"):
        train(sounds, taken)
    with pytest.raises(ArgumentError, match="minutes: 0: expected a number above 0"):
        train(sounds, tmp_path / "mine.distillgan", minutes=0)
