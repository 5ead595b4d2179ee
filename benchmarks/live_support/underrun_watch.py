"""Tell which underruns came while a bystander of the same priority was late too: the machine's."""

from __future__ import annotations

import subprocess
import threading
import time

from live_support import programs
from live_support.osc import Osc

LOOK_SECONDS = 0.1  # between two looks at the engine's count


class UnderrunWatch:
    """Watches an engine until `stop`, which returns the underruns that were the machine's.

    An underrun between two looks counts as the machine's if the bystander woke late between them, or
    within LOOK_SECONDS before.
    """

    def __init__(self, port: int) -> None:
        self._bystander = programs.start("bystander", stdout=subprocess.PIPE, text=True)
        self._osc, self._end = Osc(port), threading.Event()
        self._looks: list[tuple[float, float]] = []
        self._late: list[tuple[float, float]] = []
        self._threads = [threading.Thread(target=self._look), threading.Thread(target=self._hear)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> dict[str, float]:
        """End it; return the underruns that were the machine's, and the bystander's worst, in ms."""
        self._end.set()
        self._bystander.terminate()
        for thread in self._threads:
            thread.join()
        self._bystander.wait()
        self._osc.close()
        machine = 0.0
        for (before, had), (after, has) in zip(self._looks, self._looks[1:], strict=False):
            late = any(woke >= before - LOOK_SECONDS and woke - by <= after for woke, by in self._late)
            machine += (has - had) if late else 0.0
        return {"underruns_machine": machine, "bystander_ms": 1e3 * max((by for _, by in self._late), default=0.0)}

    def _look(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            self._looks.append((time.monotonic(), self._osc.figure("underruns")))

    def _hear(self) -> None:
        for line in self._bystander.stdout or ():
            woke, late = map(float, line.split())
            self._late.append((woke, late))
