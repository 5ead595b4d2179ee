"""Takes that are written at once, not while they are played, and what takes sound like."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument
from distill_engine.takes.take import Take
from distill_engine.takes.take_file import read_take
from distill_engine.takes.take_recorder import TakeRecorder


def write_take(take: Take, path: Path) -> None:
    """Write a whole take; never replace an existing file. Raises TakeError."""
    recorder = TakeRecorder(path)
    recorder.begin(take.header)
    for event in take.events:
        recorder.note(event)
    recorder.close(take.ticks)


def rendered_take(path: Path, instrument: Instrument) -> np.ndarray:
    """Return the samples [C, n] of a take whose models are all this instrument's."""
    return np.concatenate(list(play_take(instrument, read_take(path), lambda *asked: instrument)), axis=1)
