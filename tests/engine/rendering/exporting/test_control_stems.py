"""Stems of controls: which events of a take each version plays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distill_engine.errors import ConfigError
from distill_engine.rendering.exporting.control_stems import stacked, take_versions
from distill_engine.takes.take import Command, ParameterChange, PlayedModel, Take, TakeHeader

INSTRUMENT: Any = SimpleNamespace(control_names=("brightness", "warmth"))


def _take(*events: ParameterChange | Command) -> Take:
    return Take(TakeHeader((PlayedModel(0, "birds", "vocos", {}),), 0, 1), events, 100)


def test_each_version_of_a_take_plays_the_moves_of_one_control() -> None:
    play, gain = Command(0, "play"), ParameterChange(5, "/distill/gain", -3.0)
    bright, warm = ParameterChange(10, "/distill/control/0", 0.5), ParameterChange(20, "/distill/control/1", -1.0, 2.0)
    back = ParameterChange(30, "/distill/control/0", 0.0)
    versions = take_versions(INSTRUMENT, _take(play, gain, bright, warm, back))
    assert {name: take.events for name, take in versions.items()} == {
        "dry": (play, gain),
        "brightness": (play, gain, bright, back),
        "warmth": (play, gain, warm),
    }
    assert {take.ticks for take in versions.values()} == {100}


def test_a_take_that_moves_no_control_has_no_stems_of_controls() -> None:
    with pytest.raises(ConfigError, match="no control moves here"):
        take_versions(INSTRUMENT, _take(Command(0, "play")))


def test_stems_lie_above_each_other() -> None:
    sounds = [np.full((2, 10), number, np.float32) for number in (1.0, 2.0)]
    whole = stacked([iter([sounds[0]]), iter([sounds[1][:, :3], sounds[1][:, 3:]])], 2)
    assert np.array_equal(whole, np.concatenate(sounds))
