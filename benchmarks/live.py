"""How fast, how soon and how safely the engine plays, measured here and heard from outside.

    python benchmarks/live.py [--model FILE] [--quick] [--json] [--only hops,latency,disturbances,start]

* hops: time of one hop of synthesis by vocoder, block size and backend
* latency: from an OSC message leaving its sender to the first sample of its effect on a JACK server (dummy driver, 48 kHz, period
  256), recorded by a client outside the engine; the constant part (5th percentile) and the jitter (5th to 95th) apart. Twice: for the
  gain, which comes last, and for a control that goes through model and vocoder (loudness, from end to end: when it passes -40 dB)
* disturbances: underruns and discontinuities under a flood of 2,000 messages a second from a process of its own, a Python thread that
  spins in the control process, vocoder changes, and all of it at once; what an idle C client on the same server suffers beside it
* start: from the command to the first sample that is heard, memory, and whether torch was loaded
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from live_tools import OUTPUTS, Engine, Flood, heard_outside, machine, model_to_play, packet, write_results

from support_jack import JackServer, available

PUBLISHED = {
    "RAVE v2 causal, torch, block 46.4 ms, 1 thread": "48 ms a block (measured on another 2-core machine at 2.5 GHz)",
    "RAVE raspberry (0.97 M), same block": "12.5 ms a block (measured on another 2-core machine at 2.5 GHz)",
}
MESSAGES = {  # address, silent, loud, and what counts as heard
    "gain": ("/distill/gain", -90.0, 0.0, 1e-5),
    "a control of the model": ("/distill/control/loudness", -1.0, 1.0, 1e-2),
}
SECTIONS = ("hops", "latency", "disturbances", "start")


def main() -> int:
    """Runs the sections asked for and writes one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--quick", action="store_true", help="a minute or two instead of twenty")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--seconds", type=float, default=120.0, help="length of each disturbance")
    parser.add_argument("--vocoder", default="hifigan", help="vocoder of the live sections")
    options = parser.parse_args()
    results: dict = {"machine": machine()}
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="live-bench-") as folder:
        model = model_to_play(options.model, Path(folder))
        for name in options.only.split(","):
            if name != "hops" and not available():
                rows.append((name, "not measured: jackd is not installed"))
                continue
            print(f"measuring {name} ...", file=sys.stderr)
            results[name], more = RUNNERS[name](model, options, Path(folder))
            rows += more
    rows += list(PUBLISHED.items())
    write_results(results, f"Live: {model.name}", options.json, rows)
    return 0


# -- hops --------------------------------------------------------------------------------------------------------------


def measure_hops(model: Path, options: argparse.Namespace, folder: Path) -> tuple[list, list]:
    """Hop time by vocoder, threads, block and backend."""
    seconds = 1.0 if options.quick else 6.0
    results, rows = [], []
    for vocoder in ("hifigan", "vocos"):
        for backend, threads in (("onnx", 1), ("onnx", 2), ("torch cpu", 1)):
            for block in (1, 2, 4, 8):
                found = _time_blocks(model, vocoder, backend, threads, block, seconds)
                if found is None:
                    continue
                results.append(found)
                rows.append(
                    (
                        f"{vocoder}, {backend}, {threads} thread(s), block {block}",
                        f"block {found['p50_ms']:.2f} ms p50, {found['p99_ms']:.2f} p99, {found['max_ms']:.2f} max "
                        f"= {found['factor']:.2f} of its sound",
                    )
                )
    return results, rows


def _time_blocks(model: Path, vocoder: str, backend: str, threads: int, block: int, seconds: float) -> dict | None:
    """Each in a process of its own: torch's and ONNX Runtime's threads do not meet."""
    code = f"""
import json, sys, time
import numpy as np
from pathlib import Path
from distill_engine.inference.onnx_backend import SessionSettings
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
device = "cpu" if {backend!r} == "torch cpu" else None
if device:
    import torch; torch.set_num_threads({threads})
instrument = prepare_instrument(Path({str(model)!r}), {vocoder!r}, settings=SessionSettings(threads={threads}),
                                torch_device=device, block={block})
synth = Synth(instrument, block={block})
for _ in range(10): synth.render({block})
times, end = [], time.perf_counter() + {seconds}
while time.perf_counter() < end:
    began = time.perf_counter(); synth.render({block}); times.append(time.perf_counter() - began)
p50, p99 = np.percentile(times, (50, 99)) * 1e3
length = {block} * 1e3 / instrument.frame_rate
print(json.dumps(dict(p50_ms=p50, p99_ms=p99, max_ms=max(times) * 1e3, factor=p50 / length, blocks=len(times))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    import json

    return {"vocoder": vocoder, "backend": backend, "threads": threads, "block": block, **json.loads(done.stdout)}


# -- latency -----------------------------------------------------------------------------------------------------------


def measure_latency(model: Path, options: argparse.Namespace, folder: Path) -> tuple[dict, list]:
    """From an OSC message to its first sample, with and without a flood beside it."""
    count = 40 if options.quick else 300
    results, rows = {}, []
    for name, rate in (("alone", 0), ("beside 2,000 messages a second", 2000)):
        server = JackServer(f"distill-latency-{os.getpid()}").start()
        try:
            with Engine(server, model, "--vocoder", options.vocoder, "--block", "1").wait_ready() as engine:
                flood = Flood(engine.port, rate) if rate else None
                time.sleep(5.0 if not options.quick else 2.0)
                found = {kind: _osc_to_sound(server, engine, count, kind) for kind in MESSAGES}
                status = engine.osc.status()
                if flood is not None:
                    flood.stop()
        finally:
            server.remove()
        for kind, delays in found.items():
            row = f"OSC to sound, {kind}, {name}"
            results[row] = _distribution(delays) | {
                "underruns": status["underruns"],
                "stated_ms": status["latency_ms"],
                "ring_target_frames": status["ring_target"],
            }
            rows.append((row, _describe(results[row], len(delays))))
    return results, rows


def _distribution(delays: np.ndarray) -> dict:
    if not len(delays):
        return {}
    p5, p50, p95, p99 = (float(v) for v in np.percentile(delays, (5, 50, 95, 99)))
    return {"p5_ms": p5, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": float(delays.max()), "n": len(delays)}


def _describe(found: dict, count: int) -> str:
    if not count:
        return "nothing was heard"
    return (
        f"{found['p50_ms']:.1f} ms p50, {found['p99_ms']:.1f} p99, {found['max_ms']:.1f} max ({count} messages); "
        f"constant {found['p5_ms']:.1f}, jitter {found['p95_ms'] - found['p5_ms']:.1f}; "
        f"stated at most {found['stated_ms']:.1f}; {found['underruns']:.0f} underruns"
    )


def _osc_to_sound(server: JackServer, engine: Engine, count: int, kind: str) -> np.ndarray:
    """Delays in ms: a client of its own silences the engine, opens it at a random moment, and looks for the first sample."""
    command = [sys.executable, __file__, "--listen", str(engine.port), str(count), kind]
    limit = 60 + count * 1.2
    done = subprocess.run(command, env=server.environment, capture_output=True, text=True, check=False, timeout=limit)
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
    return np.array([float(line) for line in done.stdout.split()])


def listen(port: int, count: int, kind: str) -> None:
    """The client: prints one delay in ms per message."""
    import socket

    import jack

    client = jack.Client("listener", no_start_server=True)
    port_in = client.inports.register("in")
    ring, size = jack.RingBuffer(1 << 22), 4 + 4 * client.blocksize

    @client.set_process_callback
    def process(frames: int) -> None:
        if ring.write_space >= size:
            ring.write((client.last_frame_time & 0xFFFFFFFF).to_bytes(4, "little") + bytes(port_in.get_buffer()))

    def first_sound(after: int, seconds: float) -> int | None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while ring.read_space >= size:
                data = bytes(ring.read(size))
                frame = int.from_bytes(data[:4], "little")
                loud = np.flatnonzero(np.abs(np.frombuffer(data[4:], np.float32)) > threshold)
                if len(loud) and frame + loud[0] > after:
                    return frame + int(loud[0])
            time.sleep(0.002)
        return None

    address, low, high, threshold = MESSAGES[kind]
    on, off = packet(address, high, 0.0), packet(address, low, 0.0)
    rng, sender = np.random.default_rng(0), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.connect(OUTPUTS[0], port_in)
        for _ in range(count):
            sender.sendto(off, ("127.0.0.1", port))
            time.sleep(0.5 + 0.1 * rng.random())
            ring.read(ring.read_space // size * size)
            sent = client.frame_time
            sender.sendto(on, ("127.0.0.1", port))
            heard = first_sound(sent, 1.0)
            if heard is not None:
                print(1e3 * (heard - sent) / client.samplerate, flush=True)


# -- disturbances ------------------------------------------------------------------------------------------------------


def measure_disturbances(model: Path, options: argparse.Namespace, folder: Path) -> tuple[list, list]:
    """Underruns counted by the engine, breaks heard outside, and the idle client's troubles, by disturbance."""
    seconds = 10 if options.quick else options.seconds
    cases = {
        "nothing else": {},
        "2,000 OSC messages a second": {"rate": 2000},
        "a Python thread spins in the control process": {"spinning": True},
        "10 vocoder changes a minute": {"swaps": True},
        "all of it at once": {"rate": 2000, "spinning": True, "swaps": True},
    }
    results, rows = [], []
    for name, case in cases.items():
        found = {"case": name, **run_disturbed(model, options.vocoder, seconds, folder, **case)}
        results.append(found)
        rows.append((f"{seconds:g} s, {name}", describe_disturbed(found)))
    return results, rows


def describe_disturbed(found: dict) -> str:
    """One cell of the table."""
    idle = "no idle client" if found["idle_late"] is None else f"idle C client late {found['idle_late']} times"
    causes = ", ".join(f"{cause} {found[f'underruns_{cause}']:.0f}" for cause in ("model", "stall", "device"))
    return (
        f"{found['underruns']:.0f} underruns ({causes}); heard: {found['breaks']} breaks in {found['heard_seconds']:.0f} s, "
        f"recorder skipped {found['recorder_skipped']}; engine late for jackd {found['engine_late']} times, {idle}; "
        f"hop {found['hop_p50_ms']:.1f}/{found['hop_p99_ms']:.1f}/{found['hop_max_ms']:.1f} ms, latency {found['latency_ms']:.0f} ms"
    )


def run_disturbed(
    model: Path,
    vocoder: str,
    seconds: float,
    folder: Path,
    *,
    rate: int = 0,
    spinning: bool = False,
    swaps: bool = False,
    period: int = 256,
) -> dict:
    """Plays for some time under disturbances; heard and counted."""
    with heard_outside(model, vocoder, folder, spinning=spinning, period=period) as hearing:
        engine, before = hearing.engine, hearing.before
        flood = Flood(engine.port, rate) if rate else None
        changes = _keep_changing(engine, seconds, vocoder) if swaps else time.sleep(seconds)
        after = engine.osc.status()
        if flood is not None:
            flood.stop()
    found = hearing.found
    counted = ("underruns", "underruns_model", "underruns_stall", "underruns_device", "deadline_misses", "device_xruns")
    return {name: float(after[name]) - float(before[name]) for name in counted} | {
        "changes": changes or 0,
        "breaks": found.breaks,
        "heard_seconds": found.seconds,
        "recorder_skipped": found.skipped,
        "engine_late": hearing.late,
        "idle_late": hearing.idle_late,
        **{name: float(after[name]) for name in ("hop_p50_ms", "hop_p99_ms", "hop_max_ms", "latency_ms", "memory_mb")},
    }


def _keep_changing(engine: Engine, seconds: float, vocoder: str) -> int:
    """Ten changes of the vocoder a minute, to the other kind and back; how many were done."""
    end, changes = time.monotonic() + seconds, 0
    kinds = [vocoder, "vocos" if vocoder != "vocos" else "hifigan"]
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(6.0, left))
        changes += engine.osc.do("/distill/vocoder", kinds[(changes + 1) % 2]) is None
    return changes


# -- start -------------------------------------------------------------------------------------------------------------


def measure_start(model: Path, options: argparse.Namespace, folder: Path) -> tuple[dict, list]:
    """Cold start to the first sample heard, memory, torch."""
    times, memory, torch_loaded = [], 0.0, False
    for _ in range(2 if options.quick else 5):
        server = JackServer(f"distill-start-{os.getpid()}").start()
        try:
            watcher = subprocess.Popen(
                [sys.executable, __file__, "--first-sample"],
                env=server.environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            watcher.stdout.readline()
            began = time.time()
            with Engine(server, model, "--vocoder", options.vocoder) as engine:
                heard = watcher.communicate(timeout=60)[0].strip()
                times.append(float(heard) - began)
                engine.wait_ready()
                time.sleep(1.0 if options.quick else 5.0)
                memory = max(memory, _resident_mb(engine.process.pid))
                torch_loaded |= "libtorch" in Path(f"/proc/{engine.process.pid}/maps").read_text()
        finally:
            server.remove()
    found = {"seconds": times, "memory_mb": memory, "torch": torch_loaded}
    rows = [
        (
            "cold start to the first sample heard",
            f"{np.median(times):.2f} s median, {max(times):.2f} max ({len(times)} starts)",
        ),
        ("resident memory of the engine process", f"{memory:.0f} MB"),
        ("torch loaded while playing on the CPU", "yes" if torch_loaded else "no"),
    ]
    return found, rows


def first_sample() -> None:
    """Waits for the engine's port, connects, and prints the time (Unix) of the first sample that is not 0."""
    import jack

    client = jack.Client("watcher", no_start_server=True)
    port, found = client.inports.register("in"), []

    @client.set_process_callback
    def process(frames: int) -> None:
        if not found and np.frombuffer(port.get_buffer(), np.float32).any():
            found.append(time.time())

    with client:
        print("watching", flush=True)
        while not client.get_ports(OUTPUTS[0]):
            time.sleep(0.002)
        client.connect(OUTPUTS[0], port)
        end = time.monotonic() + 30
        while not found and time.monotonic() < end:
            time.sleep(0.01)
    print(found[0] if found else float("nan"), flush=True)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


RUNNERS = {
    "hops": measure_hops,
    "latency": measure_latency,
    "disturbances": measure_disturbances,
    "start": measure_start,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--listen"]:
        listen(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1:2] == ["--first-sample"]:
        first_sample()
    else:
        sys.exit(main())
