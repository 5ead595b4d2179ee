"""An instrument that has faded out is freed on the thread that loads others, never on the one that renders."""

import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_engine.live import old_instruments
from distill_engine.live.capacity import budget as budgets
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import Fit, FitRequest
from distill_engine.live.commands import LOADING_MARGIN_SECONDS, LiveCommands, LoadOptions
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice_pool import VoicePool


class _Still:
    """A performer that does not run: the test renders."""

    running, recorder, block = False, None, 1

    def __init__(self) -> None:
        self.raised: list[float] = []

    def raise_latency_for(self, extra: float, lasting: float) -> None:
        self.raised.append(extra)


class _Stage:
    """A synth with its commands. Its instruments stay nowhere else."""

    def __init__(self, model: Path) -> None:
        self.freed: list[str] = []  # the threads on which instruments ended
        self.synth = Synth(self.loaded(model))
        self.answers: list[dict] = []
        self.performer = _Still()
        doubles: Any = self.performer, self.answers.append, None
        still, send, capture = doubles
        budget = Budget(self.synth, {0: (self.synth.instrument, 0.1)})
        options = LoadOptions(FitRequest("vocos", block=1, threads=1), budget, True)
        self.commands = LiveCommands(still, self.synth, options, send, lambda instrument: None, capture)

    def loaded(self, model: Path) -> Instrument:
        """Return an instrument whose end is noted."""
        instrument = prepare_instrument(model, "vocos")
        weakref.finalize(instrument, lambda: self.freed.append(threading.current_thread().name))
        return instrument

    def ask(self, command: str, *arguments: object) -> None:
        """Send a command and wait until it is done."""
        self.commands.handle({"id": 1, "command": command, "arguments": list(arguments)})
        deadline = time.monotonic() + 30.0
        while not any(message.get("id") == 1 for message in self.answers):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        assert next(message for message in self.answers if message.get("id") == 1)["status"] == "done"

    def played_out(self) -> list[str]:
        """Render until every fade is over; return on which threads instruments ended by then and a while later."""
        while self.synth.fading:
            self.synth.render(1)
            time.sleep(0.002)
        self.synth.render(4)
        deadline = time.monotonic() + 10.0
        while not self.freed and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.freed


@pytest.fixture
def stage(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Stage]:
    monkeypatch.setattr(old_instruments, "LOOK_SECONDS", 0.01)
    made = _Stage(tiny_model)
    made.synth.set("/distill/source/fade", 0.3)
    yield made
    made.commands.stop()


def test_a_replaced_instrument_is_freed_where_others_load(stage: _Stage, tiny_model: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "distill_engine.live.played_versions.fit_instrument",
        lambda path, request: (VoicePool(stage.loaded(path)), Fit(1, 1, 0.1)),
    )
    monkeypatch.setattr(budgets, "note_share", lambda instrument, voices, synth: 0.1)  # however busy the machine is
    stage.commands.change_voices(2)
    stage.synth.note(60, 100)
    stage.synth.render(4)
    stage.ask("model", str(tiny_model))
    stage.synth.render(4)
    stage.synth.play()  # what was heard last is kept until slot 0 sounds again
    assert stage.played_out() == ["loader"]


def test_the_instrument_of_a_slot_that_is_emptied_is_freed_where_others_load(stage: _Stage, tiny_model: Path) -> None:
    stage.commands._swap(VoicePool(stage.loaded(tiny_model)), Fit(1, 1, 0.1), 1)
    stage.synth.render(40)
    stage.ask("blend/model", 1, "")
    assert not stage.freed
    raised = len(stage.performer.raised)
    assert stage.played_out() == ["loader"]
    assert stage.performer.raised[raised:] == [LOADING_MARGIN_SECONDS]  # first: freeing holds Python's lock
