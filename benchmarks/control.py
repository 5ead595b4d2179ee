"""How much the control process takes: floods beside the sound, latency, fuzz. Writes a table with the machine named.

    python benchmarks/control.py                            all of it
    python benchmarks/control.py --flood --seconds 60       2,000 and 10,000 messages a second to a playing engine
    python benchmarks/control.py --latency
    python benchmarks/control.py --fuzz 100000 --rounds 2

* flood: a real engine on a JACK server (dummy driver, 48 kHz, period 256), recorded by a client outside; what it recorded itself is
  compared with what was heard, sample by sample. The last two messages set the width and silence the sound: both must be so.
* latency: a control process whose engine's end is held by this program.
* fuzz: N malformed datagrams, TCP frames, HTTP and WebSocket requests and MIDI messages a round, all rounds to one control process,
  its memory after each; then a fifth of N to a playing engine, heard from outside.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from control_tools import Fuzzer, Instrument, open_midi
from live_tools import Engine, heard_outside, machine, model_to_play

from distill_control.osc.client import OscClient
from distill_control.osc.packet import encode
from distill_engine.vocabulary import table as vocabulary
from support_jack import JackServer, available

WIDTH = vocabulary.index_of("/distill/width")
SENDER = """
import socket, struct, sys, time
port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", port))
width, gain = b"/distill/width\\0\\0,f\\0\\0", b"/distill/gain\\0\\0\\0,f\\0\\0"
begin, count = time.perf_counter(), 0
while (now := time.perf_counter() - begin) < seconds:
    while count < now * rate:
        s.send(width + struct.pack(">f", count % 1000 / 1000))
        count += 1
    time.sleep(0.001)
s.send(width + struct.pack(">f", 0.625))
s.send(gain + struct.pack(">f", -90.0))
print(count + 2)
"""
Row = tuple[str, str]


def control_process(engine: Engine) -> psutil.Process:
    """The engine's control process."""
    return next(p for p in psutil.Process(engine.process.pid).children() if "distill_control.session" in p.cmdline())


def value(port: int, address: str) -> float:
    """A parameter's present value, asked for anew until it comes."""
    with OscClient(port=port) as client:
        for _ in range(20):
            client.send(address)
            if (message := client.receive(1.0)) is not None:
                return float(message.arguments[0])
    raise TimeoutError(f"{address} is not answered")


def flood(model: Path, vocoder: str, rate: int, seconds: float, folder: Path) -> Row:
    """One sender in a process of its own; what arrived, what was heard, memory, CPU."""
    with heard_outside(model, vocoder, folder) as hearing:
        engine, before = hearing.engine, hearing.before
        process = control_process(engine)
        memory, cpu, began = process.memory_info().rss, sum(process.cpu_times()[:2]), time.monotonic()
        command = [sys.executable, "-c", SENDER, str(engine.port), str(rate), str(seconds)]
        sent = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        busy = (sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
        time.sleep(0.5)
        after, growth = engine.osc.status(), (process.memory_info().rss - memory) / 1e6
        width = value(engine.port, "/distill/width")
        time.sleep(0.5)
    found = hearing.found
    silent = bool(np.nanmax(np.abs(hearing.heard.samples[0][-hearing.server.rate // 4 :])) < 1e-4)
    handled, lost = int(after["messages"] - before["messages"]) - 1, int(after["osc_lost"] - before["osc_lost"])
    applied = "applied and heard" if width == 0.625 and silent else f"NOT applied (width {width}, silent {silent})"
    return (
        f"{rate:,} msg/s for {seconds:g} s, {vocoder} playing",
        f"{sent:,} sent, {handled:,} handled, {lost:,} lost by the system; last values {applied}; control process {busy:.0%} of one core, "
        f"memory {growth:+.1f} MB; {after['underruns'] - before['underruns']:.0f} underruns, {found.breaks} breaks heard in "
        f"{found.seconds:.0f} s, recorder skipped {found.skipped}; late for jackd: engine {hearing.late}, "
        f"idle C client {hearing.idle_late}",
    )


def latency(instrument: Instrument, count: int = 2000) -> list[Row]:
    """From the sending of a datagram until the value stands in shared memory, and a ping's round trip."""
    word, applied, pings = instrument.block.words, [], []
    with OscClient(port=instrument.port) as client:
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
    start = f"{instrument.start_seconds * 1e3:.0f} ms, {instrument.memory_mb():.0f} MB resident"
    rows = [("UDP message to shared memory", _percentiles(applied)), ("ping to pong", _percentiles(pings))]
    return [("start to ready", start), *rows]


def _percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"{p50 * 1e3:.2f} ms p50, {p99 * 1e3:.2f} p99, {ordered[-1] * 1e3:.2f} max"


def fuzz(count: int, rounds: int, seed: int) -> Iterator[Row]:
    """Rounds of malformed input to one control process; what is left of it and its memory after each."""
    server = JackServer(f"distill-fuzz-{os.getpid()}").start() if available() else None
    if server is not None:
        os.environ.update(server.environment)
    midi = None
    try:
        midi = open_midi() if server is not None else None
        instrument = Instrument(server.environment if server is not None else None)
        while midi is not None and not instrument.status()["midi_ports"]:
            time.sleep(0.1)
        fuzzer = Fuzzer(seed, instrument.port, instrument.oscquery_port, midi)
        fuzzer.round(count // 20)
        memory = instrument.memory_mb()
        for number in range(1, rounds + 1):
            began, before = time.monotonic(), instrument.status()
            shares = fuzzer.round(count)
            after, now = instrument.status(), instrument.memory_mb()
            finite = all(np.isfinite(value) and abs(value) < 1e6 for _, value, _ in instrument.parameters.current())
            parts = ", ".join(f"{share:,} {name}" for name, share in shares.items() if share)
            taken = after["osc_packets"] - before["osc_packets"], after["osc_malformed"] - before["osc_malformed"]
            heard = after.get("midi_messages", 0) - before.get("midi_messages", 0)
            what = f"fuzz, seed {seed}, round {number}: {parts}"
            figure = f"alive, values {'finite' if finite else 'NOT FINITE'}; {taken[0]:,.0f} OSC packets taken, {taken[1]:,.0f} of them "
            figure += f"refused as malformed, {heard:,.0f} MIDI messages taken; memory {now - memory:+.1f} MB (to {now:.1f}), "
            yield what, figure + f"{time.monotonic() - began:.0f} s"
            memory = now
        instrument.stop()
    finally:
        if midi is not None:
            midi.close_port()
        if server is not None:
            server.remove()


def fuzz_beside_sound(model: Path, vocoder: str, count: int, seed: int, folder: Path) -> Row:
    """Malformed input to a playing engine: what is heard of it."""
    os.environ["DISTILL_HOME"] = str(folder / "home")
    with heard_outside(model, vocoder, folder) as hearing:
        engine, before = hearing.engine, hearing.before
        Fuzzer(seed, engine.port, engine.query_port, heavy=False).round(count)
        time.sleep(1.0)
        after = engine.osc.status()
    found = hearing.found
    return (
        f"fuzz beside the sound ({vocoder}), {count:,} inputs",
        f"engine alive, sound {'finite' if found.finite else 'NOT FINITE'}, {after['underruns'] - before['underruns']:.0f} underruns, "
        f"{found.breaks} breaks heard in {found.seconds:.0f} s, recorder skipped {found.skipped}; late for jackd {hearing.late}",
    )


def main() -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flood", action="store_true", help="floods only")
    parser.add_argument("--latency", action="store_true", help="latency only")
    parser.add_argument("--fuzz", type=int, nargs="?", const=100_000, metavar="N", help="fuzz only, N inputs a round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of fuzz in one process")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each flood")
    parser.add_argument("--rates", type=int, nargs="+", default=[2000, 10000], help="messages a second of the floods")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--vocoder", default="vocos")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    everything = not (options.flood or options.latency or options.fuzz)
    print(f"Machine: {machine()}\n\n| what | figure |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="control-bench-") as name:
        folder = Path(name)
        if options.latency or everything:
            instrument = Instrument()
            show(*latency(instrument))
            instrument.stop()
        if not available() and (options.flood or everything):
            show(("floods", "not measured: jackd is not installed"))
        elif options.flood or everything:
            model = model_to_play(options.model, folder)
            for rate in options.rates:
                show(flood(model, options.vocoder, rate, options.seconds, folder))
        if options.fuzz or everything:
            count = options.fuzz or 20_000
            for row in fuzz(count, options.rounds, options.seed):
                show(row)
            if available():
                model = model_to_play(options.model, folder)
                show(fuzz_beside_sound(model, options.vocoder, count // 5, options.seed, folder))
    return 0


def show(*rows: Row) -> None:
    """Prints rows of the table."""
    for what, figure in rows:
        print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
