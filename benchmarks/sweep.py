"""Every control of a model moved through its whole range while it plays: misses, underruns and clicks, heard from outside.

    python benchmarks/sweep.py [MODEL] [--vocoder V] [--seconds S] [--json]

The engine plays a JACK server (dummy driver, 48 kHz, period 256) and is recorded by a client outside it. First nothing is moved; then each
control in turn, 30 messages a second without glide: up and down through its range, then from one end to the other at every message.
Clicks are looked for in the recording (benchmarks/clicks.py); how many inserted faults the same measure finds in it is said too. The
gain is 30 dB down, so that the limiter rests: where it flattens peaks, its corners would be found as clicks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from clicks import clicks, found_of_inserted
from live_tools import OUTPUTS, Engine, machine

from distill_engine.library.assets import starter_path
from distill_engine.synthesis.instrument import prepare_instrument
from support_jack import JackServer, Recorder

RATE_HZ = 30.0
GAIN_DB = -30.0
STILL_SECONDS, REST_SECONDS = 20.0, 0.6
COUNTED = ("deadline_misses", "underruns", "device_xruns", "parameter_changes")
SIZES = {"step": 1.0, "sample": 1.0, "gap": 0.0}
"""Size of the inserted faults over the RMS around them."""


def triangle(count: int) -> list[float]:
    """Values from 0 up to 1, down to -1 and back."""
    phase = np.arange(count) / count
    return list(1.0 - np.abs((4.0 * phase + 1.0) % 4.0 - 2.0))


def ends(count: int) -> list[float]:
    """From one end to the other at every message."""
    return [1.0 - 2.0 * (index % 2) for index in range(count)]


class Stage:
    """A playing engine and its recorder; `passage` plays something and keeps when it was."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.engine, self.recorder = engine, recorder
        self.began = time.monotonic()
        self.rows: list[dict] = []

    def passage(self, control: str, way: str, values: list[float], seconds: float) -> None:
        """Sends the values 30 times a second (or waits), then brings the control back to 0."""
        osc = self.engine.osc
        before, start, strain = osc.status(), time.monotonic(), 0.0
        for index, value in enumerate(values):
            osc.send(f"/distill/control/{control}", value)
            time.sleep(max(0.0, start + (index + 1) / RATE_HZ - time.monotonic()))
            if index % 10 == 9:
                strain = max(strain, float(osc.status()["strain"]))
        time.sleep(max(0.0, start + seconds - time.monotonic()))
        if values:
            osc.send(f"/distill/control/{control}", 0.0)
        time.sleep(REST_SECONDS)
        after, end = osc.status(), time.monotonic()
        counted = {name: float(after[name]) - float(before[name]) for name in COUNTED}
        row = {"control": control, "way": way, "messages": len(values), "strain": strain, **counted}
        self.rows.append(row | {"from": start - self.began, "to": end - self.began})


def perform(model: Path, vocoder: str, seconds: float) -> tuple[list[dict], np.ndarray, int]:
    """Plays it all; rows, what was heard [T] and its rate."""
    names = prepare_instrument(model).control_names
    server = JackServer(f"distill-sweep-{os.getpid()}").start()
    try:
        with Engine(server, model, "--vocoder", vocoder, "--block", "1").wait_ready() as engine:
            engine.osc.send("/distill/gain", GAIN_DB)
            time.sleep(3.0)
            stage = Stage(engine, Recorder(server, OUTPUTS[0]))
            stage.passage("nothing", "still", [], STILL_SECONDS)
            for name in names:
                stage.passage(name, "up and down", triangle(round(RATE_HZ * seconds)), seconds)
                stage.passage(name, "end to end", ends(round(RATE_HZ * seconds / 2)), seconds / 2)
            heard = stage.recorder.stop()
    finally:
        server.remove()
    return stage.rows, heard.samples[0], server.rate


def judged(rows: list[dict], heard: np.ndarray, rate: int) -> dict:
    """Clicks per passage, and what the measure finds of inserted faults."""
    missing = int(np.isnan(heard).sum())
    sound = np.nan_to_num(heard) * 10 ** (-GAIN_DB / 20)
    places = clicks(sound) / rate
    for row in rows:
        row["clicks"] = int(np.count_nonzero((places >= row["from"]) & (places < row["to"])))
    found = {kind: found_of_inserted(sound, kind, share) for kind, share in SIZES.items()}
    return {"rows": rows, "found": found, "seconds": len(sound) / rate, "recorder_missed": missing}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, default=starter_path(), help="default: the built-in starter")
    parser.add_argument("--vocoder", default="auto")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each control's way up and down")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = judged(*perform(args.model, args.vocoder, args.seconds))
    if args.json:
        print(json.dumps(result, indent=1))
        return 0
    print(f"{args.model.name}, vocoder {args.vocoder}, {result['seconds']:.0f} s heard, {machine()}\n")
    print(
        "| control | way | messages | deadline misses | underruns | clicks | most strain |\n|---|---|---|---|---|---|---|"
    )
    for row in result["rows"]:
        counts = " | ".join(f"{row[name]:.0f}" for name in ("messages", "deadline_misses", "underruns", "clicks"))
        print(f"| {row['control']} | {row['way']} | {counts} | {row['strain']:.2f} |")
    print(f"\nrecorder missed {result['recorder_missed']} samples; inserted faults found: {result['found']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
