"""Priority, memory and control of processes on Windows. Never run there."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any

TIME_CRITICAL, HIGHEST = 15, 2  # priorities of threads, for SetThreadPriority
UNKNOWN_PRIORITY = 0x7FFFFFFF  # what GetThreadPriority returns on failure
BELOW_NORMAL = 0x4000  # class of a process, for SetPriorityClass
MAY_SUSPEND = 0x0800  # right to a process, for OpenProcess
TASK = "Pro Audio"  # the multimedia class of audio programs


class MemoryCounters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS, sizes in bytes."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        ("PeakWorkingSetSize", ctypes.c_size_t),
        ("WorkingSetSize", ctypes.c_size_t),
        ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
        ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
        ("PagefileUsage", ctypes.c_size_t),
        ("PeakPagefileUsage", ctypes.c_size_t),
    )


def raise_thread(kernel32: Any, avrt: Any) -> bool:
    """Give the calling thread the priority of audio (MMCSS), else the highest; return success."""
    number = ctypes.c_ulong(0)
    if avrt.AvSetMmThreadCharacteristicsW(TASK, ctypes.byref(number)):
        return True
    return bool(kernel32.SetThreadPriority(_thread(kernel32), TIME_CRITICAL))


def raise_helper(kernel32: Any) -> None:
    """Give the calling thread a priority above that of other programs, below that of audio."""
    kernel32.SetThreadPriority(_thread(kernel32), HIGHEST)


@contextlib.contextmanager
def raised_helper(kernel32: Any) -> Iterator[None]:
    """Call `raise_helper` for the block, and restore the old priority after it."""
    before = kernel32.GetThreadPriority(_thread(kernel32))
    raise_helper(kernel32)
    try:
        yield
    finally:
        if before != UNKNOWN_PRIORITY:
            kernel32.SetThreadPriority(_thread(kernel32), before)


def lower_process(kernel32: Any) -> None:
    """Give way to other programs, for good."""
    kernel32.SetPriorityClass(ctypes.c_void_p(kernel32.GetCurrentProcess()), BELOW_NORMAL)


def resident_bytes(kernel32: Any) -> int:
    """Return the resident memory of this process; 0 if the system does not say."""
    counters = MemoryCounters(cb=ctypes.sizeof(MemoryCounters))
    process = ctypes.c_void_p(kernel32.GetCurrentProcess())
    done = kernel32.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
    return int(counters.WorkingSetSize) if done else 0


def halt(kernel32: Any, ntdll: Any, process: int, *, halted: bool) -> None:
    """Halt a process, or let it go on. Raises ProcessLookupError if it is gone."""
    handle = kernel32.OpenProcess(MAY_SUSPEND, False, process)
    if not handle:
        raise ProcessLookupError(process)
    try:
        act = ntdll.NtSuspendProcess if halted else ntdll.NtResumeProcess
        act(ctypes.c_void_p(handle))
    finally:
        kernel32.CloseHandle(ctypes.c_void_p(handle))


def _thread(kernel32: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(kernel32.GetCurrentThread())
