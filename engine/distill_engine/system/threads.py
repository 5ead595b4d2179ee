"""Scheduling priority of the threads beside the synth thread."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

HELPER_PRIORITY = 5  # SCHED_FIFO priority, far below the synth thread's

if sys.platform == "win32":
    from distill_engine.system.portable import windows_processes as windows
    from distill_engine.system.portable.processes import kernel32

    def lower_thread_priority() -> None:
        """Give a thread beside the synth a priority between that of audio and that of programs."""
        windows.raise_helper(kernel32)

    def lowered_priority() -> contextlib.AbstractContextManager[None]:
        """Call `lower_thread_priority` for the block, and restore the old priority after it."""
        return windows.raised_helper(kernel32)

else:

    def lower_thread_priority() -> None:
        """Give a thread beside the synth a low real-time priority, where that is allowed.

        Without it other programs could keep the thread from running while it holds Python's lock,
        and so the synth. Child processes do not inherit the priority.
        """
        if hasattr(os, "sched_setscheduler"):
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(HELPER_PRIORITY))

    @contextlib.contextmanager
    def lowered_priority() -> Iterator[None]:
        """Call `lower_thread_priority` for the block, and restore the old priority after it."""
        if not hasattr(os, "sched_getscheduler"):
            yield
            return
        policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
        lower_thread_priority()
        try:
            yield
        finally:
            try:
                os.sched_setscheduler(0, policy, parameters)
            except OSError:  # without privileges the flag that children do not inherit stays; it does no harm
                with contextlib.suppress(OSError):
                    os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, parameters)
