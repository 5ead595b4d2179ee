"""The shared block: values and glides belong together, figures are of one moment, nothing stays behind."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from distill_engine.errors import ControlError
from distill_engine.realtime.shared_memory import (
    ParameterReader,
    ParameterWriter,
    SharedBlock,
    StatusReader,
    StatusWriter,
    pack,
    unpack,
)
from distill_engine.realtime.status import STATUS_FIELDS, Status
from distill_engine.vocabulary import table as vocabulary


@pytest.fixture
def block():
    block = SharedBlock.create([0.0, 1.5, -2.0], 3)
    yield block
    block.close()


def test_a_word_carries_value_and_glide():
    assert unpack(pack(-3.25, 0.5)) == (-3.25, 0.5)


def test_the_reader_sees_each_change_once_and_the_latest_value(block):
    writer, reader = ParameterWriter(block), ParameterReader(block)
    assert reader.changes() == []
    writer.set(1, 3.0, 0.25)
    writer.set(1, 4.0, 0.5)
    writer.set(2, 1.0)
    assert reader.changes() == [(1, 4.0, 0.5), (2, 1.0, 0.0)]
    assert reader.changes() == []
    assert writer.get(1) == (4.0, 0.5)


def test_every_parameter_of_the_vocabulary_has_its_word():
    block = SharedBlock.create(vocabulary.default_values(), len(STATUS_FIELDS))
    writer, reader = ParameterWriter(block), ParameterReader(block)
    for parameter in vocabulary.PARAMETERS:
        writer.set(parameter.index, parameter.maximum + 1, 0.125)
    assert [parameter_index for parameter_index, _, _ in reader.changes()] == [p.index for p in vocabulary.PARAMETERS]
    block.close()


def test_a_parameter_that_is_not_there_is_refused(block):
    with pytest.raises(ControlError, match="they are 0 to 2"):
        ParameterWriter(block).set(3, 0.0)


def test_reads_are_never_torn(block):
    writer, reader = ParameterWriter(block), ParameterReader(block)
    ending = threading.Event()

    def write() -> None:
        count = 0
        while not ending.is_set():
            count += 1
            writer.set(0, float(count % 1000), float(count % 1000))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        pairs = [(value, glide) for _ in range(3000) for _, value, glide in reader.changes()]
    finally:
        ending.set()
        thread.join()
    assert pairs
    assert all(value == glide for value, glide in pairs)


def test_figures_are_of_one_moment(block):
    writer, reader = StatusWriter(block), StatusReader(block)
    assert reader.read() is None
    ending = threading.Event()

    def publish() -> None:
        count = 0.0
        while not ending.is_set():
            count += 1
            writer.publish([count, count, count])

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        seen = [figures for _ in range(500) if (figures := reader.read()) is not None]
    finally:
        ending.set()
        thread.join()
    assert seen
    assert all(len(set(figures)) == 1 for figures in seen)


def test_before_the_first_figures_nobody_waits_for_them(block, monkeypatch):
    """Each wait costs 5 ms beside a busy thread: asked for its status all the time, a control process never came to be ready."""
    monkeypatch.setattr("distill_engine.realtime.shared_memory.time.sleep", lambda seconds: pytest.fail("waited"))
    assert StatusReader(block).read() is None


def test_a_status_crosses_the_block_unchanged():
    status = Status(hops=7.0, peak_db=-3.5, underruns_stall=2.0)
    block = SharedBlock.create([0.0], len(STATUS_FIELDS))
    StatusWriter(block).publish(status.figures())
    read = StatusReader(block).read()
    assert read is not None
    assert Status.from_figures(read) == status
    block.close()


def test_another_process_sees_it_and_nothing_stays_behind(block):
    before = _left()
    script = """
        import sys
        from distill_engine.realtime.shared_memory import *
        block = SharedBlock.attach(sys.argv[1])
        ParameterWriter(block).set(2, 9.0, 1.0)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), block.name]
    reader = ParameterReader(block)
    subprocess.run(command, pass_fds=[block.descriptor], check=True, timeout=30)
    assert reader.changes() == [(2, 9.0, 1.0)]
    assert _left() <= before


def _left():
    """What lies in shared memory, but for JACK servers (of other tests)."""
    names = os.listdir("/dev/shm") if os.path.isdir("/dev/shm") else []
    return {name for name in names if not name.startswith("jack")}


@pytest.mark.parametrize("name", ["fd:999", "fd:x", "", "shm:3"])
def test_memory_that_is_not_there_is_one_line(name):
    with pytest.raises(ControlError, match="start distill-engine again"):
        SharedBlock.attach(name)


def test_a_strange_file_is_refused(tmp_path):
    path = tmp_path / "block"
    path.write_bytes(b"\0" * 4096)
    with path.open("r+b") as file, pytest.raises(ControlError, match="another version"):
        SharedBlock.attach(f"fd:{os.dup(file.fileno())}")
