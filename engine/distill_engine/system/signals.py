"""The signals that ask a process to end, all alike: SIGINT, SIGTERM, SIGHUP, SIGBREAK (Windows)."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


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
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number in numbers if before[number] is not signal.SIG_IGN]

    def first(number: int, frame: object) -> None:
        for other in taken:
            signal.signal(other, signal.SIG_DFL)
        request(number)

    for number in taken:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
