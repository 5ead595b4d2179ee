"""Every signal that asks for the end does the same; one process at a time holds a lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio import encoding
from distill_engine.audio.decoding.windows import Window
from distill_engine.audio.encoding import write_audio
from distill_engine.audio.files import read_audio
from distill_engine.system.file_lock import HeldError, exclusive
from distill_engine.system.signals import ending_signals, interrupt, interrupts_held

STUBBORN = """
import sys, time
from distill_engine.system.signals import ending_signals

with ending_signals(lambda number: print("asked", number, flush=True)):
    print("ready", flush=True)
    while True:  # it never ends by itself
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
HOLDER = """
import sys, time
from pathlib import Path
from distill_engine.system.file_lock import exclusive

with exclusive(Path(sys.argv[1]), "the holder"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_and_the_second_ends_the_process(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == f"asked {number.value}\n"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM


TOGETHER = """
import signal
from distill_engine.system.signals import ending_signals

with ending_signals(lambda number: print("asked", number, flush=True)):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM})
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP, signal.SIGTERM})
    print("still here", flush=True)
"""


def test_of_two_signals_at_the_same_moment_the_second_ends_the_process_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"asked {signal.SIGHUP.value}\n", "")
    assert done.returncode == -signal.SIGTERM


def test_handlers_are_restored_and_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asked: list[int] = []
        handler = signal.getsignal(signal.SIGTERM)
        with ending_signals(asked.append):
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
        assert asked == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is handler
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    lock = tmp_path / ".a.lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(HeldError, match=f"the holder .process {process.pid}"), exclusive(lock, "another"):
            pass
        process.kill()
    with exclusive(lock, "another"):
        assert lock.exists()
    assert not lock.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "lock").symlink_to(precious)
    with pytest.raises(OSError, match="loop|symbolic"), exclusive(tmp_path / "lock", "x"):
        pass
    assert precious.read_text() == "precious"


CHILD = """
import signal, sys
numbers = {signal.SIGINT, signal.SIGHUP}
print(numbers <= signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


def test_an_interrupt_is_held_until_the_block_ends_and_never_reaches_what_was_started_in_it() -> None:
    begun: list[str] = []

    def interrupted() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            begun.append(subprocess.check_output([sys.executable, "-c", CHILD], text=True))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert begun == ["True\n"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with interrupts_held():
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sound_file_is_not_written_half_when_the_signal_comes_inside_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    path = tmp_path / "sound.wav"
    write_audio(path, np.zeros(1000, np.float32), 44100)
    before, put = path.read_bytes(), encoding._Target._put
    puts: list[int] = []

    def interrupted(file: encoding._Target, data: memoryview) -> int:
        puts.append(len(data))
        if len(puts) == 2:  # samples; the first is the header
            signal.raise_signal(number)
        return put(file, data)

    monkeypatch.setattr(encoding._Target, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt), ending_signals(interrupt):
        write_audio(path, np.ones(5000, np.float32), 44100)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["sound.wav"]


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_sound_file_is_not_read_half_when_the_signal_comes_inside_the_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    path = tmp_path / "sound.wav"
    write_audio(path, np.full(100_000, 0.5, np.float32), 44100)
    left_open = path.read_bytes().replace(b"data" + (300_000).to_bytes(4, "little"), b"data" + bytes(4))
    path.write_bytes(left_open)  # which is read by way of Python, for its size is put right
    reads, read = [], Window.readinto

    def interrupted(window: Window, buffer: memoryview) -> int:
        reads.append(len(buffer))
        if len(reads) == at + 1:
            signal.raise_signal(signal.SIGINT)
        return read(window, buffer)

    monkeypatch.setattr(Window, "readinto", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_audio(path)
    assert len(reads) > at
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
