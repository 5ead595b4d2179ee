"""Measure the time from the command to the first sample heard, memory, and loaded torch."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time
from pathlib import Path

from harness.baseline import compile_packages
from harness.benchmark import Column, Run, Table
from harness.repository import ROOT
from live_support import programs
from live_support.engine_process import Engine
from live_support.footprint import resident_mb
from live_support.jack_server import JackServer

TABLE = Table(
    "start",
    "From the command to the first sample heard outside; the engine process's share of memory.",
    (
        Column("vocoder", "vocoder"),
        Column("starts", "starts", "d"),
        Column("median_s", "median, s", ".2f"),
        Column("max_s", "max, s", ".2f"),
        Column("memory_mb", "memory, MB", ".0f"),
        Column("torch", "torch loaded"),
    ),
    key=("vocoder",),
)


def measure(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Start the engine several times."""
    compile_packages(ROOT)
    times, memory, torch_loaded = [], 0.0, False
    for _ in range(2 if options.quick else 5):
        server = JackServer(f"distill-start-{os.getpid()}").start()
        try:
            watcher = programs.start("first_sample", env=server.environment, stdout=subprocess.PIPE, text=True)
            assert watcher.stdout is not None
            watcher.stdout.readline()
            began = time.time()
            with Engine(server, model, "--vocoder", options.vocoder) as engine:
                times.append(float(watcher.communicate(timeout=60)[0]) - began)
                engine.wait_ready()
                time.sleep(1.0 if options.quick else 5.0)
                memory = max(memory, resident_mb(engine.process.pid))
                torch_loaded |= "libtorch" in Path(f"/proc/{engine.process.pid}/maps").read_text()
        finally:
            server.remove()
    run.row(
        "start",
        vocoder=options.vocoder,
        starts=len(times),
        median_s=statistics.median(times),
        max_s=max(times),
        memory_mb=memory,
        torch=torch_loaded,
    )
