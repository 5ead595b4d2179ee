"""Kill writers (SIGKILL) at random moments and check what they have left.

The writers are forked, so that a round costs no start of Python. This process therefore may have no
other threads: `python -m kill_support.killing KIND KILLS SEED` prints one JSON report.
"""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kill_support.kinds import KINDS, Kind, expect

_NUMBER = struct.Struct("<q")


def kill_many(kind: Kind, kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """Kill a kind's writer so often; return how often, and the most seconds of playing lost.

    Raises Half, or the reader's own error.
    """
    chance, worst, finished = random.Random(seed), 0.0, 0
    kind.begin(folder)
    for number in range(1, kills + 1):
        last = _killed(kind, folder, number, chance.uniform(*kind.seconds))
        worst = max(worst, kind.check(folder, number, last))
        finished += last >= 0
    return {"kind": kind.name, "kills": kills, "finished": finished, "lost_seconds": worst}


def _killed(kind: Kind, folder: Path, number: int, seconds: float) -> int:
    """Run a writer, kill it after `seconds`; return the last number that it said, -1 if none."""
    said, says = os.pipe()
    process = os.fork()
    if not process:
        os.close(said)
        try:
            kind.write(folder, number, lambda done: _say(says, done))
        finally:
            os._exit(1)
    os.close(says)
    with os.fdopen(said, "rb") as file:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
        heard = file.read()
    status = os.waitpid(process, 0)[1]
    expect(os.WIFSIGNALED(status), "the writer ended by itself")
    whole = len(heard) // _NUMBER.size * _NUMBER.size
    return int(_NUMBER.unpack_from(heard, whole - _NUMBER.size)[0]) if whole else -1


def _say(pipe: int, done: int) -> None:
    os.write(pipe, _NUMBER.pack(done))


def main() -> None:
    """Run one kind and print the report."""
    kind = next(kind for kind in KINDS if kind.name == sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(kill_many(kind, int(sys.argv[2]), int(sys.argv[3]), Path(folder))))


if __name__ == "__main__":
    main()
