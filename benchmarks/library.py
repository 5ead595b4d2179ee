"""Measure how long a large library takes to list: model files and entries of the history.

    python benchmarks/library.py [--counts 10,100,1000,10000]

Each list is a command of its own, which is what a user waits for: the first one after the files are new ("cold"), and the
fastest of three after it ("warm"), also as time of the processor, which other programs disturb less. The work is what
the listing takes in a process that has begun.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.benchmark import Benchmark, Column, Run, Table

WARM_RUNS = 3  # of which the fastest counts: what else runs only makes it slower
CONTROLS = 12  # of a model and of an entry, as real ones have
BENCHMARK = Benchmark(
    "library",
    "Library: lists of many models and entries",
    [
        Table(
            "lists",
            "Seconds of `distill model list` and `distill history list`, and milliseconds of the work in them.",
            (
                Column("what", "what"),
                Column("count", "how many", "d"),
                Column("cold_s", "cold, s", ".2f"),
                Column("warm_s", "warm, s", ".2f"),
                Column("cpu_s", "warm, s of one core", ".2f"),
                Column("work_ms", "work, ms", ".0f"),
            ),
            key=("what", "count"),
        )
    ],
)


@contextmanager
def home() -> Iterator[Path]:
    """Make an empty library for this block."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("DISTILL_HOME")
        os.environ["DISTILL_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("DISTILL_HOME")
            if before is not None:
                os.environ["DISTILL_HOME"] = before


def make_models(folder: Path, count: int) -> None:
    """Write `count` model files, each with a manifest of its own."""
    from distill_engine.modelfile import Manifest, save_model

    folder.mkdir()
    controls = [{"name": f"control-{index}", "low": -1.0, "high": 1.0} for index in range(CONTROLS)]
    for number in range(count):
        about = {"corpus": {"files": number, "seconds": 60.0}, "analysis": {"controls": controls}}
        save_model(folder / f"model {number}.distillgan", Manifest(f"model {number}", **about), {})


def make_entries(count: int) -> None:
    """Write `count` entries of the history, as renders leave them."""
    from distill_engine.library.renders import RenderStore

    store = RenderStore()
    settings = {"controls": {f"control-{index}": 0.5 for index in range(CONTROLS)}, "seconds": 10.0}
    for number in range(count):
        made = {"command": ["distill", "render", "birds", "-o", "a.wav"], "seed": number, "settings": settings}
        store.note(f"sound {number}", {**made, "model": {"name": "birds", "digest": "0" * 64}})


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that something takes by a clock."""
    started = clock()
    work()
    return clock() - started


def children() -> float:
    """Return the processor's seconds of all commands that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def report(run: Run, what: str, count: int, words: list[str], work: Callable[[], object]) -> None:
    """Time a command cold and warm, and the work in it."""

    def command() -> None:
        line = [sys.executable, "-m", "distill_control.cli.main", *words]  # the table, as a user sees it
        subprocess.run(line, stdout=subprocess.DEVNULL, check=True)

    cold = seconds(command)
    warm = min(seconds(command) for _ in range(WARM_RUNS))
    cpu = min(seconds(command, children) for _ in range(WARM_RUNS))
    fastest = min(seconds(work, time.process_time) for _ in range(WARM_RUNS))
    run.row("lists", what=what, count=count, cold_s=cold, warm_s=warm, cpu_s=cpu, work_ms=1000 * fastest)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--counts", default="10,100,1000,10000")
    options = parser.parse_args()
    from distill_engine.catalogue.facts import model_facts
    from distill_engine.library.renders import RenderStore

    with BENCHMARK.run(options) as run:
        for count in map(int, options.counts.split(",")):
            with home() as folder:
                make_models(folder / "models", count)
                report(run, "models", count, ["model", "list"], model_facts)
            with home():
                make_entries(count)
                report(run, "entries", count, ["history", "list"], lambda: RenderStore().entries())


if __name__ == "__main__":
    main()
