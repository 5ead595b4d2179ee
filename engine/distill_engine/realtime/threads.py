"""Real-time set-up: scheduling priority, locked memory, no garbage collection, flush-to-zero.

Each step is skipped, with a note, where the system forbids it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import platform
import sys
from dataclasses import dataclass

import numpy as np

from distill_engine.system.portable.processes import resident_bytes, set_realtime

SWITCH_SECONDS = 0.0005  # after which a thread gives up Python's lock
SYNTH_PRIORITY = 55  # SCHED_FIFO priority, below jackd's own threads
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4  # flags of mlockall
_PR_SET_THP_DISABLE = 41  # option of prctl


@dataclass(frozen=True)
class RealtimeStatus:
    """Which steps of the set-up worked. `notes` say which did not, and what to do about it."""

    realtime: bool
    locked: bool
    denormals_flushed: bool
    notes: tuple[str, ...] = ()


def refuse_huge_pages() -> bool:
    """Keep this process and its children out of huge pages (Linux); returns whether that worked.

    numpy asks for huge pages, and the kernel thread khugepaged then gathers pages for up to 5 ms at
    a time. On a kernel without preemption (PREEMPT_NONE, PREEMPT_VOLUNTARY) not even a real-time
    thread runs meanwhile.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return int(ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)) == 0
    except (OSError, AttributeError):
        return False


def freeze_garbage_collector() -> None:
    """Freeze the garbage collector once all is loaded: it never visits objects that live now.

    Also gives freed memory back to the system and lets threads take turns at Python's lock more
    often.
    """
    gc.collect()
    _trim_memory()
    gc.freeze()
    gc.set_threshold(20000, 50, 1000)
    sys.setswitchinterval(SWITCH_SECONDS)


def prepare_thread(priority: int = SYNTH_PRIORITY) -> RealtimeStatus:
    """Give the calling thread real-time priority and flush-to-zero; lock the process's memory."""
    realtime, locked, flushed = set_realtime(priority), _lock_memory(), _flush_denormals()
    notes = []
    if not realtime:
        notes.append("no real-time priority: allow it with `ulimit -r 95` or the group `audio`, or expect more latency")
    if not locked:
        notes.append("memory is not locked: allow it with `ulimit -l unlimited`")
    if not flushed:
        notes.append("denormal numbers are not flushed here: near silence may cost more")
    return RealtimeStatus(realtime, locked, flushed, tuple(notes))


def resident_megabytes() -> float:
    """Return the resident memory of this process in MB; its peak where there is no /proc."""
    return resident_bytes() / 1e6


def _trim_memory() -> None:
    """Give freed memory back to the system, which glibc does not do by itself."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _lock_memory() -> bool:
    """Lock pages once they are touched; locking all at once would multiply the memory in use."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return int(libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)) == 0
    except (OSError, AttributeError):
        return False


def _flush_denormals() -> bool:
    """Set flush-to-zero for this thread; returns whether numpy then flushes."""
    layouts = {
        ("Linux", "x86_64"): (32, 28, 0x8040),  # size of fenv_t, offset of the control word (bytes), bits to set
        ("Linux", "aarch64"): (8, 0, 1 << 24),
        ("Darwin", "x86_64"): (16, 4, 0x8040),
        ("Darwin", "arm64"): (16, 8, 1 << 24),
    }
    layout = layouts.get((platform.system(), platform.machine()))
    if layout is None:
        return False
    size, offset, bits = layout
    try:
        libm = ctypes.CDLL("libm.so.6" if sys.platform.startswith("linux") else None)
        environment = ctypes.create_string_buffer(max(size, 64))
        if libm.fegetenv(environment) != 0:
            return False
        word = int.from_bytes(environment.raw[offset : offset + 4], sys.byteorder) | bits
        ctypes.memmove(ctypes.byref(environment, offset), word.to_bytes(4, sys.byteorder), 4)
        if libm.fesetenv(environment) != 0:
            return False
    except (OSError, AttributeError):
        return False
    tiny = np.full(8, 1e-38, np.float32)
    return not (tiny * np.float32(1e-3)).any()
