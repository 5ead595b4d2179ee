"""How long a MIDI controller's move takes: from the sender to the control process, and in it to the parameter.

    python benchmarks/midi.py [--messages 2000] [--rate 200] [--period 256]

Starts a jackd with the dummy driver, a virtual controller, and the MIDI service with a session whose engine only notes the time.
Prints p50, p99 and the longest time in milliseconds as JSON. `transport` is JACK's own way there, `control` is what counts:
from the bytes' arrival in the process to the parameter's write into shared memory.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

import mido
import numpy as np

from distill_control.midi.service import MidiService
from distill_control.session import Session
from distill_control.settings import ControlSettings

MAP = 'port = "knobs"\ntakeover = "none"\nglide = 0.0\n[[bind]]\ncontrol = "cc 16"\ntarget = "/distill/gain"\n'


class TimedLink:
    """An engine that notes when a parameter reaches it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def set(self, slot: int, value: float, glide_seconds: float) -> None:
        self.times.append(time.monotonic())

    def request(self, identifier: int, command: str, arguments: object) -> bool:
        return True

    def status(self) -> dict[str, float]:
        return {}


def summary(seconds: np.ndarray) -> dict[str, float]:
    """p50, p99 and maximum in ms of times [n] in s."""
    p50, p99 = np.percentile(seconds, [50, 99])
    return {"p50_ms": round(p50 * 1e3, 3), "p99_ms": round(p99 * 1e3, 3), "max_ms": round(seconds.max() * 1e3, 3)}


def measure(messages: int, rate: float, folder: Path) -> dict[str, object]:
    """Sends CCs at `rate` per second and follows each."""
    (folder / "knobs.toml").write_text(MAP)
    link = TimedLink()
    service = MidiService(Session(link), ControlSettings(midi_port="knobs"), lambda level, text: None, maps=folder)
    arrived: list[float] = []
    take = service.receive

    def receive(port: str, data: bytes) -> None:
        arrived.append(time.monotonic())
        take(port, data)

    service._keeper._on_bytes = receive
    service.start()
    knobs = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("knobs", virtual=True, client_name="knobs")
    while service.status()["midi_ports"] == 0:
        time.sleep(0.05)
    sent: list[float] = []
    for count in range(messages):
        sent.append(time.monotonic())
        knobs.send(mido.Message("control_change", control=16, value=count % 128))
        time.sleep(1.0 / rate)
    time.sleep(0.5)
    asyncio.run(service.stop())
    knobs.close()
    if not len(sent) == len(arrived) == len(link.times):
        raise SystemExit(f"error: {len(sent)} sent, {len(arrived)} arrived, {len(link.times)} parameters written")
    transport, control = np.subtract(arrived, sent), np.subtract(link.times, arrived)
    return {"messages": messages, "transport": summary(transport), "control": summary(control)}


def main() -> None:
    """Runs the benchmark and prints its document."""
    parser = argparse.ArgumentParser(description="MIDI latency")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second")
    parser.add_argument("--period", type=int, default=256, help="JACK's period in samples")
    options = parser.parse_args()
    name = f"midibench{os.getpid()}"
    os.environ |= {"JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": name}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(
        ["jackd", "-n", name, "-d", "dummy", "-r", "48000", "-p", str(options.period)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        subprocess.run(["jack_wait", "-s", name, "-w", "-t", "10"], check=True, **quiet)
        with tempfile.TemporaryDirectory() as folder:
            result = measure(options.messages, options.rate, Path(folder))
    finally:
        server.terminate()
        server.wait(10)
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
    }
    print(json.dumps({**machine, **result}, indent=1))


if __name__ == "__main__":
    main()
