"""Takes: what is written is read; what is damaged, foreign or cut off says so in one line."""

import contextlib
import errno
import json
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_engine.errors import TakeError
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes import take_events, take_recorder
from distill_engine.takes.take import (
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    Take,
    TakeHeader,
    step_of_tick,
    tick_of_samples,
)
from distill_engine.takes.take_file import read_take
from distill_engine.takes.take_recorder import TakeRecorder
from support_takes import write_take

RAIN = PlayedModel(0, "rain", "vocos", {"model": "abc", "vocoder": "def"})
HAIL = PlayedModel(2, "hail", "hifigan", {"model": "ghi", "vocoder": "jkl", "analysis": "mno"})
HEADER = TakeHeader((RAIN, HAIL), seed=7, block=2, state={"x.y": np.arange(6.0).reshape(2, 3)})
EVENTS = (
    ParameterChange(0, "/distill/gain", -3.0, 0.5),
    Command(48, "source", {"source": "corpus", "fade": 0.5}),
    Command(48, "play"),
    Swap(50, HAIL, 0.25),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.take"
    write_take(Take(HEADER, EVENTS, 3600), path)
    return path


def test_what_was_written_is_read(path):
    take = read_take(path)
    assert take.events == EVENTS
    assert take.ticks == 3600
    assert take.complete
    assert take.seconds == pytest.approx(900 * 512 / 44100)
    assert take.header.seed == 7
    assert take.header.playing == HEADER.playing
    assert take.header.state is not None
    assert HEADER.state is not None
    assert np.array_equal(take.header.state["x.y"], HEADER.state["x.y"])


def test_an_existing_file_is_never_replaced(path):
    before = path.read_bytes()
    with pytest.raises(TakeError, match="exists"):
        write_take(Take(HEADER, EVENTS, 3600), path)
    assert path.read_bytes() == before


def test_a_cut_off_take_says_so_and_can_be_used(path):
    data = path.read_bytes()
    for end in (len(data) - 3, data.rindex(b'{"at": 3600')):
        path.write_bytes(data[:end])
        with pytest.raises(TakeError, match="breaks off"):
            read_take(path)
        take = read_take(path, allow_truncated=True)
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
        b'{"format": "distill.take", "version": 2, "tick": 128}',
        b'{"format": "distill.take", "version": null}',
    ],
)
def test_a_foreign_file_is_refused(tmp_path, text):
    path = tmp_path / "foreign.take"
    path.write_bytes(text)
    with pytest.raises(TakeError):
        read_take(path)


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
        {"at": True, "end": True},
        {"at": 1, "set": "/distill/gain", "value": "3", "glide": 0},
        {"at": 1, "do": "swap", "slot": 9, "name": "x", "vocoder": "y", "digests": {}, "fade": 0},
        {"at": 1, "embedded": "live_input", "data": "%%"},
        {"at": 1, "embedded": "marks", "data": ""},
        [],
    ],
)
def test_a_damaged_line_is_named(path, line):
    lines = path.read_text().splitlines()
    lines.insert(1, json.dumps(line))
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TakeError):
        read_take(path)


def test_changes_out_of_order_are_refused(path):
    lines = path.read_text().splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TakeError, match="damaged"):
        read_take(path)


def test_a_damaged_state_is_refused(path):
    lines = path.read_text().splitlines()
    header = json.loads(lines[0])
    header["state"] = header["state"][:40]
    path.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    with pytest.raises(TakeError, match="state"):
        read_take(path)


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(TakeError, match="there is no take .*give the path"):
        read_take(tmp_path / "none.take")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_does_more_than_raise_a_take_error(path, tmp_path, data):
    original = path.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    junk = data.draw(st.binary(max_size=12))
    damaged = tmp_path / "damaged.take"
    damaged.write_bytes(original[:at] + junk + original[at + data.draw(st.integers(0, 40)) :])
    with contextlib.suppress(TakeError):
        read_take(damaged, allow_truncated=True)


def test_a_take_that_can_no_longer_be_written_says_so_once(tmp_path, tiny_model):
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    synth.start_take(tmp_path / "full.take")
    synth.render(1)
    recorder = synth._take._recorder
    assert recorder is not None
    recorder._fail(OSError(errno.ENOSPC, "No space left on device"))
    synth.render(3)
    reports = [report.message for report in synth.take_reports() if report.kind == "take"]
    assert len(reports) == 1
    assert "full.take: the take breaks off: the disk is full" in reports[0]
    with pytest.raises(TakeError, match="the disk is full"):
        synth.stop_take()


@pytest.mark.parametrize(("limit", "value"), [("MOST_EVENTS", 2), ("MOST_BYTES", 1500)])
def test_a_take_that_is_full_ends_by_itself_and_is_whole(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(take_recorder, limit, value)
    recorder = TakeRecorder(tmp_path / "a.take")
    recorder.begin(replace(HEADER, state=None))
    for tick in range(100):
        recorder.note(ParameterChange(tick, "/distill/gain", -3.0))
    with pytest.raises(TakeError, match=r"it is full, and whole up to here; stop it and record another"):
        recorder.close(100)
    assert "a.take: the take ends: it is full" in recorder.news.get()
    take = read_take(recorder.path)
    assert take.complete
    assert 2 <= len(take.events) < 100
    assert take.ticks == take.events[-1].tick


def test_more_than_a_take_may_hold_is_refused(path, tmp_path, monkeypatch):
    huge = tmp_path / "huge.take"
    huge.write_bytes(path.read_bytes())
    with huge.open("ab") as file:
        file.truncate(5 << 30)
    with pytest.raises(TakeError, match="a take has at most 4 GB, this file has 5.0 GB"):
        read_take(huge)
    monkeypatch.setattr(take_events, "MOST_EVENTS", 3)
    with pytest.raises(TakeError, match="line 5: a take has at most 3 events"):
        read_take(path)


def test_live_input_is_embedded(path, tmp_path):
    samples = np.linspace(-1, 1, 600, dtype=np.float32)
    other = tmp_path / "b.take"
    write_take(Take(HEADER, (LiveInput(8, samples),), 40), other)
    (event,) = read_take(other).events
    assert isinstance(event, LiveInput)
    assert event.tick == 8
    assert np.array_equal(event.samples, samples)
    assert json.loads(other.read_text().splitlines()[0])["embedded"][0] == {"kind": "live_input", "encoding": "float32"}


@pytest.mark.parametrize("hop", [128, 160, 256, 300, 512, 441])
def test_hops_become_ticks_and_come_back(hop):
    assert [step_of_tick(tick_of_samples(n * hop), hop) for n in range(500)] == list(range(500))


def test_what_is_played_all_the_time_reaches_the_system_every_half_second(tmp_path):
    """A recorder that is never idle still writes by the clock: the file grows while events keep coming."""
    path = tmp_path / "busy.take"
    recorder = TakeRecorder(path)
    recorder.begin(HEADER)
    ended = time.monotonic() + 2.0
    seen = 0
    while time.monotonic() < ended:
        recorder.note(ParameterChange(0, "/distill/gain", -3.0))
        seen = max(seen, path.read_bytes().count(b"gain"))
        time.sleep(0.005)
    assert seen > 50
    recorder.close(1)


def test_a_take_whose_folder_is_removed_is_there_again_whole(tmp_path):
    folder = tmp_path / "takes"
    folder.mkdir()
    recorder = TakeRecorder(folder / "a.take")
    recorder.begin(HEADER)
    recorder.note(EVENTS[0])
    time.sleep(0.7)
    shutil.rmtree(folder)
    recorder.note(EVENTS[1])
    assert "it is there again, whole" in recorder.news.get(timeout=30)
    for event in EVENTS[2:]:
        recorder.note(event)
    recorder.close(3600)
    assert read_take(folder / "a.take").events == EVENTS


def test_a_take_that_cannot_be_made_is_refused_when_it_is_asked_for(tmp_path, tiny_model):
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    with pytest.raises(TakeError, match="the folder .*absent does not exist"):
        synth.start_take(tmp_path / "absent" / "a.take")
    (tmp_path / "file").touch()
    with pytest.raises(TakeError, match="is not a folder"):
        synth.start_take(tmp_path / "file" / "a.take")
    assert not synth.recording


def test_a_take_that_never_began_leaves_no_file(tmp_path, tiny_model):
    synth = Synth(prepare_instrument(tiny_model, "vocos"))
    synth.start_take(tmp_path / "a.take")
    with pytest.raises(TakeError, match="before it began"):
        synth.stop_take()
    assert not list(tmp_path.iterdir())
