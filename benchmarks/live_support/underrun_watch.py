"""Tell which underruns came while a bystander was late too: the machine's."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time

from live_support import programs
from live_support.osc import Osc

LOOK_SECONDS = 0.1  # between two looks at the engine's count


class UnderrunWatch:
    """Watches an engine until `stop`, which returns the underruns that were the machine's.

    There is a bystander on each core. An underrun between two looks counts as the machine's if one of
    them woke late between them, or within LOOK_SECONDS before.
    """

    def __init__(self, port: int) -> None:
        cores = sorted(os.sched_getaffinity(0))
        self._bystanders = [programs.start("bystander", core, stdout=subprocess.PIPE, text=True) for core in cores]
        self._osc, self._end = Osc(port), threading.Event()
        self._looks: list[tuple[float, float]] = []
        self._late: list[tuple[float, float]] = []
        hearing = [threading.Thread(target=self._hear, args=(one,)) for one in self._bystanders]
        self._threads = [threading.Thread(target=self._look), *hearing]
        for thread in self._threads:
            thread.start()

    def stop(self) -> dict[str, float]:
        """End it; return the underruns that were the machine's, and the bystander's worst, in ms."""
        self._end.set()
        for one in self._bystanders:
            one.terminate()
        for thread in self._threads:
            thread.join()
        for one in self._bystanders:
            one.wait()
        self._osc.close()
        machine = 0.0
        for (before, had), (after, has) in zip(self._looks, self._looks[1:], strict=False):
            late = any(woke >= before - LOOK_SECONDS and woke - by <= after for woke, by in self._late)
            machine += (has - had) if late else 0.0
        return {"underruns_machine": machine, "bystander_ms": 1e3 * max((by for _, by in self._late), default=0.0)}

    def _look(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            with contextlib.suppress(TimeoutError):  # the question or its answer was lost in the flood
                self._looks.append((time.monotonic(), self._osc.figure("underruns")))

    def _hear(self, bystander: subprocess.Popen[str]) -> None:
        for line in bystander.stdout or ():
            woke, late = map(float, line.split())
            self._late.append((woke, late))
