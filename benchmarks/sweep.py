"""Move every control through its range while the model plays; count misses and clicks.

    python benchmarks/sweep.py [MODEL] [--vocoder V] [--seconds S] [--controls NAMES]

The engine plays the source `drift` without stretches to a JACK server (dummy driver, 48 kHz, period
256) and is recorded by a client outside it. First nothing is moved; then each control in turn, 30
messages a second without glide: up and down through its range, then from one end to the other at
every message. Clicks are looked for in that recording and in the engine's own, which no late
machine can break (measures/clicks.py); the same measure is tried on faults inserted into it. The
gain is 30 dB down, so that the limiter rests: where it flattens peaks, its corners would be found
as clicks.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from distill_engine.library.assets import starter_path
from harness.benchmark import Benchmark, Column, Run, Table
from live_support.engine_process import OUTPUTS, Engine
from live_support.jack_server import JackServer, Recorder, available

RATE_HZ = 30.0
"""Messages a second."""
SOURCE, GRAIN_SECONDS = "drift", 0.0
"""The place itself plays: stretches have attacks, which would be found as clicks (ten in 8 s of a walk at rest)."""
GAIN_DB = -30.0
STILL_SECONDS, REST_SECONDS = 20.0, 0.6
COUNTED = ("deadline_misses", "underruns", "device_xruns", "parameter_changes")
SIZES = {"step": 1.0, "sample": 1.0, "gap": 0.0}
"""Size of the inserted faults over the RMS around them."""
COUNTS = (
    Column("deadline_misses", "deadline misses", ".0f"),
    Column("underruns", "underruns", ".0f"),
    Column("clicks_played", "clicks played", ".0f"),
    Column("clicks", "clicks heard", ".0f"),
)
BENCHMARK = Benchmark(
    "sweep",
    "Sweep: controls moved while they play",
    [
        Table(
            "summary",
            "All passages of a model: each control up and down, then from end to end, 30 messages a second. Played: "
            "in the engine's own recording; heard: behind the device, with the machine's gaps. Found: the share of "
            "faults inserted into the recording that the measure finds.",
            (
                Column("model", "model"),
                Column("vocoder", "vocoder"),
                Column("passages", "passages", "d"),
                Column("clean", "without clicks", "d"),
                *COUNTS,
                Column("found_step", "steps found", ".0%"),
                Column("found_sample", "samples found", ".0%"),
                Column("found_gap", "gaps found", ".0%"),
                Column("recorder_missed", "samples missed", "d"),
            ),
            key=("model", "vocoder"),
        ),
        Table(
            "passages",
            "Each control's passages.",
            (
                Column("control", "control"),
                Column("way", "way"),
                Column("messages", "messages", "d"),
                *COUNTS,
                Column("strain", "most strain", ".2f"),
            ),
        ),
    ],
)


def triangle(count: int) -> list[float]:
    """Return values from 0 up to 1, down to -1 and back."""
    phase = np.arange(count) / count
    return list(1.0 - np.abs((4.0 * phase + 1.0) % 4.0 - 2.0))


def ends(count: int) -> list[float]:
    """Return values from one end to the other, in turn."""
    return [1.0 - 2.0 * (index % 2) for index in range(count)]


class Stage:
    """A playing engine and its recorder; `passage` plays something and keeps its times."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.engine, self.recorder = engine, recorder
        self.began = time.monotonic()
        self.rows: list[dict[str, Any]] = []

    def passage(self, control: str, way: str, values: list[float], seconds: float) -> None:
        """Send the values 30 times a second (or wait), then bring the control back to 0."""
        osc = self.engine.osc
        before, start, strain = osc.status(), time.monotonic(), 0.0
        for index, value in enumerate(values):
            osc.send(f"/distill/control/{control}", value)
            time.sleep(max(0.0, start + (index + 1) / RATE_HZ - time.monotonic()))
            if index % 10 == 9:
                strain = max(strain, osc.figure("strain"))
        time.sleep(max(0.0, start + seconds - time.monotonic()))
        if values:
            osc.send(f"/distill/control/{control}", 0.0)
        time.sleep(REST_SECONDS)
        after, end = osc.status(), time.monotonic()
        counted = {name: float(after[name]) - float(before[name]) for name in COUNTED}
        row = {"control": control, "way": way, "messages": len(values), "strain": strain, **counted}
        self.rows.append(row | {"from": start - self.began, "to": end - self.began})


@dataclass(frozen=True)
class Performance:
    """The rows of its passages, and what was played and heard meanwhile: samples [T] and their rates."""

    rows: list[dict[str, Any]]
    played: np.ndarray
    played_rate: int
    heard: np.ndarray
    heard_rate: int


def perform(model: Path, options: argparse.Namespace, folder: Path) -> Performance:
    """Play all passages; record them inside and outside of the engine."""
    from distill_engine.synthesis.instrument import prepare_instrument

    vocoder, seconds = options.vocoder, options.seconds
    names = options.controls.split(",") if options.controls else prepare_instrument(model).control_names
    server = JackServer(f"distill-sweep-{os.getpid()}").start()
    try:
        with Engine(server, model, "--vocoder", vocoder, "--block", "1", "--source", SOURCE).wait_ready() as engine:
            engine.osc.send("/distill/gain", GAIN_DB)
            engine.osc.send("/distill/source/grain", GRAIN_SECONDS)
            time.sleep(3.0)
            recorded = folder / "played.wav"
            if reason := engine.osc.do("/distill/record", str(recorded)):
                raise RuntimeError(reason)
            stage = Stage(engine, Recorder(server, OUTPUTS[0]))
            stage.passage("nothing", "still", [], STILL_SECONDS)
            for name in names:
                stage.passage(name, "up and down", triangle(round(RATE_HZ * seconds)), seconds)
                stage.passage(name, "end to end", ends(round(RATE_HZ * seconds / 2)), seconds / 2)
            heard = stage.recorder.stop()
            engine.osc.do("/distill/record", "stop")
    finally:
        server.remove()
    played, rate = soundfile.read(recorded, dtype="float32", always_2d=True)
    return Performance(stage.rows, played[:, 0], rate, heard.samples[0], server.rate)


def judge(run: Run, model: str, vocoder: str, performance: Performance) -> None:
    """Count the clicks of each passage, and what the measure finds of inserted faults."""
    from measures.clicks import clicks, found_of_inserted

    rows, heard, rate = performance.rows, performance.heard, performance.heard_rate
    sound = np.nan_to_num(heard) * 10 ** (-GAIN_DB / 20)
    inside = clicks(performance.played * 10 ** (-GAIN_DB / 20)) / performance.played_rate
    for field, places in (("clicks", clicks(sound) / rate), ("clicks_played", inside)):
        for row in rows:
            row[field] = int(np.count_nonzero((places >= row["from"]) & (places < row["to"])))
    found = {f"found_{kind}": found_of_inserted(sound, kind, share) for kind, share in SIZES.items()}
    totals = {column.field: sum(row[column.field] for row in rows) for column in COUNTS}
    run.row(
        "summary",
        model=model,
        vocoder=vocoder,
        passages=len(rows),
        clean=sum(not row["clicks"] for row in rows),
        seconds=len(sound) / rate,
        recorder_missed=int(np.isnan(heard).sum()),
        **totals,
        **found,
    )
    for row in rows:
        run.row("passages", **row)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("model", nargs="?", type=Path, help="default: the built-in starter")
    parser.add_argument("--vocoder", default="auto")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each control's way up and down")
    parser.add_argument("--controls", metavar="NAMES", help="default: all, in the model's order")
    options = parser.parse_args()
    if not available():
        print("sweep: not measured, jackd is not installed", file=sys.stderr)
        return 0
    with BENCHMARK.run(options) as run:
        model = options.model or starter_path()
        with tempfile.TemporaryDirectory(prefix="distill-sweep-") as folder:
            performance = perform(model, options, Path(folder))
        judge(run, model.stem, options.vocoder, performance)
    return 0


if __name__ == "__main__":
    sys.exit(main())
