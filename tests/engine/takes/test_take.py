"""Takes: what is written is read; what is damaged, foreign or cut off says so in one line."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_engine.errors import TakeError
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import Take, TakeEvent, TakeHeader
from distill_engine.takes.take_recorder import write_take

HEADER = TakeHeader("abc", "rain", 7, 2, "vocos", "def", state={"x.y": np.arange(6.0).reshape(2, 3)})
EVENTS = (
    TakeEvent(0, address="/distill/gain", value=-3.0, glide=0.5),
    TakeEvent(12, command="source", arguments=("corpus", 0.5)),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.take"
    write_take(Take(HEADER, EVENTS, 900), path)
    return path


def test_what_was_written_is_read(path):
    take = Take.read(path)
    assert take.events == EVENTS
    assert take.hops == 900
    assert take.complete
    assert take.seconds == pytest.approx(900 * 512 / 44100)
    assert take.header.seed == 7
    assert np.array_equal(take.header.state["x.y"], HEADER.state["x.y"])


def test_an_existing_file_is_never_replaced(path):
    before = path.read_bytes()
    with pytest.raises(TakeError, match="exists"):
        write_take(Take(HEADER, EVENTS, 900), path)
    assert path.read_bytes() == before


def test_a_cut_off_take_says_so_and_can_be_used(path):
    data = path.read_bytes()
    for end in (len(data) - 3, data.rindex(b'{"at": 900')):
        path.write_bytes(data[:end])
        with pytest.raises(TakeError, match="breaks off"):
            Take.read(path)
        take = Take.read(path, allow_truncated=True)
        assert take.events == EVENTS
        assert not take.complete


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\x00",
        b"{}",
        b'{"format": "other"}',
        b"[" * 100_000,
        b'{"format": "distill.take", "version": 9}',
        b'{"format": "distill.take", "version": 1, "model": "x"}',
    ],
)
def test_a_foreign_file_is_refused(tmp_path, text):
    path = tmp_path / "foreign.take"
    path.write_bytes(text)
    with pytest.raises(TakeError):
        Take.read(path)


@pytest.mark.parametrize(
    "line",
    [
        {"at": -1, "end": True},
        {"at": "x"},
        {"at": 10**12, "end": True},
        {"at": 1, "set": "/distill/nothing", "value": 0, "glide": 0},
        {"at": 1, "set": "/distill/gain", "value": "loud", "glide": 0},
        {"at": 1, "set": "/distill/gain", "value": float("nan"), "glide": 0},
        {"at": 1},
        [],
    ],
)
def test_a_damaged_line_is_named(path, line):
    lines = path.read_text().splitlines()
    lines.insert(1, json.dumps(line))
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TakeError):
        Take.read(path)


def test_changes_out_of_order_are_refused(path):
    lines = path.read_text().splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TakeError, match="damaged"):
        Take.read(path)


def test_a_damaged_state_is_refused(path):
    lines = path.read_text().splitlines()
    header = json.loads(lines[0])
    header["state"] = header["state"][:40]
    path.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    with pytest.raises(TakeError, match="state"):
        Take.read(path)


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(TakeError, match="cannot read"):
        Take.read(tmp_path / "none.take")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_does_more_than_raise_a_take_error(path, tmp_path, data):
    original = path.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    junk = data.draw(st.binary(max_size=12))
    damaged = tmp_path / "damaged.take"
    damaged.write_bytes(original[:at] + junk + original[at + data.draw(st.integers(0, 40)) :])
    with contextlib.suppress(TakeError):
        Take.read(damaged, allow_truncated=True)


def test_a_take_that_can_no_longer_be_written_says_so_once(tmp_path, tiny_model):
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    synth.start_take(tmp_path / "full.take")
    synth.render(1)
    recorder = synth._log._recorder
    assert recorder is not None
    recorder.failure = "No space left on device"
    synth.render(3)
    reports = [report.message for report in synth.take_reports() if report.kind == "take"]
    assert len(reports) == 1
    assert "full.take: the take breaks off: No space left" in reports[0]
    with pytest.raises(TakeError, match="No space left"):
        synth.stop_take()
