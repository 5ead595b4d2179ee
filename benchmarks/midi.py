"""Measure how long a MIDI controller's move takes until its parameter is written.

    python benchmarks/midi.py [--messages 2000] [--rate 200] [--period 256]

Starts a jackd with the dummy driver and a virtual controller.

* `transport` is JACK's own way to the control process, `control process` from the bytes' arrival
  there to the parameter's write: the MIDI service in this process, with a session whose engine only
  notes the time.
* `sender to shared memory` goes through a control process of its own, as it plays.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mido
import numpy as np

from distill_control.midi.midi_service import MidiService
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.vocabulary import table as vocabulary
from harness.benchmark import Benchmark, Column, Run, Table
from live_support.control_process import MIDI_PORT, ControlProcess
from live_support.jack_server import JackServer, available

MAP = f'port = "{MIDI_PORT}"\ntakeover = "none"\nglide = 0.0\n[[bind]]\ncontrol = "cc 16"\ntarget = "/distill/gain"\n'
GAIN = vocabulary.index_of("/distill/gain")
BENCHMARK = Benchmark(
    "midi",
    "MIDI: a controller's move to its parameter",
    [
        Table(
            "moves",
            "Control changes sent one by one through JACK (dummy driver, 48 kHz).",
            (
                Column("what", "way"),
                Column("messages", "messages", ",d"),
                Column("period", "period", "d"),
                Column("p50_ms", "p50, ms", ".2f"),
                Column("p99_ms", "p99", ".2f"),
                Column("max_ms", "max", ".2f"),
            ),
            key=("what", "messages", "period"),
        )
    ],
)


class TimedLink:
    """An engine that notes when a parameter reaches it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Note the time in s."""
        self.times.append(time.monotonic())

    def request(self, identifier: int, command: str, arguments: object) -> bool:
        """Take every command."""
        return True

    def status(self) -> dict[str, float]:
        """Return no figures."""
        return {}


def summary(seconds: np.ndarray) -> dict[str, float]:
    """Return p50, p99 and maximum in ms of times [n] in s."""
    p50, p99 = np.percentile(seconds, [50, 99])
    return {"p50_ms": round(p50 * 1e3, 3), "p99_ms": round(p99 * 1e3, 3), "max_ms": round(seconds.max() * 1e3, 3)}


def controller() -> Any:
    """Open the virtual controller's output."""
    return mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output(MIDI_PORT, virtual=True, client_name=MIDI_PORT)


def turn(count: int) -> mido.Message:
    """Return the `count`th move of the knob."""
    return mido.Message("control_change", control=16, value=count % 128)


def measure_parts(messages: int, rate: float, folder: Path) -> dict[str, dict[str, float]]:
    """Send moves at `rate` a second to a MIDI service in this process; time both parts."""
    link = TimedLink()
    settings = ControlSettings(midi_port=MIDI_PORT)
    service = MidiService(Session(link), settings, lambda level, text: None, maps=folder / "maps")
    arrived: list[float] = []
    take = service.receive

    def receive(port: str, data: bytes) -> None:
        arrived.append(time.monotonic())
        take(port, data)

    service._keeper._on_bytes = receive
    service.start()
    knobs = controller()
    while service.status()["midi_ports"] == 0:
        time.sleep(0.05)
    sent: list[float] = []
    for count in range(messages):
        sent.append(time.monotonic())
        knobs.send(turn(count))
        time.sleep(1.0 / rate)
    time.sleep(0.5)
    asyncio.run(service.stop())
    knobs.close()
    if not len(sent) == len(arrived) == len(link.times):
        raise SystemExit(f"error: {len(sent)} sent, {len(arrived)} arrived, {len(link.times)} parameters written")
    return {
        "transport": summary(np.subtract(arrived, sent)),
        "control process": summary(np.subtract(link.times, arrived)),
    }


def measure_total(messages: int, rate: float, environment: dict[str, str]) -> dict[str, float]:
    """Send moves one by one to a control process and watch its parameter in shared memory."""
    control = ControlProcess(environment)
    knobs, word, times = controller(), control.block.words, []
    while not control.status()["midi_ports"]:
        time.sleep(0.05)
    for count in range(messages):
        before, began = word[GAIN], time.monotonic()
        knobs.send(turn(count))
        while word[GAIN] == before:
            if time.monotonic() - began > 1.0:
                raise SystemExit(f"error: message {count} never reached its parameter")
            time.sleep(0)
        times.append(time.monotonic() - began)
        time.sleep(1.0 / rate)
    knobs.close()
    control.stop()
    return summary(np.array(times))


def measure(run: Run, messages: int, rate: float, period: int) -> None:
    """Measure both ways on a JACK server of its own."""
    server = JackServer(f"midibench{os.getpid()}", period=period)
    os.environ.update(server.environment)
    try:
        server.start()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "maps").mkdir()
            (folder / "maps" / "knobs.toml").write_text(MAP)
            found = measure_parts(messages, rate, folder)
            environment = {**server.environment, "DISTILL_HOME": name}
            found["sender to shared memory"] = measure_total(messages, rate, environment)
    finally:
        server.remove()
    for what, figures in found.items():
        run.row("moves", what=what, messages=messages, period=period, **figures)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second")
    parser.add_argument("--period", type=int, default=256, help="JACK's period in samples")
    options = parser.parse_args()
    if not available():
        print("midi: not measured, jackd is not installed", file=sys.stderr)
        return 0
    with BENCHMARK.run(options) as run:
        measure(run, options.messages, options.rate, options.period)
    return 0


if __name__ == "__main__":
    sys.exit(main())
