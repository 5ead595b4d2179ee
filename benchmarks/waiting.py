"""Measure what people wait for at the command line, each command a process of its own.

    python benchmarks/waiting.py [--runs 7] [--only help,render,...] [--peer CHECKOUT] [--quick]

* help: `distill --help`
* render: `distill render` of the starter
* resynth: `distill resynth` of a folder of clips through the starter
* compare: `distill compare` of two sounds
* check: `distill corpus check` of a folder

Each run has a library and a cache of its own, so that none finds what another left, and keeps what
it renders in its history, as people's do. Each command also runs with a little sound of as many
files: what it takes before it begins. The first run of each is not counted: it reads the program
from the disk. `--peer` names another checkout with its own .venv: its commands run on the same
sounds, in turns with these.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from growth_support.sounds import write_corpus
from harness.baseline import PACKAGES, compile_packages
from harness.benchmark import HISTORY, Benchmark, Column, Table
from harness.repository import ROOT, commit

LENGTHS = {"render": 60.0, "resynth": 120.0, "compare": 120.0, "check": 600.0}
"""Seconds of sound that a command works on, of all its files together."""
SHORT, QUICK = 0.1, 0.2
"""Shares of those lengths: of the little sound, and of all with --quick."""
FILES = {"resynth": 12, "compare": 2, "check": 60}
RUNS, QUICK_RUNS = 7, 2
LIMIT_SECONDS = 600
"""Time after which a command is given up."""
OUT = "{out}"
"""In a command: the folder of what it writes."""
BENCHMARK = Benchmark(
    "waiting",
    "Waiting: commands from start to end",
    [
        Table(
            "commands",
            "Seconds of whole commands, each a process of its own with an empty library. Start: the median with "
            f"{SHORT:.0%} of the sound in as many files. Net: the rate between the two, without what a command "
            "takes to begin. Against the peer: medians of its time over ours, run by run; above 1 ours is faster.",
            (
                Column("command", "command"),
                Column("sound_s", "sound, s", "g"),
                Column("runs", "runs", "d"),
                Column("median_s", "median, s", ".2f"),
                Column("max_s", "max, s", ".2f"),
                Column("start_s", "start, s", ".2f"),
                Column("factor", "x real time", ".1f"),
                Column("net_factor", "net", ".1f"),
                Column("peer", "peer"),
                Column("peer_s", "peer, s", ".2f"),
                Column("peer_ratio", "times as fast", ".2f"),
                Column("peer_slowest", "least", ".2f"),
                Column("peer_fastest", "most", ".2f"),
            ),
            key=("command",),
        )
    ],
)


@dataclass(frozen=True)
class Waited:
    """One command: how it is shown, its words, and those with little sound.

    Lengths are in seconds; a command without sound has 0 and no short form.
    """

    shown: str
    words: tuple[str, ...]
    sound_s: float = 0.0
    short_words: tuple[str, ...] = ()
    short_s: float = 0.0


@dataclass(frozen=True)
class Program:
    """The `distill` of a checkout, and the environment in which it is that checkout's."""

    distill: Path
    packages: str

    def seconds(self, words: Sequence[str]) -> float:
        """Run a command in a library of its own; return its time. Raises SystemExit."""
        with tempfile.TemporaryDirectory(prefix="waiting-run-") as folder:
            environment = {name: value for name, value in os.environ.items() if name != HISTORY}
            environment |= {"DISTILL_HOME": f"{folder}/home", "PYTHONPATH": self.packages}
            command = [str(self.distill), *(word.replace(OUT, folder) for word in words)]
            began = time.monotonic()
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
            )
            took = time.monotonic() - began
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr[-400:]}")
        return took


def program_of(root: Path, folder: Path) -> Program:
    """Return the program of a checkout, installed in `folder`, compiled. Raises FileNotFoundError."""
    distill = folder / "distill"
    if not distill.is_file():
        raise FileNotFoundError(f"{distill}: there is no such program: install the checkout into its .venv")
    compile_packages(root)
    return Program(distill, os.pathsep.join(str(root / package) for package in PACKAGES))


def words_of(name: str, folder: Path, seconds: float) -> tuple[str, ...]:
    """Return a command's words for so many seconds of sound, which is written into `folder`."""
    if name == "render":
        return ("render", "starter", "-o", f"{OUT}/sound.wav", "--duration", f"{seconds:g}", "--seed", "1")
    write_corpus(folder, seconds / 60, FILES[name])
    return {
        "resynth": ("resynth", "starter", str(folder), "-o", f"{OUT}/sounds"),
        "compare": ("compare", *map(str, sorted(folder.iterdir())), "-o", f"{OUT}/page"),
        "check": ("corpus", "check", str(folder)),
    }[name]


def waited_for(name: str, folder: Path, *, quick: bool) -> Waited:
    """Return a command by name, with its sounds in `folder`."""
    if name == "help":
        return Waited("distill --help", ("--help",))
    seconds = LENGTHS[name] * (QUICK if quick else 1.0)
    long, short = ((words_of(name, folder / f"{name}-{part:g}", part), part) for part in (seconds, SHORT * seconds))
    shown = {"check": "corpus check"}.get(name, name)
    return Waited(f"distill {shown}", *long, *short)


def figures(waited: Waited, ours: Sequence[float], short: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Return the figures of a command from the seconds of its runs.

    `short` are those with little sound, `theirs` those of the peer, run by run; either may be empty.
    """
    found: dict[str, float] = {"runs": len(ours), "median_s": statistics.median(ours), "max_s": max(ours)}
    if short:
        start = statistics.median(short)
        more_s, more = found["median_s"] - start, waited.sound_s - waited.short_s
        found |= {"sound_s": waited.sound_s, "start_s": start, "factor": waited.sound_s / found["median_s"]}
        found |= {"net_factor": more / more_s} if more_s > 0 else {}
    if theirs:
        ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
        found |= {"peer_s": statistics.median(theirs), "peer_ratio": statistics.median(ratios)}
        found |= {"peer_slowest": min(ratios), "peer_fastest": max(ratios)}
    return found


def measure(waited: Waited, ours: Program, peer: Program | None, runs: int) -> dict[str, float]:
    """Run a command, its short form and the peer's in turns; return its figures."""
    times: dict[str, list[float]] = {"ours": [], "short": [], "theirs": []}
    turns = [("ours", ours, waited.words)]
    turns += [("theirs", peer, waited.words)] if peer is not None else []
    turns += [("short", ours, waited.short_words)] if waited.short_words else []
    for number in range(runs + 1):
        for name, program, words in turns if number % 2 else turns[::-1]:
            took = program.seconds(words)
            times[name] += [took] if number else []
    return figures(waited, **times)


def main() -> int:
    """Run the commands asked for."""
    names = ("help", *LENGTHS)
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--only", default=",".join(names), help="commands, separated by commas")
    parser.add_argument("--runs", type=int, help=f"of each command, {RUNS} by default, {QUICK_RUNS} with --quick")
    parser.add_argument("--peer", type=Path, metavar="CHECKOUT", help="run the commands of this checkout too")
    parser.add_argument("--quick", action="store_true", help="a minute instead of eight: a fifth of the sound")
    options = parser.parse_args()
    chosen, runs = options.only.split(","), options.runs or (QUICK_RUNS if options.quick else RUNS)
    if unknown := set(chosen) - set(names):
        parser.error(f"--only: no command {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    try:
        ours, peer = program_of(ROOT, Path(sys.executable).parent), peer_of(options)
    except FileNotFoundError as error:
        parser.error(str(error))
    beside = {"peer": commit(options.peer)} if peer is not None else {}
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="waiting-") as folder:
        for name in chosen:
            waited = waited_for(name, Path(folder), quick=options.quick)
            run.row("commands", command=waited.shown, **measure(waited, ours, peer, runs), **beside)
    return 0


def peer_of(options: argparse.Namespace) -> Program | None:
    """Return the program of the peer, None where none was asked for. Raises FileNotFoundError."""
    return (
        None if options.peer is None else program_of(options.peer.resolve(), options.peer.resolve() / ".venv" / "bin")
    )


if __name__ == "__main__":
    sys.exit(main())
