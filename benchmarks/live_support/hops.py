"""Measure the time of a block of synthesis by vocoder, backend, threads and block size."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.baseline import environment, worktree
from harness.benchmark import Column, Pivot, Run, Table
from live_support import programs

BLOCKS = (1, 2, 4, 8)
BACKENDS = (("onnx", 1), ("onnx", 2), ("torch cpu", 1))
LIMIT_SECONDS = 300
"""Time after which one configuration is given up."""
PRESENT = "present"
TABLE = Table(
    "hops",
    "Time of a block of synthesis in ms, p50 / p99 / max, and p50 as a share of the block's sound.",
    (
        Column("vocoder", "vocoder"),
        Column("backend", "backend"),
        Column("threads", "threads", "d"),
        Column("code", "code"),
        Column("block", "hops a block", "d"),
        Column("p50_ms", "p50, ms", ".2f"),
        Column("p99_ms", "p99, ms", ".2f"),
        Column("max_ms", "max, ms", ".2f"),
        Column("factor", "share", ".2f"),
    ),
    key=("vocoder", "backend", "threads", "code", "block"),
    pivot=Pivot(
        "block",
        "block of {}",
        "{p50_ms:.2f} / {p99_ms:.2f} / {max_ms:.2f}, {factor:.2f}",
        ("vocoder", "backend", "threads", "code"),
    ),
)


def measure(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Time all configurations; with `--baseline` each also with the code of that commit, in turns."""
    seconds = 1.0 if options.quick else 6.0
    played = None if options.baseline and not options.model else model
    codes: dict[str, dict[str, str] | None] = {PRESENT: None}
    with ExitStack() as stack:
        if options.baseline:
            tree = stack.enter_context(worktree(options.baseline))
            if tree is not None:
                codes[options.baseline] = environment(tree)
        for vocoder in ("hifigan", "vocos"):
            for backend, threads in BACKENDS:
                for block in BLOCKS:
                    for code, env in codes.items():
                        about = {"vocoder": vocoder, "backend": backend, "threads": threads, "block": block}
                        found = _timed(played, about, seconds, env)
                        if found is not None:
                            run.row("hops", **about, code=code, **found)


def _timed(
    model: Path | None, about: dict[str, Any], seconds: float, env: dict[str, str] | None
) -> dict[str, Any] | None:
    """Figures of one configuration, measured in its own process.

    Without a model each code plays its own starter.
    """
    options = ["--threads", about["threads"], "--block", about["block"], "--seconds", seconds]
    options += ["--torch"] if about["backend"] == "torch cpu" else []
    played = "starter" if model is None else model.resolve()
    printed = programs.output("hop_times", played, about["vocoder"], *options, env=env, limit=LIMIT_SECONDS)
    return dict(json.loads(printed)) if printed else None
