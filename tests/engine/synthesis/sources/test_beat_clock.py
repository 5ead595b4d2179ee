"""The beats of another program: every source keeps in step, takes hold it, and nothing jumps."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from distill_engine.library.assets import starter_path
from distill_engine.synthesis.hop_values import hop_values
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.sources.beat_clock import BeatClock
from distill_engine.synthesis.sources.latent_sources import LatentSource, SourceSettings
from distill_engine.synthesis.sources.stretch_player import LEAP_FADE
from distill_engine.synthesis.synth import Synth
from distill_engine.vocabulary.table import index_of
from support_takes import rendered_take

FRAME_RATE = 44100 / 512
TRUE_BPM, TOLD_BPM = 120.0, 118.0  # of the other program, and what the engine was told
BEATS = 80
HOPS = round(BEATS * 60 / TRUE_BPM * FRAME_RATE)


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return prepare_instrument(starter_path())


def true_beat(hop: int, bpm: float = TRUE_BPM) -> float:
    return hop / FRAME_RATE * bpm / 60


def performance(tempo: float, *, in_step: bool, late: float = 0.0, **values: float) -> Iterator[SourceSettings]:
    """The settings of HOPS hops at a tempo, with the true place in the bar once a beat if `in_step`."""
    bank, clock = ParameterBank(FRAME_RATE), BeatClock(FRAME_RATE)
    for name, value in {"source/tempo": tempo, **values}.items():
        bank.apply(index_of(f"/distill/{name}"), value)
    for hop in range(HOPS):
        if in_step and math.floor(true_beat(hop)) != math.floor(true_beat(hop - 1)):
            bank.apply(index_of("/distill/source/phase"), (true_beat(hop) + late) % 4)
        bank.advance()
        yield hop_values(bank, clock).settings


def source_of(instrument: Instrument, name: str) -> LatentSource:
    source = instrument.sources(seed=1, selected=name).of(name)
    assert source is not None
    return source


def travelled(instrument: Instrument, name: str, settings: Iterator[SourceSettings]) -> float:
    """How far a source has come after all hops: hops of its sound, or points of its walk."""
    source = source_of(instrument, name)
    passed = before = 0.0
    for one in settings:
        source.next(one, None)
        state = {key: np.asarray(value) for key, value in source.state().items()}
        now = float(state[{"drift": "place.phase", "corpus": "travel", "codes": "at", "prior": "at"}[name]])
        if name == "prior":  # columns have 4 hops
            now += 4.0 * float(state["number"])
        passed += now - before if now >= before else 0.0
        before = now
    return passed


@pytest.mark.parametrize("name", ["drift", "corpus", "codes", "prior"])
def test_rates_follow_the_beats_and_not_the_tempo_that_was_told(instrument: Instrument, name: str) -> None:
    values = {"source/rate": 1.0}
    wanted = travelled(instrument, name, performance(TRUE_BPM, in_step=False, **values))
    free = travelled(instrument, name, performance(TOLD_BPM, in_step=False, **values))
    kept = travelled(instrument, name, performance(TOLD_BPM, in_step=True, **values))
    assert abs(free / wanted - 1) > 0.01
    assert abs(kept / wanted - 1) < 0.004  # of 80 beats: a third of one; a column may be shorter than it counts


@pytest.mark.parametrize(("leaps", "step"), [(0.5, 1.0), (1.0, 1.0), (2.0, 0.5)])
def test_leaps_of_the_walk_come_on_beats_as_often_as_without(instrument: Instrument, leaps: float, step: float) -> None:
    def fades(in_step: bool) -> list[int]:
        walk = source_of(instrument, "walk")
        settings = performance(TOLD_BPM, in_step=in_step, **{"source/leaps": leaps})
        return [hop for hop, one in enumerate(settings) if walk.next(one, None)[1] == LEAP_FADE]

    free, kept = fades(False), fades(True)
    apart = np.array([true_beat(hop) for hop in kept]) / step
    assert np.abs(apart - np.round(apart)).max() * step < 0.1
    assert 0.7 < len(kept) / len(free) < 1.4
    assert len(set(np.diff(np.round(apart)))) > 1 or leaps > 1  # not a machine: a beat more or less


def test_a_difference_is_made_up_without_a_jump_and_a_far_one_is_taken_over() -> None:
    clock = BeatClock(FRAME_RATE)
    assert clock.advance(120.0, 1.0) == (120.0, (1.0, 1.0 + 2.0 / FRAME_RATE))
    phase = 1.3
    for hop in range(1, 1000):
        if math.floor(true_beat(hop)) != math.floor(true_beat(hop - 1)):
            phase = (1.3 + true_beat(hop)) % 4
        tempo, beats = clock.advance(120.0, phase)
        assert beats is not None
        assert 120.0 <= tempo <= 144.0
        assert beats[1] > beats[0]
    now = clock.state().beats
    assert now == pytest.approx(1.3 + true_beat(1000), abs=0.002)
    _, beats = clock.advance(120.0, (now + 1.5) % 4)
    assert beats == pytest.approx((2.8 + true_beat(1000), 2.8 + true_beat(1001)), abs=0.003)


def test_without_tempo_or_place_in_the_bar_there_are_no_beats() -> None:
    clock = BeatClock(FRAME_RATE)
    for tempo, phase in ((0.0, -1.0), (0.0, 2.0), (97.0, -1.0)):
        assert clock.advance(tempo, phase) == (tempo, None)


def test_uneven_messages_hardly_move_the_tempo() -> None:
    chance, clock, tempos = np.random.default_rng(0), BeatClock(FRAME_RATE), []
    phase = 0.0
    for hop in range(HOPS):
        if math.floor(true_beat(hop)) != math.floor(true_beat(hop - 1)):
            phase = (true_beat(hop) + 0.024 * chance.uniform(-1, 1)) % 4  # 12 ms: a hop early or late
        tempos.append(clock.advance(TRUE_BPM, phase)[0])
    assert np.abs(np.array(tempos[200:]) / TRUE_BPM - 1).max() < 0.02
    assert abs(np.mean(tempos) / TRUE_BPM - 1) < 0.001


def test_a_take_in_step_renders_the_live_samples_and_begins_in_the_middle_of_a_bar(
    instrument: Instrument, tmp_path: Path
) -> None:
    synth = Synth(instrument, seed=2, block=2)
    synth.set("/distill/source/tempo", TOLD_BPM)
    synth.set("/distill/source/leaps", 2.0)
    parts: list[np.ndarray] = []
    for turn in range(150):
        if turn == 30:
            synth.start_take(tmp_path / "beats.take")
            parts.clear()
        if turn % 20 == 0:
            synth.set("/distill/source/phase", true_beat(2 * turn) % 4)
        parts.append(synth.render(2))
    synth.stop_take()
    live, played = np.concatenate(parts, axis=1), rendered_take(tmp_path / "beats.take", instrument)
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(played[:, : live.shape[1]], live)


def test_the_state_goes_on(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=2)
    synth.set("/distill/source/tempo", 100.0)
    synth.set("/distill/source/phase", 1.75)
    synth.render(30)
    saved, parts = synth.state(), []
    for _ in range(2):
        synth.restore(saved)
        parts.append(synth.render(60))
    assert np.array_equal(parts[0], parts[1])
