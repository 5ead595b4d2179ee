"""A take from a stranger plays or ends in a TakeError, quickly, and never gives a sample that is not a number."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_engine.errors import TakeError
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import Command, ParameterChange, Take, TakeEvent
from distill_engine.takes.take_file import read_take


@pytest.fixture(scope="module")
def instrument(tiny_model: Path) -> Instrument:
    """The vocoder that computes fastest: hundreds of takes are tried."""
    return prepare_instrument(tiny_model, "hifigan")


@pytest.fixture(scope="module")
def take(instrument: Instrument, tmp_path_factory: pytest.TempPathFactory) -> Take:
    return record(instrument, tmp_path_factory.mktemp("takes") / "a.take")


def record(instrument: Instrument, path: Path) -> Take:
    synth = Synth(instrument, seed=4)
    synth.set("/distill/gain", -3.0, 2.0)
    synth.select_source("corpus", 0.1)
    synth.render(3)
    synth.start_take(path)
    synth.render(1)
    synth.set("/distill/latent/1", 1.0, 0.1)
    synth.render(4)
    synth.stop_take()
    return read_take(path)


def play(instrument: Instrument, take: Take) -> np.ndarray:
    """The take's sound: whatever the take holds, numbers or a TakeError."""
    sound = np.concatenate(list(play_take(instrument, take, lambda *_: instrument)), axis=1)
    assert np.isfinite(sound).all()
    return sound


def refusal(instrument: Instrument, take: Take) -> str:
    """The message of the TakeError in which a take ends, "" where it plays."""
    try:
        play(instrument, take)
    except TakeError as error:
        message = str(error)
    else:
        message = ""
    assert len(message) < 400
    assert "\n" not in message
    return message


def with_state(take: Take, name: str, change: Callable[[np.ndarray], Any]) -> Take:
    assert take.header.state is not None
    state = dict(take.header.state)
    state[name] = np.asarray(change(state[name]))
    return dataclasses.replace(take, header=dataclasses.replace(take.header, state=state))


CHANGES: dict[str, Callable[[np.ndarray], Any]] = {
    "NaN": lambda a: np.full(a.shape, np.nan),
    "infinity": lambda a: np.full(a.shape, np.inf),
    "huge": lambda a: np.full(a.shape, 1e300),
    "negative": lambda a: np.full(a.shape, -(2**40)),
    "empty": lambda a: np.zeros(0),
    "of rank 3": lambda a: np.zeros((2, 2, 2)),
    "text": lambda a: np.frombuffer(b"[" * 5000, np.uint8),
    "zero": lambda a: np.zeros_like(a),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_value_of_a_state_does_harm(change: str, instrument: Instrument, take: Take) -> None:
    assert take.header.state is not None
    refused = 0
    for name in sorted(take.header.state):
        if "voices.0.decoder." in name or "voices.0.vocoder." in name:
            continue  # the networks' own states: tried below
        refused += bool(refusal(instrument, with_state(take, name, CHANGES[change])))
    assert refused or change == "zero"


@pytest.mark.parametrize("change", ["NaN", "infinity", "huge", "of rank 3"])
@pytest.mark.parametrize("vocoder", ["vocos", "hifigan"])
def test_no_state_of_a_network_does_harm(change: str, vocoder: str, tiny_model: Path, tmp_path: Path) -> None:
    instrument = prepare_instrument(tiny_model, vocoder)
    take = record(instrument, tmp_path / "a.take")
    assert take.header.state is not None
    names = [name for name in take.header.state if ".decoder." in name or ".vocoder." in name]
    for name in names[:: max(1, len(names) // 8)]:
        refusal(instrument, with_state(take, name, CHANGES[change]))


EVENTS: list[TakeEvent] = [
    Command(0, "pin", {"dimensions": [-99]}),
    Command(0, "pin", {"dimensions": [float("inf")]}),
    Command(0, "seed", {"seed": float("inf")}),
    Command(0, "source", {"source": "x" * 100_000, "fade": 0.1}),
    Command(0, "source", {"source": "drift", "fade": 1e308}),
    Command(0, "source", {"source": "drift", "fade": 10**400}),
    Command(0, "clear", {"slot": float("inf"), "fade": 0.0}),
    Command(0, "clear", {}),
    Command(0, "x" * 100_000),
    ParameterChange(0, "/distill/gain", -3.0, 1e308),
]


@pytest.mark.parametrize("event", EVENTS, ids=range(len(EVENTS)))
def test_no_event_does_harm(event: TakeEvent, instrument: Instrument, take: Take) -> None:
    with pytest.raises(TakeError) as caught:
        play(instrument, dataclasses.replace(take, events=(event,)))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("field", ["hop", "sample_rate"])
def test_a_take_of_another_hop_or_rate_is_refused(field: str, instrument: Instrument, take: Take) -> None:
    header = dataclasses.replace(take.header, **{field: 2 * getattr(take.header, field)})
    with pytest.raises(TakeError, match="hops of"):
        play(instrument, dataclasses.replace(take, header=header))


HEADER = {
    "format": "distill.take",
    "version": 2,
    "tick": 128,
    "sample_rate": 44100,
    "hop": 512,
    "seed": 1,
    "block": 1,
    "playing": [{"slot": 0, "name": "a", "vocoder": "vocos", "digests": {}}],
    "embedded": [],
    "state": None,
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(sorted(HEADER)),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(max_size=20),
        st.lists(st.integers(), max_size=3),
        st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    ),
)
def test_no_header_does_more_than_raise_a_take_error(field: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "x.take"
    path.write_text(json.dumps({**HEADER, field: value}) + '\n{"at": 8, "end": true}\n')
    with contextlib.suppress(TakeError):
        assert read_take(path).header.block <= 64
