"""Run `distill-engine` with a control process in which a Python thread spins."""

from __future__ import annotations

import sys

from distill_control.cli import engine
from distill_control.settings import spawning
from live_support import programs

if __name__ == "__main__":
    python, option, module = programs.command("spinning_control")
    spawning.CONTROL_PROGRAM = (python, option, module)
    sys.exit(engine.main(sys.argv[1:]))
