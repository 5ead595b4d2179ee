"""Run the control process beside a Python thread that never rests."""

from __future__ import annotations

import runpy
import sys
import threading


def spin() -> None:
    """Keep one thread busy for ever."""
    while True:
        pass


if __name__ == "__main__":
    threading.Thread(target=spin, daemon=True).start()
    sys.argv[0] = "distill_control.session"
    runpy.run_module("distill_control.session", run_name="__main__", alter_sys=True)
