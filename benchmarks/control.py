"""Measure how much the control process takes: floods beside the sound, latency, fuzz.

    python benchmarks/control.py                            all of it
    python benchmarks/control.py --flood --seconds 60       2,000 and 10,000 messages a second
    python benchmarks/control.py --latency
    python benchmarks/control.py --fuzz 100000 --rounds 2

* flood: a real engine on a JACK server (dummy driver, 48 kHz, period 256), recorded by a client
  outside; its own recording is compared with what was heard, sample by sample. The last two
  messages set the width and silence the sound: both must take effect.
* latency: a control process whose engine's end is held by this program.
* fuzz: N malformed datagrams, TCP frames, HTTP and WebSocket requests and MIDI messages a round,
  all rounds to one control process; then a fifth of N to a playing engine, heard from outside.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from distill_control.osc.client import OscClient
from distill_control.osc.packet import encode
from distill_engine.vocabulary import table as vocabulary
from harness.benchmark import Benchmark, Column, Run, Table
from live_support import programs
from live_support.control_process import ControlProcess, open_midi
from live_support.engine_process import Engine
from live_support.fuzzer import Fuzzer
from live_support.hearing import heard_outside
from live_support.jack_server import JackServer, available
from live_support.paced_sender import LAST_WIDTH
from live_support.playable import model_to_play

WIDTH = vocabulary.index_of("/distill/width")
LARGEST_VALUE = 1e6
"""A parameter beyond this counts as not finite."""
TIMES = (Column("p50_ms", "p50, ms", ".2f"), Column("p99_ms", "p99", ".2f"), Column("max_ms", "max", ".2f"))
HEARD = (
    Column("underruns", "underruns", ".0f"),
    Column("breaks", "breaks heard", ".0f"),
    Column("heard_seconds", "in s", ".0f"),
)
BENCHMARK = Benchmark(
    "control",
    "Control: floods, latency, fuzz",
    [
        Table(
            "flood",
            "One sender in a process of its own, to a playing engine. Lost: by the system, before the control process.",
            (
                Column("rate", "messages a second", ",d"),
                Column("seconds", "s", "g"),
                Column("vocoder", "vocoder"),
                Column("sent", "sent", ",d"),
                Column("handled", "handled", ",d"),
                Column("lost", "lost", ",d"),
                Column("applied", "last values applied"),
                Column("cpu", "of one core", ".0%"),
                Column("growth_mb", "memory, MB", "+.1f"),
                *HEARD,
            ),
            key=("rate", "seconds", "vocoder"),
        ),
        Table(
            "latency",
            "From a UDP datagram to the value in shared memory, and from ping to pong.",
            (Column("what", "what"), *TIMES),
        ),
        Table(
            "start",
            "From the command to a control process that answers; its resident memory.",
            (Column("ready_ms", "ready, ms", ".0f"), Column("memory_mb", "memory, MB", ".0f")),
        ),
        Table(
            "fuzz",
            "Malformed datagrams, TCP frames, HTTP and WebSocket requests and MIDI messages, to one control process.",
            (
                Column("round", "round", "d"),
                Column("inputs", "inputs", ",d"),
                Column("finite", "values finite"),
                Column("growth_mb", "memory growth, MB", "+.1f"),
                Column("memory_mb", "memory, MB", ".1f"),
            ),
        ),
        Table(
            "fuzz_sound",
            "The same kinds of input, without MIDI, to a playing engine.",
            (Column("inputs", "inputs", ",d"), Column("vocoder", "vocoder"), Column("finite", "sound finite"), *HEARD),
            key=("vocoder",),
        ),
    ],
)


def control_process(engine: Engine) -> psutil.Process:
    """Return the engine's control process."""
    return next(p for p in psutil.Process(engine.process.pid).children() if "distill_control.session" in p.cmdline())


def present_value(port: int, address: str) -> float:
    """Return a parameter's value, asked for until it comes. Raises TimeoutError."""
    with OscClient(port=port) as client:
        for _ in range(20):
            client.send(address)
            if (message := client.receive(1.0)) is not None:
                value = message.arguments[0]
                assert isinstance(value, int | float)
                return float(value)
    raise TimeoutError(f"{address} is not answered")


def flood(run: Run, model: Path, options: argparse.Namespace, rate: int, folder: Path) -> None:
    """Count what arrived of a flood, what was heard meanwhile, memory and processor time."""
    with heard_outside(model, options.vocoder, folder) as hearing:
        engine, before = hearing.engine, hearing.before
        process = control_process(engine)
        memory, cpu, began = process.memory_info().rss, sum(process.cpu_times()[:2]), time.monotonic()
        sent = int(programs.output("paced_sender", engine.port, rate, options.seconds))
        busy = (sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
        time.sleep(0.5)
        after, growth = engine.osc.status(), (process.memory_info().rss - memory) / 1e6
        width = present_value(engine.port, "/distill/width")
        time.sleep(0.5)
    silent = bool(np.nanmax(np.abs(hearing.heard.samples[0][-hearing.server.rate // 4 :])) < 1e-4)
    gained = {name: float(after[name]) - float(before[name]) for name in ("messages", "osc_lost", "underruns")}
    run.row(
        "flood",
        rate=rate,
        seconds=options.seconds,
        vocoder=options.vocoder,
        sent=sent,
        handled=int(gained["messages"]) - 1,
        lost=int(gained["osc_lost"]),
        applied=width == LAST_WIDTH and silent,
        cpu=busy,
        growth_mb=growth,
        underruns=gained["underruns"],
        **heard(hearing),
    )


def heard(hearing: Any) -> dict[str, Any]:
    """Return what an ended hearing found, as fields of a row."""
    found = hearing.found
    return {
        "breaks": found.breaks,
        "heard_seconds": found.seconds,
        "recorder_skipped": found.skipped,
        "engine_late": hearing.late,
        "idle_late": hearing.idle_late,
    }


def latency(run: Run, count: int = 2000) -> None:
    """Time datagrams until their value stands in shared memory, and pings until their pong."""
    control = ControlProcess()
    word, applied, pings = control.block.words, [], []
    with OscClient(port=control.port) as client:
        for number in range(count):
            packet = encode("/distill/width", (number % 997 + 1) / 1000)
            before, began = word[WIDTH], time.perf_counter()
            client.send_packet(packet)
            while word[WIDTH] == before and time.perf_counter() - began < 1.0:
                time.sleep(0)
            applied.append(time.perf_counter() - began)
            time.sleep(0.001)
        for number in range(count):
            began = time.perf_counter()
            client.send("/distill/ping", number)
            client.receive(1.0)
            pings.append(time.perf_counter() - began)
    run.row("start", ready_ms=control.start_seconds * 1e3, memory_mb=control.memory_mb())
    run.row("latency", what="UDP message to shared memory", **percentiles(applied))
    run.row("latency", what="ping to pong", **percentiles(pings))
    control.stop()


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return p50, p99 and maximum in ms of times in s."""
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return {"p50_ms": p50 * 1e3, "p99_ms": p99 * 1e3, "max_ms": ordered[-1] * 1e3}


def fuzz(run: Run, count: int, rounds: int, seed: int) -> None:
    """Send rounds of malformed input to one control process; measure its memory after each."""
    server = JackServer(f"distill-fuzz-{os.getpid()}").start() if available() else None
    midi = None
    try:
        if server is not None:
            os.environ.update(server.environment)
            midi = open_midi()
        control = ControlProcess(server.environment if server is not None else None)
        while midi is not None and not control.status()["midi_ports"]:
            time.sleep(0.1)
        fuzzer = Fuzzer(seed, control.port, control.oscquery_port, midi)
        fuzzer.round(count // 20)
        memory = control.memory_mb()
        for number in range(1, rounds + 1):
            memory = _fuzz_round(run, control, fuzzer, number, count, memory)
        control.stop()
    finally:
        if midi is not None:
            midi.close_port()
        if server is not None:
            server.remove()


def _fuzz_round(run: Run, control: ControlProcess, fuzzer: Fuzzer, number: int, count: int, memory: float) -> float:
    """Send one round; return the memory in MB after it."""
    began, before = time.monotonic(), control.status()
    sent = fuzzer.round(count)
    after, now = control.status(), control.memory_mb()
    values = [value for _, value, _ in control.parameters.current()]
    run.row(
        "fuzz",
        round=number,
        inputs=sum(sent.values()),
        sent=sent,
        finite=all(np.isfinite(value) and abs(value) < LARGEST_VALUE for value in values),
        packets=after["osc_packets"] - before["osc_packets"],
        malformed=after["osc_malformed"] - before["osc_malformed"],
        midi_messages=after.get("midi_messages", 0) - before.get("midi_messages", 0),
        growth_mb=now - memory,
        memory_mb=now,
        took_seconds=time.monotonic() - began,
    )
    return now


def fuzz_beside_sound(run: Run, model: Path, options: argparse.Namespace, count: int, folder: Path) -> None:
    """Send malformed input to a playing engine, and count what is heard of it."""
    os.environ["DISTILL_HOME"] = str(folder / "home")
    with heard_outside(model, options.vocoder, folder) as hearing:
        engine, before = hearing.engine, hearing.before
        Fuzzer(options.seed, engine.port, engine.query_port, heavy=False).round(count)
        time.sleep(1.0)
        after = engine.osc.status()
    run.row(
        "fuzz_sound",
        inputs=count,
        vocoder=options.vocoder,
        finite=hearing.found.finite,
        underruns=float(after["underruns"]) - float(before["underruns"]),
        **heard(hearing),
    )


def main() -> int:
    """Run the parts asked for."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--flood", action="store_true", help="floods only")
    parser.add_argument("--latency", action="store_true", help="latency only")
    parser.add_argument("--fuzz", type=int, nargs="?", const=100_000, metavar="N", help="fuzz only, N inputs a round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of fuzz in one process")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each flood")
    parser.add_argument("--rates", type=int, nargs="+", default=[2000, 10000], help="messages a second of the floods")
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--vocoder", default="vocos")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    everything = not (options.flood or options.latency or options.fuzz)
    if not available():
        print("floods, fuzz beside the sound: not measured, jackd is not installed", file=sys.stderr)
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="control-bench-") as name:
        folder = Path(name)
        if options.latency or everything:
            latency(run)
        if available() and (options.flood or everything):
            for rate in options.rates:
                flood(run, model_to_play(options.model, folder), options, rate, folder)
        if options.fuzz or everything:
            count = options.fuzz or 20_000
            fuzz(run, count, options.rounds, options.seed)
            if available():
                fuzz_beside_sound(run, model_to_play(options.model, folder), options, count // 5, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
