"""What C libraries write to standard error is discarded while it is asked for, in every thread, and comes back after."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading

import pytest

from distill_engine.system.c_libraries import loaded_files, loaded_library, silence_jack_and_alsa, stderr_silenced


def say(text: str) -> None:
    os.write(2, text.encode())


def test_nothing_is_written_while_it_lasts_and_all_after(capfd: pytest.CaptureFixture[str]) -> None:
    say("before ")
    with stderr_silenced():
        say("inside")
        with stderr_silenced():
            say("deep inside")
        say("still inside")
    say("after")
    assert capfd.readouterr().err == "before after"


def test_it_ends_with_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="mine"), stderr_silenced():
        raise ValueError("mine")
    say("after")
    assert capfd.readouterr().err == "after"


def test_many_threads_share_it(capfd: pytest.CaptureFixture[str]) -> None:
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    def work() -> None:
        for _ in range(200):
            with stderr_silenced():
                say("inside")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say("after")
    assert capfd.readouterr().err == "after"
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_process_without_standard_error_is_no_fault() -> None:
    program = (
        "import os; os.close(2)\n"
        "from distill_engine.system.c_libraries import stderr_silenced\n"
        "with stderr_silenced(): print('in')\n"
        "try: os.fstat(2)\n"
        "except OSError: print('closed as before')\n"
    )
    result = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=60)
    assert result.stdout == "in\nclosed as before\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_loaded_libraries_are_found_by_the_beginning_of_their_names() -> None:
    assert loaded_files("no such library") == []
    assert loaded_library("no such library") is None
    found = loaded_files("libc.so")
    assert found == sorted(found)
    assert found[0].is_file()
    assert isinstance(loaded_library("libc.so"), ctypes.CDLL)


def test_jack_starts_no_server_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JACK_NO_START_SERVER", raising=False)
    silence_jack_and_alsa()
    assert os.environ["JACK_NO_START_SERVER"] == "1"
