"""What a process shares, such as a JACK server's memory, is not its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEASURED = """
import mmap
from distill_engine.system.portable.processes import resident_bytes
size, page = 64 << 20, b"\\1" * (1 << 20)
def grows(*flags):
    before = resident_bytes()
    with mmap.mmap(-1, size, *flags) as memory:
        for _ in range(size // len(page)):
            memory.write(page)
        return (resident_bytes() - before) / size
print(grows(), grows(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere it is the peak")
def test_memory_that_is_shared_does_not_count() -> None:
    """Measured in a process of its own: other threads of the tests take and give back memory."""
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)
    shared, own = (float(share) for share in done.stdout.split())
    assert abs(shared) < 0.25
    assert 0.8 < own < 1.25
