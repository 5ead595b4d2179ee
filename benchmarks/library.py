"""How long it takes to list a large library: models and entries of the history.

    python benchmarks/library.py [--models 10,100,1000,10000] [--entries 1000]

Each list runs as a command of its own, which is what a user waits for; "cold" is the first one after the files are new.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from distill_engine.library.renders import RenderStore
from distill_engine.modelfile import Manifest, save_model

WARM_RUNS = 3  # of which the fastest counts: other processes only make it slower


def main() -> int:
    """Print one JSON line per measurement; return exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="10,100,1000,10000")
    parser.add_argument("--entries", default="10,100,1000,10000")
    args = parser.parse_args()
    for count in map(int, args.models.split(",")):
        with tempfile.TemporaryDirectory() as home:
            os.environ["DISTILL_HOME"] = home
            make_models(Path(home) / "models", count)
            report("models", count, ["model", "list", "--json"])
    for count in map(int, args.entries.split(",")):
        with tempfile.TemporaryDirectory() as home:
            os.environ["DISTILL_HOME"] = home
            make_entries(count)
            report("entries", count, ["history", "list", "--json"])
    return 0


def make_models(folder: Path, count: int) -> None:
    """Write `count` model files, each with its own manifest."""
    folder.mkdir()
    for number in range(count):
        controls = [{"name": f"control-{index}", "low": -1.0, "high": 1.0} for index in range(12)]
        manifest = Manifest(
            f"model {number}", corpus={"files": number, "seconds": 60.0}, analysis={"controls": controls}
        )
        save_model(folder / f"model {number}.distillgan", manifest, {})


def make_entries(count: int) -> None:
    """Write `count` entries of the history, as renders leave them."""
    store = RenderStore()
    settings = {"controls": {f"control-{index}": 0.5 for index in range(12)}, "seconds": 10.0}
    for number in range(count):
        made = {"command": ["distill", "render", "birds", "-o", "a.wav"], "seed": number, "settings": settings}
        store.note(f"sound {number}", {**made, "model": {"name": "birds", "digest": "0" * 64}})


def report(what: str, count: int, words: list[str]) -> None:
    """Time a command cold and warm, and print both in seconds."""
    cold = seconds(words)
    warm = min(seconds(words) for _ in range(WARM_RUNS))
    print(json.dumps({"what": what, "count": count, "cold_s": round(cold, 3), "warm_s": round(warm, 3)}), flush=True)


def seconds(words: list[str]) -> float:
    """Return the seconds that a command takes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "distill_control.cli.main", *words]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
