"""A thread that does nothing: when it is late, the machine is.

    python -m live_support.bystander [CORE]

It wakes every 2 ms and prints when it was late: the time of its waking, and by how much (s). Its
priority is one above that of the engine's synth, so that the synth never makes it late.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time

from distill_engine.realtime.threads import SYNTH_PRIORITY

PERIOD_SECONDS, LATE_SECONDS = 0.002, 0.005  # of sleep, and of lateness from which it is told


def main() -> None:
    """Wake and tell until this process is ended."""
    gc.disable()
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(SYNTH_PRIORITY + 1))
        if len(sys.argv) > 1:
            os.sched_setaffinity(0, {int(sys.argv[1])})
    wanted = time.monotonic()
    while True:
        wanted = max(wanted, time.monotonic() - LATE_SECONDS) + PERIOD_SECONDS
        time.sleep(max(0.0, wanted - time.monotonic()))
        late = time.monotonic() - wanted
        if late > LATE_SECONDS:
            print(wanted + late, late, flush=True)
            wanted += late


if __name__ == "__main__":
    main()
