"""Kill whatever writes (SIGKILL) at random moments, and count what is half or lost.

    python benchmarks/kill.py [--kills 300] [--ends 12] [--seed 0] [--kind NAME ...]

The kills are shared out among the kinds; then commands are asked to end by SIGINT, SIGTERM and
SIGHUP. Half a file, one less than was finished, or a command that ends in anything but one line
ends the run with what was found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from harness.benchmark import Benchmark, Column, Table
from kill_support.ends import COMMANDS
from kill_support.kinds import KINDS
from live_support.programs import environment

NAMES = [kind.name for kind in KINDS]
ASKED = [command.name for command in COMMANDS]
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
        ),
        Table(
            "ends",
            "Commands asked to end at random moments by SIGINT, SIGTERM or SIGHUP, each third time twice. All ended, "
            "in one line at most; nothing was half.",
            (
                Column("program", "command"),
                Column("signals", "times asked", ",d"),
                Column("cancelled", "cancelled", ",d"),
                Column("complete", "complete", ",d"),
                Column("at_once", "ended by the system", ",d"),
                Column("seconds", "time, s", ",.0f"),
            ),
            key=("program",),
        ),
    ],
)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--kills", type=int, default=300, help="of all kinds together")
    parser.add_argument("--ends", type=int, default=12, help="signals to each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=[*NAMES, *ASKED], help="only these")
    options = parser.parse_args()
    chosen = options.kind or [*NAMES, *ASKED]
    kinds = [name for name in chosen if name in NAMES]
    with BENCHMARK.run(options) as run:
        for number, name in enumerate(kinds):
            kills = options.kills // len(kinds) + (number < options.kills % len(kinds))
            report, seconds = _report("killing", name, kills, options.seed)
            lost = round(report["lost_seconds"], 3)
            run.row("kinds", kind=name, kills=report["kills"], lost_seconds=lost, seconds=seconds)
        for name in (name for name in chosen if name in ASKED):
            report, seconds = _report("ends", name, options.ends, options.seed)
            run.row("ends", program=name, **report, seconds=seconds)
    return 0


def _report(module: str, name: str, count: int, seed: int) -> tuple[dict[str, Any], float]:
    """Return what a module of `kill_support` found, and the seconds that it took."""
    began = time.monotonic()
    command = [sys.executable, "-m", f"kill_support.{module}", name, str(count), str(seed)]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout), round(time.monotonic() - began, 1)


if __name__ == "__main__":
    sys.exit(main())
