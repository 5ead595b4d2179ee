"""Kill whatever writes (SIGKILL) at random moments, and count what is half or lost.

    python benchmarks/kill.py [--kills 300] [--seed 0] [--kind NAME ...]

The kills are shared out among the kinds. Half a file, or one less than was finished, ends the run
with what was found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from harness.benchmark import Benchmark, Column, Table
from kill_support.kinds import KINDS
from live_support.programs import environment

NAMES = [kind.name for kind in KINDS]
BENCHMARK = Benchmark(
    "kill",
    "Killed while writing",
    [
        Table(
            "kinds",
            "Writers killed at random moments. Nothing was half, and nothing lost that had been finished; of what was "
            "being played, at most the time given was lost.",
            (
                Column("kind", "kind"),
                Column("kills", "kills", ",d"),
                Column("lost_seconds", "lost of what played, s", ".2f"),
                Column("seconds", "time, s", ",.0f"),
            ),
            key=("kind",),
        )
    ],
)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--kills", type=int, default=300, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=NAMES, help="only these")
    options = parser.parse_args()
    kinds = options.kind or NAMES
    with BENCHMARK.run(options) as run:
        for number, name in enumerate(kinds):
            kills = options.kills // len(kinds) + (number < options.kills % len(kinds))
            began = time.monotonic()
            command = [sys.executable, "-m", "kill_support.killing", name, str(kills), str(options.seed)]
            done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
            report = json.loads(done.stdout)
            run.row(
                "kinds",
                kind=name,
                kills=report["kills"],
                lost_seconds=round(report["lost_seconds"], 3),
                seconds=round(time.monotonic() - began, 1),
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
