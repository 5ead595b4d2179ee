"""Scheduling priority of the threads beside the synth thread."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

HELPER_PRIORITY = 5  # SCHED_FIFO priority, far below the synth thread's


def lower_thread_priority() -> None:
    """A low real-time priority for a thread beside the synth: one that held Python's lock while it was kept from running by other
    programs would keep the synth waiting. Its child processes do not inherit it. Nothing happens where it is not allowed.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(HELPER_PRIORITY))


@contextlib.contextmanager
def lowered_priority() -> Iterator[None]:
    """`lower_thread_priority` for as long as this lasts: after it the thread is what it was, and so are the threads that it makes."""
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
