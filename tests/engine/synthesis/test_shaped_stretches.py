"""Noisiness and attack as they play: louder first moments, and a state that goes on where it stood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from support_skeleton import skeleton_model

HOP = 512


@pytest.fixture
def instrument(tmp_path: Path) -> Instrument:
    path, _ = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    return prepare_instrument(path)


def played(instrument: Instrument, name: str, value: float, hops: int = 48) -> np.ndarray:
    synth = Synth(instrument, source="walk", seed=3)
    synth.set("/distill/gain", -18.0)  # below the limiter
    synth.set(f"/distill/control/{instrument.control_names.index(name)}", value)
    return synth.render(hops)


def test_attack_changes_the_beginning_and_not_what_follows(instrument: Instrument) -> None:
    assert {"noisiness", "attack"} <= set(instrument.control_names)
    soft, plain, hard = (played(instrument, "attack", value) for value in (-1.0, 0.0, 1.0))

    def level(sound: np.ndarray, start: int, stop: int) -> float:
        return float(20 * np.log10(np.sqrt(np.mean(sound[:, start * HOP : stop * HOP] ** 2)) + 1e-9))

    start = int(np.argmax(np.abs(plain).max(axis=0) > 0.05 * np.abs(plain).max())) // HOP
    first = [level(sound, start, start + 4) for sound in (soft, plain, hard)]
    assert first[0] + 3 < first[1] < first[2] - 3
    later = [level(sound, start + 20, start + 30) for sound in (soft, plain, hard)]
    assert max(later) - min(later) < 0.5


@pytest.mark.parametrize("name", ["attack", "noisiness"])
def test_a_voice_goes_on_where_it_stood(instrument: Instrument, name: str) -> None:
    synth = Synth(instrument, source="walk", seed=3)
    synth.set(f"/distill/control/{instrument.control_names.index(name)}", 1.0)
    synth.render(20)
    state = synth.state()
    expected = synth.render(16)
    synth.restore(state)
    assert np.array_equal(synth.render(16), expected)
