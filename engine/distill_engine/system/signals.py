"""The signals that ask a process to end, all alike: SIGINT, SIGTERM, SIGHUP, SIGBREAK (Windows)."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SET_FOR_SYSTEM = ctypes.pythonapi.PyOS_setsig
"""Sets what the system does with a signal, None its default, and leaves Python's handler in place.

`signal.signal` would drop a second signal that Python has noted and not yet handled, with a
traceback.
"""
_SET_FOR_SYSTEM.argtypes, _SET_FOR_SYSTEM.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
OF_A_TERMINAL = ("SIGINT", "SIGHUP")  # reach every process of a terminal at once


def ending_numbers(names: Sequence[str] = NAMES) -> list[signal.Signals]:
    """Return the signals that ask for the end here, without those that are ignored (nohup)."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


def interrupt(number: int) -> None:
    """End a command as Ctrl-C does, whichever signal asked for it."""
    raise KeyboardInterrupt


@contextlib.contextmanager
def ending_signals(request: Callable[[int], None]) -> Iterator[None]:
    """Call `request` with the number of the first signal that asks for the end; the second ends
    the process at once.

    The system itself ends it then, so that nothing that hangs can keep it. `request` may raise. A
    signal that was ignored before (SIGHUP under nohup) stays ignored. Outside the
    main thread, which alone may handle signals, nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = ending_numbers()
    before = {number: signal.getsignal(number) for number in taken}

    asked: list[int] = []

    def first(number: int, frame: object) -> None:
        if asked:  # it came together with the first one
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        asked.append(number)
        for other in taken:
            _SET_FOR_SYSTEM(other, None)
        request(number)

    for number in taken:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


@contextlib.contextmanager
def ending_held(names: Sequence[str] = NAMES) -> Iterator[None]:
    """Hold the signals that ask for the end back until the block ends.

    For calls of C libraries that call back into Python, such as libsndfile's on a file object: what
    a handler raises in there is printed and lost, and the library takes it for an error of the
    file. Such a block must be short: the second signal waits too. Outside the main thread, which
    alone handles signals, nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in ending_numbers(names) if callable(handler := signal.getsignal(number))}
    came: list[int] = []
    over = False

    def note(number: int, frame: FrameType | None) -> None:
        if over:  # another signal interrupted the restoring below
            before[signal.Signals(number)](number, frame)
        else:
            came.append(number)

    try:
        for number in before:
            signal.signal(number, note)
        yield
    finally:
        over = True
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C and a hang-up back until the block ends.

    Processes that are started in it never hear them: whoever starts them ends them, and
    interrupted while they load they would print tracebacks. On Windows they hear Ctrl-C. Outside
    the main thread nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with ending_held(OF_A_TERMINAL):
        if sys.platform == "win32":
            yield
            return
        resource_tracker.ensure_running()  # whoever starts it takes both signals again
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ending_numbers(OF_A_TERMINAL))  # inherited by what is started
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
