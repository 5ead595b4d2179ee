"""What a process asks of the system in order to keep time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import subprocess, sys
from pathlib import Path
from distill_engine.streaming.hygiene import refuse_huge_pages
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
