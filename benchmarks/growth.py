"""Measure how time and memory grow with what is asked for, and draw docs/growth.png.

    python benchmarks/growth.py [--only slots,renders,clients,corpora] [--minutes 1,8,60]
    python benchmarks/growth.py --draw

* slots: time of a hop with one to four models in the blend (notes are in live.py)
* renders: `distill render` of a second to an hour: time, and the most memory
* clients: a control process whose 13 controls move 30 times a second, with so many subscribers
* corpora: `distill train` of sounds made by formula, until its file plays: time, the most memory,
  the cache; then what the file takes to load, and a hop of the walk on it
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from growth_support.drawing import draw
from growth_support.sounds import write_corpus
from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import ROOT

SLOTS = (1, 2, 3, 4)
RENDER_SECONDS = (1, 10, 60, 600, 3600)
CLIENTS = (0, 1, 4, 16, 64)
HOPS = 1500
"""Hops that are timed for each figure."""
MOVING_SECONDS, MOVES_PER_SECOND, CONTROLS = 8.0, 30, 13
PICTURE = ROOT / "docs" / "growth.png"
DISTILL = (sys.executable, "-m", "distill_control.cli.main")
BENCHMARK = Benchmark(
    "growth",
    "Growth: time and memory over what is asked for",
    [
        Table(
            "slots",
            "Time of a hop with so many copies of the starter in the blend, mixed as sound, in ms.",
            (Column("slots", "models", "d"), Column("p50_ms", "p50", ".2f"), Column("p99_ms", "p99", ".2f")),
            key=("slots",),
        ),
        Table(
            "renders",
            "`distill render` of the starter.",
            (
                Column("sound_s", "sound, s", "g"),
                Column("seconds", "takes, s", ".1f"),
                Column("factor", "x real time", ".1f"),
                Column("memory_mb", "most memory, MB", ".0f"),
            ),
            key=("sound_s",),
        ),
        Table(
            "clients",
            f"A control process, {CONTROLS} values of which change {MOVES_PER_SECOND} times a second.",
            (
                Column("clients", "subscribers", "d"),
                Column("core_share", "of a core, %", ".1f"),
                Column("received", "changes that each got, of those sent, %", ".0f"),
                Column("memory_mb", "memory, MB", ".0f"),
            ),
            key=("clients",),
        ),
        Table(
            "corpora",
            "Sounds of 20 s at most, made by formula: `distill train` until its file plays, and that file.",
            (
                Column("minutes", "sound, min", "g"),
                Column("playable_s", "plays after, s", ".1f"),
                Column("memory_mb", "most memory, MB", ".0f"),
                Column("cache_share", "cache, share of the sound", ".2f"),
                Column("file_mb", "file, MB", ".1f"),
                Column("load_s", "loads in, s", ".2f"),
                Column("hop_p50_ms", "hop, p50 ms", ".2f"),
                Column("hop_p99_ms", "p99", ".2f"),
            ),
            key=("minutes",),
        ),
    ],
)


def measure_slots(run: Run, _: argparse.Namespace) -> None:
    """Time a hop with one to four models."""
    from distill_engine.library.assets import starter_path
    from distill_engine.synthesis.instrument import prepare_instrument
    from distill_engine.synthesis.synth import Synth

    instruments = [prepare_instrument(starter_path(), "vocos") for _ in SLOTS]
    for slots in SLOTS:
        synth = Synth(instruments[0], seed=1)
        for slot in range(1, slots):
            synth.swap(instruments[slot], slot=slot)
            synth.set(f"/distill/blend/{slot}", 0.5)
        p50, p99 = np.percentile(hop_times(synth), (50, 99)) * 1e3
        run.row("slots", slots=slots, p50_ms=p50, p99_ms=p99)


def hop_times(synth: object) -> np.ndarray:
    """Return the times [HOPS] in seconds of single hops."""
    times = np.empty(HOPS)
    for hop in range(-100, HOPS):
        began = time.perf_counter()
        synth.render(1)  # type: ignore[attr-defined]
        times[hop] = time.perf_counter() - began
    return times


def measure_renders(run: Run, _: argparse.Namespace) -> None:
    """Render sounds of growing length, each in a process of its own."""
    for seconds in RENDER_SECONDS:
        with tempfile.TemporaryDirectory() as folder:
            words = ["render", "starter", "-o", f"{folder}/x.wav", "--duration", str(seconds), "--seed", "1"]
            began = time.monotonic()
            process = subprocess.Popen(
                [*DISTILL, *words], env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, code, usage = os.wait4(process.pid, 0)
            took = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(code)
        if process.returncode:
            raise SystemExit(f"a render of {seconds} s failed")
        run.row("renders", sound_s=seconds, seconds=took, factor=seconds / took, memory_mb=usage.ru_maxrss / 1e3)


def environment(folder: str) -> dict[str, str]:
    """Return the environment of a command with a home of its own in `folder`."""
    return os.environ | {"DISTILL_HOME": f"{folder}/home", "XDG_CACHE_HOME": f"{folder}/cache"}


def measure_clients(run: Run, _: argparse.Namespace) -> None:
    """Let values change while more and more clients have subscribed to them."""
    from distill_control.osc.packet import encode
    from live_support.control_process import ControlProcess

    for clients in CLIENTS:
        process = ControlProcess()
        listeners = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(clients)]
        try:
            for one in listeners:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                one.bind(("127.0.0.1", 0))
                one.sendto(encode("/distill/subscribe", 0), ("127.0.0.1", process.port))
            time.sleep(1.0)
            for one in listeners:
                changes_of(one)
            share, sent = moved(process)
            time.sleep(0.5)
            got = [changes_of(one) for one in listeners]
            received = 100.0 * float(np.mean(got)) / sent if got else None
            memory = process.memory_mb()
        finally:
            process.stop()
            for one in listeners:
                one.close()
        run.row("clients", clients=clients, core_share=100 * share, received=received, memory_mb=memory)


def moved(process: object) -> tuple[float, int]:
    """Move the first latents; return the share of a core that this took, and the messages sent."""
    from distill_control.osc.packet import encode

    usage, rng, sent = process.usage, np.random.default_rng(0), 0  # type: ignore[attr-defined]
    before, began = sum(usage.cpu_times()[:2]), time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for step in range(round(MOVING_SECONDS * MOVES_PER_SECOND)):
            for latent in range(CONTROLS):
                message = encode(f"/distill/latent/{latent}", float(rng.normal()))
                sender.sendto(message, ("127.0.0.1", process.port))  # type: ignore[attr-defined]
                sent += 1
            time.sleep(max(0.0, began + (step + 1) / MOVES_PER_SECOND - time.monotonic()))
    return (sum(usage.cpu_times()[:2]) - before) / (time.monotonic() - began), sent


def changes_of(listener: socket.socket) -> int:
    """Return how many changes of latents have arrived, and forget them."""
    listener.setblocking(False)
    count = 0
    while True:
        try:
            count += listener.recv(1 << 16).count(b"/distill/latent/")
        except BlockingIOError:
            return count


def measure_corpora(run: Run, options: argparse.Namespace) -> None:
    """Train on corpora of growing length until the file plays, and play it."""
    with tempfile.TemporaryDirectory(prefix="distill-growth-", dir=options.folder) as folder:
        for minutes in map(float, options.minutes.split(",")):
            run.row("corpora", minutes=minutes, **trained(Path(folder), minutes))


def trained(folder: Path, minutes: float) -> dict[str, float]:
    """Make a corpus, train on it until its file plays, and measure both."""
    corpus, model = folder / "corpus", folder / "model.distillgan"
    size = write_corpus(corpus, minutes)
    command = [*DISTILL, "train", str(corpus), "-o", str(model), "--no-analysis", "--fresh"]
    log = (folder / "log").open("wb")
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment(str(folder)), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    while not model.exists():
        if process.poll() is not None:
            raise SystemExit((folder / "log").read_text()[-800:])
        time.sleep(0.05)
    took = time.monotonic() - began
    memory, cache = most_memory_mb(process.pid), cached_bytes(folder, process.pid)
    process.send_signal(signal.SIGINT)
    process.wait()
    found = {"playable_s": took, "memory_mb": memory, "cache_share": cache / size}
    found |= {"file_mb": model.stat().st_size / 1e6, **played(model)}
    for path in (corpus, folder / "home", folder / "cache"):
        shutil.rmtree(path, ignore_errors=True)
    model.unlink()
    return found


def most_memory_mb(pid: int) -> float:
    """Return the largest resident memory of a process so far, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3


def cached_bytes(folder: Path, pid: int) -> int:
    """Return the bytes of the cache below a folder, with those of a process's files without a name."""
    named = [path for path in folder.rglob("*") if path.is_file() and "cache" in str(path)]
    nameless = [path for path in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(path).endswith("(deleted)")]
    return sum(path.stat().st_size for path in (*named, *nameless))


def played(model: Path) -> dict[str, float]:
    """Return what a model takes to load, and to play a hop."""
    from distill_engine.synthesis.instrument import prepare_instrument
    from distill_engine.synthesis.synth import Synth

    began = time.perf_counter()
    synth = Synth(prepare_instrument(model, "vocos"), seed=1)
    loaded = time.perf_counter() - began
    p50, p99 = np.percentile(hop_times(synth), (50, 99)) * 1e3
    return {"load_s": loaded, "hop_p50_ms": p50, "hop_p99_ms": p99}


MEASURES = {
    "slots": measure_slots,
    "renders": measure_renders,
    "clients": measure_clients,
    "corpora": measure_corpora,
}


def main() -> None:
    """Run the benchmark, or draw what was measured."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), metavar="NAMES")
    parser.add_argument("--minutes", default="1,8,60", help="of sound, of each corpus")
    parser.add_argument("--folder", type=Path, help="for the corpora: twenty megabytes a minute")
    parser.add_argument("--draw", action="store_true", help=f"draw {PICTURE.relative_to(ROOT)} from the results")
    options = parser.parse_args()
    if not options.draw:
        with BENCHMARK.run(options) as run:
            for name in options.only.split(","):
                MEASURES[name](run, options)
    if options.draw or not options.no_write:
        draw(options.json, PICTURE)


if __name__ == "__main__":
    main()
