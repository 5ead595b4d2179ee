"""What a playing engine holds of the machine."""

from __future__ import annotations

import os
from pathlib import Path


def processes(pid: int) -> list[int]:
    """Return a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in processes(int(child)))]


def descriptors(pid: int) -> int:
    """Return how many descriptors a process and all below it have open."""
    return sum(len(os.listdir(f"/proc/{each}/fd")) for each in processes(pid))


def memory_mb(pid: int) -> float:
    """Return the share of resident memory of a process and all below it, in MB: see `resident_mb`."""
    return sum(map(resident_mb, processes(pid)))


def resident_mb(pid: int) -> float:
    """Return a process's share of resident memory in MB (10^6 bytes), without what others share.

    A JACK client maps the server's memory, about 100 MB, which its size alone would count.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(kilobytes) * 1024 / 1e6
