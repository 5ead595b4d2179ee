"""Play as root and as an ordinary user, with and without real-time rights.

    python benchmarks/rights.py [--seconds 60] [--model FILE]

Each of the four plays the starter on a jackd of its own (dummy driver, 48 kHz, period 256) and is
heard from outside. Needs root, `setpriv` and `prlimit` (util-linux). The rights come as capabilities,
which count as `ulimit -r` and `-l` do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.benchmark import Benchmark, Column, Table
from live_support.disturbances import COLUMNS, Load, run_disturbed
from live_support.jack_server import available

ORDINARY = 65534
"""Number of the user `nobody` and of its group."""
USERS = {"root": (), "ordinary": (f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups")}
RIGHTS = {
    "yes": ("--inh-caps=+sys_nice,+ipc_lock", "--ambient-caps=+sys_nice,+ipc_lock"),
    "no": ("--bounding-set=-sys_nice,-ipc_lock,-sys_resource",),
}
"""Real-time priority and locked memory: given to an ordinary user, taken from root."""
LIMITS = ("--rtprio=0", f"--memlock={8 << 20}")
BENCHMARK = Benchmark(
    "rights",
    "Users and real-time rights",
    [
        Table(
            "players",
            "The starter with `vocos` on JACK (dummy driver, 48 kHz, period 256), heard from outside, without other load. Without "
            "rights neither the engine nor the server has real-time priority, and memory is not locked.",
            (Column("user", "user"), Column("rights", "real-time rights"), *COLUMNS),
            key=("user", "rights"),
        )
    ],
)


def main() -> int:
    """Measure the four, each in a process of its own."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--play", action="store_true", help="play as whoever this is, and print the figures")
    options = parser.parse_args()
    if options.play:
        return play(options.model, options.seconds)
    if not available() or os.geteuid() != 0 or not (shutil.which("setpriv") and shutil.which("prlimit")):
        print("rights: not measured: it needs jackd, root, setpriv and prlimit", file=sys.stderr)
        return 0
    with BENCHMARK.run(options) as run:
        for user in USERS:
            for rights in RIGHTS:
                asked = [] if options.model is None else ["--model", str(options.model)]
                run.row("players", user=user, rights=rights, **measured(user, rights, options.seconds, asked))
    return 0


def measured(user: str, rights: str, seconds: float, asked: list[str]) -> dict[str, float]:
    """Return the figures of a user with or without rights. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="rights-") as home:
        if user != "root":
            os.chown(home, ORDINARY, ORDINARY)
        command = ["prlimit", *LIMITS, "setpriv", *USERS[user], *RIGHTS[rights], sys.executable]
        command += ["-B", str(Path(__file__).resolve()), "--play"]
        environment = {**os.environ, "HOME": home, "DISTILL_HOME": home, "TMPDIR": home}
        command += ["--seconds", str(seconds), *asked]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=home)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def play(model: Path | None, seconds: float) -> int:
    """Play as the user of this process, and print the figures as JSON."""
    from live_support.playable import model_to_play

    with tempfile.TemporaryDirectory(prefix="played-") as folder:
        chosen = model_to_play(model, Path(folder))
        print(json.dumps(run_disturbed(chosen, "vocos", seconds, Path(folder), Load())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
