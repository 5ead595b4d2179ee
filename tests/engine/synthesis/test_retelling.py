"""A jump of the controls is heard at once and is no attack: nothing dips before it and nothing bursts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from distill_engine.library.assets import starter_path
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources.latent_sources import SourceSettings
from distill_engine.synthesis.sources.live_input import EncoderFailed
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.synthesis.steering import HopValues
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import RETOLD_SINCE, VERSION
from distill_engine.takes.take_file import read_take
from support_takes import rendered_take

HOP, RATE = 512, 44100
BEFORE, AFTER = 60, 40  # hops around the jump


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return prepare_instrument(starter_path(), "vocos")


def begun(instrument: Instrument) -> tuple[Synth, str]:
    """A synth that holds a dark sound, and the address of its brightness."""
    synth = Synth(instrument, seed=1)
    synth.select_source("hold")
    synth.set("/distill/source/grain", 0.0)
    brightness = f"/distill/control/{instrument.control_names.index('brightness')}"
    synth.set(brightness, -1.0)
    synth.render(BEFORE)
    return synth, brightness


def high_level(samples: np.ndarray) -> np.ndarray:
    """Level in dB of the high frequencies, over 1.5 ms, of samples [C, n]."""
    power = np.square(np.diff(samples[0].astype(np.float64), 2))
    return np.asarray(10 * np.log10(np.convolve(power, np.ones(66) / 66, "same") + 1e-12))


def jumped(instrument: Instrument, *, retold: bool) -> tuple[np.ndarray, float]:
    """Levels around a jump to the bright end, and the time in ms at which it is half-way."""
    synth, brightness = begun(instrument)
    synth.loop.play_as_before(VERSION if retold else RETOLD_SINCE - 1)
    dark = synth.render(20)
    synth.set(brightness, 1.0)
    level = high_level(np.concatenate([dark, synth.render(AFTER)], axis=1))
    old, new = np.median(level[: 20 * HOP]), np.median(level[-10 * HOP :])
    half = np.flatnonzero(level[20 * HOP :] > (old + new) / 2)[0] / RATE * 1e3
    return level[20 * HOP - 200 : 23 * HOP] - old, float(half)


def test_a_jump_of_brightness_is_heard_with_the_next_spectrum_and_does_not_dip(instrument: Instrument) -> None:
    level, half = jumped(instrument, retold=True)
    before, late = jumped(instrument, retold=False)
    assert half < instrument.delay_samples / RATE * 1e3 + 2
    assert late > half + 8
    assert level.min() > before.min() + 3
    assert level.max() < before.max()


def test_blocks_of_any_size_tell_it_at_the_same_hop(instrument: Instrument) -> None:
    sounds = []
    for block in (1, 3, 8):
        synth, brightness = begun(instrument)
        synth.set(brightness, 1.0, 0.15)  # glides: every hop of a block moves
        sounds.append(np.concatenate([synth.render(block) for _ in range(24 // block)], axis=1))
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-3
    assert np.abs(sounds[0] - sounds[2]).max() < 1e-3
    assert np.sqrt(np.square(sounds[0] - sounds[2]).mean()) < 4e-5


def test_a_take_begun_between_two_jumps_renders_as_played(instrument: Instrument, tmp_path: Path) -> None:
    synth, brightness = begun(instrument)
    synth.set(brightness, 0.4)
    synth.render(3)
    synth.start_take(tmp_path / "a.take")
    played = []
    for place in (0.9, -0.6, 0.1):
        synth.set(brightness, place)
        synth.set("/distill/latent/2", place)
        played += [synth.render(1) for _ in range(5)]
    synth.stop_take()
    assert read_take(tmp_path / "a.take").header.rules >= RETOLD_SINCE
    assert np.array_equal(rendered_take(tmp_path / "a.take", instrument), np.concatenate(played, axis=1))


def test_the_vocoders_graph_is_told_too(instrument: Instrument, monkeypatch: pytest.MonkeyPatch) -> None:
    from distill_engine.native import library

    monkeypatch.setenv(library.SWITCH, "off")
    library.native_library.cache_clear()
    try:
        graph = prepare_instrument(starter_path(), "vocos")
        assert type(graph.vocoder_stream()) is not type(instrument.vocoder_stream())
        a, b = (jumped(one, retold=True)[0] for one in (instrument, graph))
    finally:
        library.native_library.cache_clear()
    assert np.abs(a - b).max() < 0.5


class Failing:
    """A source whose encoder fails."""

    def next(self, settings: SourceSettings, samples: object) -> None:
        raise EncoderFailed("no memory")


def test_a_source_that_fails_does_not_move_the_controls_again(instrument: Instrument) -> None:
    steering, sources = instrument.steering(1), instrument.sources(1, "walk")
    values = HopValues(SourceSettings(), np.zeros(64), np.zeros(32))
    steering.latent(sources, values, None)
    moved = replace(values, controls=np.full(32, 0.3))
    steering.latent(sources, moved, None)
    assert steering.move is not None
    with pytest.raises(EncoderFailed):
        steering.latent(cast(SourceBank, Failing()), moved, None)
    assert steering.move is None
