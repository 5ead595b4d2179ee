"""What the chord's row says of looks at an engine, of moves in time, and of a take."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from distill_engine.errors import TakeError
from distill_engine.library.assets import starter_path
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take_file import read_take
from live_support.chord import hop_figures, notes_of, perform
from live_support.chord_score import Move
from live_support.osc import Osc


class Listener(Osc):
    """Takes messages; its status is how many have come."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def send(self, address: str, *arguments: float | str) -> None:
        self.heard.append((address, *arguments))

    def status(self, seconds: float = 30.0) -> dict[str, float | str]:
        return {"hops": len(self.heard)}


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return prepare_instrument(starter_path(), "vocos")


def test_figures_of_hops_are_medians_of_the_looks_and_the_longest_of_all() -> None:
    looks: list[dict[str, float | str]] = [
        {"hop_p50_ms": p50, "hop_p99_ms": p99, "hop_max_ms": longest, "vocoder_playing": "vocos"}
        for p50, p99, longest in ((1.0, 3.0, 9.0), (2.0, 5.0, 4.0), (1.5, 4.0, 7.0))
    ]
    assert hop_figures(looks) == {"hop_p50_ms": 1.5, "hop_p99_ms": 4.0, "hop_max_ms": 9.0}


def test_moves_are_sent_in_order_and_the_engine_is_looked_at_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_support.chord.LOOK_SECONDS", 0.02)
    listener = Listener()
    looks = perform(listener, [Move(at / 100, "/distill/pitch", (float(at), 0.0)) for at in range(5)])
    assert listener.heard == [("/distill/pitch", float(at), 0.0) for at in range(5)]
    assert [look["hops"] for look in looks] == [3, 5]


def test_the_notes_of_a_take_are_those_that_sounded_hop_by_hop(tmp_path: Path, instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(4)
    synth.start_take(tmp_path / "chord.take")
    notes, costs = [], []
    for hop in range(24):
        if hop in (0, 4, 8):
            synth.note(50.0 + hop, 100.0)
        if hop == 16:
            synth.keys.relieve()
        synth.render(1)
        assert synth._mixer.polyphony is not None
        notes.append(len(synth._mixer.polyphony.sounding))
        costs.append(synth.keys.cost)
    take = read_take(synth.stop_take())
    assert set(notes) == {1, 2, 3}
    found = notes_of(starter_path(), take)
    assert found["voices"] == statistics.fmean(notes)
    assert found["cost"] == pytest.approx(statistics.fmean(costs))
    assert found["relieved"] == 1


def test_a_take_that_swaps_is_refused(tmp_path: Path, instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.start_take(tmp_path / "swap.take")
    synth.render(2)
    synth.swap(instrument)
    synth.render(2)
    with pytest.raises(TakeError, match="swaps to starter"):
        notes_of(starter_path(), read_take(synth.stop_take()))
