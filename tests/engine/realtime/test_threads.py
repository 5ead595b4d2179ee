"""What a process asks of the system in order to keep time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from distill_engine.system.threads import lowered_priority

SCRIPT = """
import subprocess, sys
from pathlib import Path
from distill_engine.realtime.threads import refuse_huge_pages
print(refuse_huge_pages())
print(Path("/proc/self/status").read_text())
print(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or "THP_enabled" not in Path("/proc/self/status").read_text(),
    reason="this system has no huge pages to refuse",
)
def test_the_process_and_its_children_stay_out_of_huge_pages() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "True"
    assert [line.split()[-1] for line in lines if line.startswith("THP_enabled")] == ["0", "0"]


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no such priorities")
def test_who_was_a_helper_is_what_it_was_and_so_are_threads_made_after() -> None:
    """Threads of a pool that kept real-time priority would starve, waiting for each other, everything else on two cores."""

    def policy() -> int:
        return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK

    seen = []
    before = policy()
    with lowered_priority():
        seen.append(policy())
    thread = threading.Thread(target=lambda: seen.append(policy()))
    thread.start()
    thread.join()
    assert seen[0] in (os.SCHED_OTHER, os.SCHED_FIFO)  # as this user may
    assert seen[1] == policy() == before == os.SCHED_OTHER
