"""Run a job of the workshop: the command in its folder, at nice 10, and write down how it ended."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from distill_control.cli.main import main
from distill_control.workshop.jobs import JobStore
from distill_engine.errors import Cancelled
from distill_engine.system.atomic_write import write_file
from distill_engine.system.portable.files import keep_lock
from distill_engine.system.portable.processes import give_way
from distill_engine.system.signals import ending_signals, interrupt

NICENESS = 10  # of heavy jobs: what plays comes first


def run(folder: Path) -> int:
    """Run the job in `folder`; return the command's exit code."""
    keep_lock(folder / "lock")
    # A workshop that a script starts in the background ignores Ctrl-C, and so would its jobs: Stop is that signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = JobStore(folder.parent).get(folder.name)
    if job.heavy:
        give_way(NICENESS)
    write_file(folder / "run.json", json.dumps({"pid": os.getpid(), "started": time.time()}).encode(), sweep=False)
    try:
        if (folder / "stop").exists():
            raise KeyboardInterrupt
        with ending_signals(interrupt):  # before the command itself listens to them
            code = main([*job.words, "--json"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 2
    except KeyboardInterrupt:
        sys.stderr.write("cancelled: stopped before it began\n")
        code = Cancelled.exit_code
    sys.stdout.flush()
    write_file(folder / "exit", str(code).encode(), sweep=False)
    return code


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
