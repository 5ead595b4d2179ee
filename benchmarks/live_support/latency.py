"""Measure the time from an OSC message to its first sample, with and without a flood beside it."""

from __future__ import annotations

import argparse
import os
import time
from itertools import product
from pathlib import Path

import numpy as np

from harness.benchmark import Column, Run, Table
from live_support import programs
from live_support.engine_process import Engine
from live_support.jack_server import JackServer
from live_support.load import Flood
from live_support.messages import CHANGES

BESIDE = {"nothing else": 0, "2,000 messages a second": 2000}
"""What is sent beside the measured messages, a second."""
MODES = ("normal", "low")
"""Words of --latency that are measured."""
TABLE = Table(
    "latency",
    "OSC message to its effect, heard by a JACK client outside the engine. Constant is the 5th percentile, jitter the "
    "5th to the 95th. The gain counts as heard with its first sample, brightness (moved from end to end on a held sound) "
    "when the level of high frequencies is halfway there, a note when its attack has half of its peak.",
    (
        Column("vocoder", "vocoder"),
        Column("mode", "--latency"),
        Column("what", "message"),
        Column("beside", "beside"),
        Column("messages", "messages", "d"),
        Column("p50_ms", "p50, ms", ".1f"),
        Column("p99_ms", "p99", ".1f"),
        Column("max_ms", "max", ".1f"),
        Column("constant_ms", "constant", ".1f"),
        Column("jitter_ms", "jitter", ".1f"),
        Column("stated_ms", "stated at most", ".1f"),
        Column("underruns", "underruns", ".0f"),
    ),
    key=("vocoder", "mode", "what", "beside"),
)
INPUT_TABLE = Table(
    "input",
    "From an attack at the input of JACK to half of its peak at the output, through mel, skeleton and vocoder; then the "
    "parts as the status states them. A hop of 11.6 ms comes on top of these, of which it waits for half on average.",
    (
        Column("vocoder", "vocoder"),
        Column("mode", "--latency"),
        Column("messages", "attacks", "d"),
        Column("p50_ms", "p50, ms", ".1f"),
        Column("p99_ms", "p99", ".1f"),
        Column("jitter_ms", "jitter", ".1f"),
        Column("input_ms", "device in and analysis", ".1f"),
        Column("vocoder_ms", "vocoder", ".1f"),
        Column("ring_ms", "ring", ".1f"),
        Column("device_ms", "device out", ".1f"),
        Column("underruns", "underruns", ".0f"),
    ),
    key=("vocoder", "mode"),
)


def measure(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Send messages one by one to a playing engine."""
    count = 25 if options.quick else 300
    for mode, (beside, rate) in product(MODES, BESIDE.items()):
        server = JackServer(f"distill-latency-{os.getpid()}").start()
        try:
            arguments = ("--vocoder", options.vocoder, "--block", "1")
            with Engine(server, model, *arguments, "--latency", mode).wait_ready() as engine:
                flood = Flood(engine.port, rate) if rate else None
                time.sleep(2.0 if options.quick else 5.0)
                found = {kind: osc_to_sound(server, engine, count, kind) for kind in CHANGES}
                status = engine.osc.status()
                if flood is not None:
                    flood.stop()
        finally:
            server.remove()
        for kind, delays in found.items():
            stated = status["latency_gain_ms" if kind == "gain" else "latency_ms"]
            counted = {"underruns": status["underruns"], "stated_ms": stated}
            counted["ring_target_frames"] = status["ring_target"]
            what = {"vocoder": options.vocoder, "mode": mode, "what": kind, "beside": beside}
            run.row("latency", **what, **distribution(delays), **counted)


def measure_input(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Send attacks into the live input, by way of --latency."""
    for mode in MODES:
        server = JackServer(f"distill-input-{os.getpid()}").start()
        try:
            arguments = ("--vocoder", options.vocoder, "--block", "1", "--source", "input", "--input", "system")
            with Engine(server, model, *arguments, "--latency", mode).wait_ready() as engine:
                engine.osc.send("/distill/play")
                engine.osc.send("/distill/source/own", 0.0)
                time.sleep(3.0)
                count = 25 if options.quick else 300
                printed = programs.output("echo_listener", count, env=server.environment, limit=60 + count)
                status = engine.osc.status()
        finally:
            server.remove()
        delays = np.array([float(line) for line in printed.split()])
        names = {"input_ms": "latency_input_ms", "vocoder_ms": "latency_vocoder_ms", "ring_ms": "latency_ring_ms"}
        names |= {"device_ms": "latency_device_ms", "underruns": "underruns"}
        parts = {column: status[name] for column, name in names.items()}
        run.row("input", vocoder=options.vocoder, mode=mode, **distribution(delays), **parts)


def osc_to_sound(server: JackServer, engine: Engine, count: int, kind: str) -> np.ndarray:
    """Return the delays in ms [at most `count`] of the messages that were heard."""
    limit = 60 + count * 1.6
    printed = programs.output("osc_listener", engine.port, count, kind, env=server.environment, limit=limit)
    return np.array([float(line) for line in printed.split()])


def distribution(delays: np.ndarray) -> dict[str, float]:
    """Return the percentiles of delays [n] in ms; only their number where nothing was heard."""
    if not len(delays):
        return {"messages": 0}
    p5, p50, p95, p99 = (float(value) for value in np.percentile(delays, (5, 50, 95, 99)))
    return {
        "messages": len(delays),
        "p50_ms": p50,
        "p99_ms": p99,
        "max_ms": float(delays.max()),
        "constant_ms": p5,
        "jitter_ms": p95 - p5,
    }
