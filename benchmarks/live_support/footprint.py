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
    """Return the resident memory of a process and all below it, in MB.

    What they share is left out: a JACK server maps its own memory into each client.
    """
    kilobytes = 0
    for each in processes(pid):
        sizes = dict(line.split(":", 1) for line in Path(f"/proc/{each}/status").read_text().splitlines())
        kilobytes += sum(int(sizes[name].split()[0]) for name in ("RssAnon", "RssFile"))
    return kilobytes * 1024 / 1e6
