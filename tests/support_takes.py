"""Takes that are written at once, not while they are played."""

from __future__ import annotations

from pathlib import Path

from distill_engine.takes.take import Take
from distill_engine.takes.take_recorder import TakeRecorder


def write_take(take: Take, path: Path) -> None:
    """Write a whole take; never replace an existing file. Raises TakeError."""
    recorder = TakeRecorder(path)
    recorder.begin(take.header)
    for event in take.events:
        recorder.note(event)
    recorder.close(take.ticks)
