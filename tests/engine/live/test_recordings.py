"""A take and a sound file that are recorded together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distill_engine.errors import AudioFileError
from distill_engine.live.recordings import Recordings
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take_file import read_take


def test_a_sound_that_cannot_be_written_does_not_keep_the_take_from_its_end(tmp_path: Path, tiny_model: Path) -> None:
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    performer: Any = SimpleNamespace(recorder=None)
    said: list[tuple[str, str]] = []

    def notice(level: str, text: str) -> None:
        said.append((level, text))

    recordings = Recordings(performer, synth, lambda action: action(), notice, lambda path: None, allow_paths=True)
    recordings.start(tmp_path / "show.wav")
    recordings.start(tmp_path / "show.take")
    synth.render(3)
    performer.recorder.failure = "the disk is full"
    with pytest.raises(AudioFileError, match="incomplete: the disk is full"):
        recordings.stop()
    assert not synth.recording
    assert read_take(tmp_path / "show.take").complete
    assert said[-1][1].startswith(f"recorded {tmp_path / 'show.take'}: ")


def test_of_two_recordings_that_fail_both_are_named(tmp_path: Path, tiny_model: Path) -> None:
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    performer: Any = SimpleNamespace(recorder=None)
    said: list[tuple[str, str]] = []

    def notice(level: str, text: str) -> None:
        said.append((level, text))

    recordings = Recordings(performer, synth, lambda action: action(), notice, lambda path: None, allow_paths=True)
    recordings.start(tmp_path / "show.wav")
    recordings.start(tmp_path / "show.take")
    performer.recorder.failure = "the disk is full"
    with pytest.raises(AudioFileError, match="the disk is full"):
        recordings.stop()
    assert said[-1] == (
        "error",
        f"{tmp_path / 'show.take'}: the take was stopped before it began; nothing was recorded",
    )
