"""A recording that is removed meanwhile is written again, or stays open where that is not possible."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio_io import recording
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.errors import AudioFileError, TakeError
from distill_engine.system import removed_files
from distill_engine.takes.take import ParameterChange, PlayedModel, TakeHeader
from distill_engine.takes.take_file import read_take
from distill_engine.takes.take_recorder import TakeRecorder

RATE = 44100
BLOCK = np.full((RATE // 10, 2), 0.25, np.float32)
HEADER = TakeHeader((PlayedModel(0, "rain", "vocos", {"model": "abc", "vocoder": "def"}),), seed=7, block=2, state=None)
EVENTS = tuple(ParameterChange(tick, "/distill/gain", -3.0) for tick in range(8))
ROOM = 5_000  # bytes that the disk takes before it is full


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def replace(path: Path) -> None:
    """Put another program's file in the place of `path`."""
    other = path.with_name("other")
    other.write_bytes(b"another's")
    os.replace(other, path)


def on_a_full_disk(descriptor: int, data: bytes, at: int) -> int:
    if at >= ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return os.pwrite(descriptor, data[: ROOM - at], at)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A disk on which copies find no room, until the fixture is undone."""
    monkeypatch.setattr(removed_files, "write_at", on_a_full_disk)
    return monkeypatch


def sound_of(path: Path | str) -> np.ndarray:
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert (sound == 0.25).all()
    return np.asarray(sound)


def recorded(path: Path, said: list[str]) -> AudioWriter:
    """Begin a recording of half a second."""
    writer = AudioWriter(path, RATE, 2, said.append)
    for _ in range(5):
        writer.write(BLOCK)
    until(lambda: path.stat().st_size > 8 * 5 * len(BLOCK))
    return writer


def test_beside_another_programs_file_a_recording_goes_on_under_its_next_names(tmp_path: Path) -> None:
    said: list[str] = []
    writer = recorded(tmp_path / "show.wav", said)
    replace(writer.path)
    until(lambda: said)
    writer.write(BLOCK)
    writer.close()
    assert said == [
        f"{writer.path} was removed while it was recorded: its sound is in show-2.wav and goes on in the next file"
    ]
    assert writer.path.read_bytes() == b"another's"
    assert [len(sound_of(tmp_path / f"show-{part}.wav")) for part in (2, 3)] == [5 * len(BLOCK), len(BLOCK)]


def test_a_recording_that_finds_no_room_says_so_at_once_and_is_whole_once_there_is(
    tmp_path: Path, full: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    writer = recorded(tmp_path / "show.wav", said)
    writer.path.unlink()
    until(lambda: said)
    assert "show.wav: the recording breaks off: the disk is full" in said[0]
    assert writer.path.stat().st_size == ROOM
    full.undo()
    with pytest.raises(AudioFileError, match="incomplete: the disk is full"):
        writer.close()
    assert said[1:] == [f"{writer.path} was removed while it was recorded: it is there again"]
    assert len(sound_of(writer.path)) == 5 * len(BLOCK)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system shows no open files")
@pytest.mark.usefixtures("full")
def test_a_recording_that_never_finds_room_stays_open_and_says_where(tmp_path: Path) -> None:
    writer = recorded(tmp_path / "show.wav", [])
    writer.path.unlink()
    with pytest.raises(AudioFileError, match="cannot be written again: the disk is full") as refused:
        writer.close()
    place = re.search(rf"until Distill ends, (/proc/{os.getpid()}/fd/(\d+)) holds it", str(refused.value))
    assert place is not None
    assert len(sound_of(place[1])) == 5 * len(BLOCK)
    os.close(int(place[2]))


def test_a_recording_removed_just_before_its_end_is_there_again(tmp_path: Path) -> None:
    said: list[str] = []
    writer = recorded(tmp_path / "show.wav", said)
    writer.path.unlink()
    writer.close()
    assert sum(len(sound_of(path)) for path in tmp_path.iterdir()) == 5 * len(BLOCK)
    assert "it is there again" in said[0]


def test_a_part_whose_name_is_taken_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recording.PART_BYTES, ".wav", len(BLOCK) * 4 * 2)
    (tmp_path / "long-2.wav").write_bytes(b"another's")
    writer = AudioWriter(tmp_path / "long.wav", RATE, 2)
    for _ in range(2):
        writer.write(BLOCK)
    writer.close()
    assert (tmp_path / "long-2.wav").read_bytes() == b"another's"
    assert [len(sound_of(tmp_path / name)) for name in ("long.wav", "long-3.wav")] == [len(BLOCK)] * 2


def test_no_descriptor_is_closed_twice_where_the_next_part_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    closed: list[int] = []
    close = os.close

    def count(descriptor: int) -> None:
        closed.append(descriptor)
        close(descriptor)

    monkeypatch.setitem(recording.PART_BYTES, ".wav", len(BLOCK) * 4 * 2)
    monkeypatch.setattr(recording, "create_free", refuse)
    writer = AudioWriter(tmp_path / "long.wav", RATE, 2)
    own = writer._descriptor
    monkeypatch.setattr(os, "close", count)
    for _ in range(2):
        writer.write(BLOCK)
    with pytest.raises(AudioFileError, match="the disk is full"):
        writer.close()
    assert closed.count(own) == 1
    assert len(sound_of(tmp_path / "long.wav")) == len(BLOCK)


def begun(path: Path) -> TakeRecorder:
    """Begin a take, of which a copy is larger than ROOM."""
    recorder = TakeRecorder(path)
    recorder.begin(HEADER)
    for event in EVENTS * 20:
        recorder.note(ParameterChange(0, event.address, event.value))
    until(lambda: path.stat().st_size > ROOM)
    return recorder


def test_beside_another_programs_file_a_take_goes_on_under_its_next_name(tmp_path: Path) -> None:
    recorder = begun(tmp_path / "a.take")
    replace(tmp_path / "a.take")
    assert "it goes on in a-2.take" in recorder.news.get(timeout=30)
    for event in EVENTS:
        recorder.note(event)
    recorder.close(48)
    assert (tmp_path / "a.take").read_bytes() == b"another's"
    assert recorder.path == tmp_path / "a-2.take"
    take = read_take(recorder.path)
    assert take.complete
    assert len(take.events) == 21 * len(EVENTS)


def test_a_take_that_finds_no_room_says_so_at_once_and_is_there_once_there_is(
    tmp_path: Path, full: pytest.MonkeyPatch
) -> None:
    recorder = begun(tmp_path / "a.take")
    recorder.path.unlink()
    assert "a.take: the take breaks off: the disk is full" in recorder.news.get(timeout=30)
    full.undo()
    with pytest.raises(TakeError, match="the disk is full"):
        recorder.close(48)
    assert len(read_take(recorder.path, allow_truncated=True).events) == 20 * len(EVENTS)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system shows no open files")
@pytest.mark.usefixtures("full")
def test_a_take_that_never_finds_room_stays_open_and_says_where(tmp_path: Path) -> None:
    recorder = begun(tmp_path / "a.take")
    recorder.path.unlink()
    with pytest.raises(TakeError, match="the disk is full") as refused:
        recorder.close(48)
    place = re.search(rf"until Distill ends, (/proc/{os.getpid()}/fd/(\d+)) holds it", str(refused.value))
    assert place is not None
    assert len(read_take(Path(place[1]), allow_truncated=True).events) >= 20 * len(EVENTS)
    os.close(int(place[2]))
