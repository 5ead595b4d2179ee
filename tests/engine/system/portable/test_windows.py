"""What Windows would be asked for, with doubles of its libraries; nothing here runs on Windows."""

import ctypes
import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distill_control.workshop.jobs import is_held
from distill_engine.system import atomic_write
from distill_engine.system.atomic_write import TEMPORARY_SUFFIX, folder_lock, write_file
from distill_engine.system.portable import files, processes, windows_files, windows_processes


class Msvcrt:
    """Locks bytes as Windows does: a second lock of a byte fails."""

    LK_NBLCK = 2

    def __init__(self, fault: int = errno.EACCES) -> None:
        self.locked: set[int] = set()
        self._fault = fault

    def locking(self, descriptor: int, mode: int, count: int, /) -> None:
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        if at in self.locked or (mode, count) != (2, 1):
            raise OSError(self._fault, "")
        self.locked.add(at)


@pytest.fixture
def descriptor(tmp_path: Path):
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(number, b"0123456789")
    os.lseek(number, 3, os.SEEK_SET)
    yield number
    os.close(number)


def test_a_lock_lies_behind_the_contents_and_moves_nothing(descriptor: int) -> None:
    system = Msvcrt()
    assert windows_files.try_lock(system, descriptor) is True
    assert windows_files.try_lock(system, descriptor) is False
    assert min(system.locked) > os.fstat(descriptor).st_size
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 3
    nowhere = Msvcrt(errno.EINVAL)
    nowhere.locked = system.locked
    assert windows_files.try_lock(nowhere, descriptor) is None


@pytest.mark.parametrize("module", [windows_files, files])
def test_reading_and_writing_at_a_place_leave_the_position(module: Any, descriptor: int) -> None:
    assert module.write_at(descriptor, b"ab", 8) == 2
    assert module.read_at(descriptor, 4, 6) == b"67ab"
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 3


def test_a_child_inherits_the_handles_and_no_others() -> None:
    asked: dict[str, Any] = {}
    inherited: list[tuple[int, bool]] = []
    system = SimpleNamespace(
        STARTUPINFO=lambda lpAttributeList: lpAttributeList,
        CREATE_NEW_PROCESS_GROUP=512,
        DEVNULL=-3,
        Popen=lambda command, **given: asked.update(given, command=command) or "process",
    )
    places = SimpleNamespace(set_handle_inheritable=lambda handle, value: inherited.append((handle, value)))
    assert windows_files.start_child(system, places, ["distill"], (7, 9)) == "process"
    assert inherited == [(7, True), (9, True)]
    assert asked["startupinfo"] == {"handle_list": [7, 9]}
    assert asked["creationflags"] == 512


def test_a_job_is_started_apart() -> None:
    asked: dict[str, Any] = {}
    system = SimpleNamespace(
        CREATE_NEW_PROCESS_GROUP=512,
        CREATE_NO_WINDOW=1 << 27,
        DEVNULL=-3,
        Popen=lambda command, **given: asked.update(given, command=command) or "process",
    )
    output: Any = object()
    assert windows_files.start_apart(system, ["distill"], output, output) == "process"
    assert asked == {
        "command": ["distill"],
        "stdin": -3,
        "stdout": output,
        "stderr": output,
        "creationflags": 512 | 1 << 27,
    }


def test_a_job_holds_the_lock_after_the_one_that_started_it_freed_it(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    assert files.try_lock(lock)
    (tmp_path / "wait").touch()
    text = "import pathlib, sys, time\nwhile pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    with (tmp_path / "out").open("wb") as output:
        child = files.start_holding([sys.executable, "-c", text, str(tmp_path / "wait")], lock, output, output)
    os.close(lock)
    assert is_held(tmp_path / "lock")
    (tmp_path / "wait").unlink()
    assert child.wait(60) == 0
    assert not is_held(tmp_path / "lock")


class Kernel32:
    """A process with one thread."""

    def __init__(self, priority: int = 0, allowed: bool = True) -> None:
        self.priority, self.allowed = priority, allowed
        self.calls: list[object] = []

    def GetCurrentThread(self) -> int:
        return -2

    def GetCurrentProcess(self) -> int:
        return -1

    def GetThreadPriority(self, thread: ctypes.c_void_p) -> int:
        return self.priority

    def SetThreadPriority(self, thread: ctypes.c_void_p, priority: int) -> int:
        assert thread.value == 2 ** (8 * ctypes.sizeof(ctypes.c_void_p)) - 2  # the whole handle
        if self.allowed:
            self.priority = priority
        return int(self.allowed)

    def SetPriorityClass(self, process: ctypes.c_void_p, value: int) -> int:
        self.calls.append(value)
        return 1

    def K32GetProcessMemoryInfo(self, process: object, counters: Any, size: int) -> int:
        found = ctypes.cast(counters, ctypes.POINTER(windows_processes.MemoryCounters)).contents
        assert found.cb == size == ctypes.sizeof(found)
        found.WorkingSetSize = 5_000_000
        return int(self.allowed)

    def OpenProcess(self, right: int, inherit: bool, process: int) -> int:
        return 11 if self.allowed else 0

    def CloseHandle(self, handle: ctypes.c_void_p) -> int:
        self.calls.append(("closed", handle.value))
        return 1


def test_the_synth_thread_gets_the_priority_of_audio_else_the_highest() -> None:
    for offered, expected in ((1, 0), (0, windows_processes.TIME_CRITICAL)):
        kernel32 = Kernel32()
        avrt = SimpleNamespace(AvSetMmThreadCharacteristicsW=lambda task, number, offered=offered: offered)
        assert windows_processes.raise_thread(kernel32, avrt)
        assert kernel32.priority == expected
    assert not windows_processes.raise_thread(Kernel32(allowed=False), avrt)


def test_a_helper_is_raised_for_a_block() -> None:
    kernel32 = Kernel32(priority=-1)
    with windows_processes.raised_helper(kernel32):
        assert kernel32.priority == windows_processes.HIGHEST
    assert kernel32.priority == -1
    kernel32.priority = windows_processes.UNKNOWN_PRIORITY
    with windows_processes.raised_helper(kernel32):
        pass
    assert kernel32.priority == windows_processes.HIGHEST


def test_a_process_gives_way_and_tells_its_memory() -> None:
    kernel32 = Kernel32()
    windows_processes.lower_process(kernel32)
    assert kernel32.calls == [windows_processes.BELOW_NORMAL]
    assert windows_processes.resident_bytes(kernel32) == 5_000_000
    assert windows_processes.resident_bytes(Kernel32(allowed=False)) == 0


def test_a_process_is_halted_and_goes_on_and_its_handle_is_closed() -> None:
    kernel32, done = Kernel32(), list[str]()
    ntdll = SimpleNamespace(
        NtSuspendProcess=lambda handle: done.append("halted"), NtResumeProcess=lambda handle: done.append("goes on")
    )
    for halted in (True, False):
        windows_processes.halt(kernel32, ntdll, 5, halted=halted)
    assert done == ["halted", "goes on"]
    assert kernel32.calls == [("closed", 11)] * 2
    with pytest.raises(ProcessLookupError):
        windows_processes.halt(Kernel32(allowed=False), ntdll, 5, halted=True)


def test_a_file_without_a_name_is_shared_by_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform in (sys.platform, "other"):
        monkeypatch.setattr(sys, "platform", platform)
        descriptor = files.anonymous_file(4096)
        with mmap.mmap(descriptor, 4096) as memory:
            text = f"import os; os.write({files.number_for_child(descriptor)}, b'child')"
            assert files.start_child([sys.executable, "-c", text], [descriptor]).wait() == 0
            assert memory[:5] == b"child"
        os.close(files.inherited(descriptor))


def test_where_open_files_cannot_be_renamed_writing_leaves_one_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_write, "RENAMES_OPEN_FILES", False)
    stale = tmp_path / f".other.0123{TEMPORARY_SUFFIX}"
    stale.write_bytes(b"half")
    with folder_lock(tmp_path):
        write_file(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_process_is_asked_to_end_and_killed() -> None:
    code = "import time\ntry: print(flush=True); time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(3)"
    for kill, expected in ((False, 3), (True, -9)):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        processes.halt(process.pid, halted=True)
        processes.ask_to_end(process.pid, kill=kill)
        assert process.wait(20) == expected
        process.stdout.close()
