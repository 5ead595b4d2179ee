"""Priority of the synth thread and of processes, their memory, ending and halting another one."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

if sys.platform == "win32":
    import ctypes

    from distill_engine.system.portable import windows_processes as windows

    kernel32, ntdll = ctypes.WinDLL("kernel32"), ctypes.WinDLL("ntdll")

    def set_realtime(priority: int) -> bool:
        """Give the calling thread real-time priority; return whether that worked."""
        return windows.raise_thread(kernel32, ctypes.WinDLL("avrt"))

    def give_way(niceness: int) -> None:
        """Let other programs come first, for good."""
        windows.lower_process(kernel32)

    def resident_bytes() -> int:
        """Return the resident memory of this process."""
        return windows.resident_bytes(kernel32)

    def ask_to_end(process: int, *, kill: bool = False) -> None:
        """Ask a process to end as Ctrl-C does, or end it at once."""
        os.kill(process, signal.SIGTERM if kill else signal.CTRL_BREAK_EVENT)

    def halt(process: int, *, halted: bool) -> None:
        """Halt a process, or let it go on. Raises ProcessLookupError."""
        windows.halt(kernel32, ntdll, process, halted=halted)

else:

    def set_realtime(priority: int) -> bool:
        """Give the calling thread real-time priority; return whether that worked."""
        if not hasattr(os, "sched_setscheduler"):
            return False
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        except OSError:
            return False
        return True

    def give_way(niceness: int) -> None:
        """Let other programs come first, for good."""
        with contextlib.suppress(OSError):
            os.nice(max(0, niceness - os.nice(0)))

    def resident_bytes() -> int:
        """Return the resident memory of this process; its peak where there is no /proc.

        What it shares is left out: a JACK server maps 107 MB of its own into each client.
        """
        try:
            with open("/proc/self/status", encoding="ascii", errors="replace") as file:
                sizes = dict(line.split(":", 1) for line in file)
            return sum(1024 * int(sizes[name].split()[0]) for name in ("RssAnon", "RssFile"))
        except (OSError, KeyError):
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 1000

    def ask_to_end(process: int, *, kill: bool = False) -> None:
        """Ask a process to end as Ctrl-C does, or end it at once. Raises ProcessLookupError."""
        os.kill(process, signal.SIGKILL if kill else signal.SIGINT)
        os.kill(process, signal.SIGCONT)  # a halted one hears nothing before

    def halt(process: int, *, halted: bool) -> None:
        """Halt a process, or let it go on. Raises ProcessLookupError."""
        os.kill(process, signal.SIGSTOP if halted else signal.SIGCONT)
