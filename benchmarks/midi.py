"""How long a MIDI controller's move takes: from the sender to the control process, and in it to the parameter.

    python benchmarks/midi.py [--messages 2000] [--rate 200] [--period 256]

Starts a jackd with the dummy driver and a virtual controller. Prints p50, p99 and the longest time in milliseconds as JSON:

* `transport` is JACK's own way to the control process, `control` from the bytes' arrival there to the parameter's write: the MIDI
  service in this process, with a session whose engine only notes the time.
* `total` is from the sender to shared memory, through a control process of its own, as it plays.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import mido
import numpy as np
from control_tools import MIDI_PORT, Instrument
from live_tools import machine

from distill_control.midi.midi_service import MidiService
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.vocabulary import table as vocabulary
from support_jack import JackServer

MAP = f'port = "{MIDI_PORT}"\ntakeover = "none"\nglide = 0.0\n[[bind]]\ncontrol = "cc 16"\ntarget = "/distill/gain"\n'
GAIN = vocabulary.index_of("/distill/gain")


class TimedLink:
    """An engine that notes when a parameter reaches it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        self.times.append(time.monotonic())

    def request(self, identifier: int, command: str, arguments: object) -> bool:
        return True

    def status(self) -> dict[str, float]:
        return {}


def summary(seconds: np.ndarray) -> dict[str, float]:
    """p50, p99 and maximum in ms of times [n] in s."""
    p50, p99 = np.percentile(seconds, [50, 99])
    return {"p50_ms": round(p50 * 1e3, 3), "p99_ms": round(p99 * 1e3, 3), "max_ms": round(seconds.max() * 1e3, 3)}


def controller() -> Any:
    """The virtual controller's output."""
    return mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output(MIDI_PORT, virtual=True, client_name=MIDI_PORT)


def turn(count: int) -> mido.Message:
    """The `count`th move of the knob."""
    return mido.Message("control_change", control=16, value=count % 128)


def measure_parts(messages: int, rate: float, folder: Path) -> dict[str, dict[str, float]]:
    """Sends CCs at `rate` per second to a MIDI service in this process and follows each."""
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
        "control": summary(np.subtract(link.times, arrived)),
    }


def measure_total(messages: int, rate: float, environment: dict[str, str]) -> dict[str, dict[str, float]]:
    """Sends CCs one by one to a control process and watches its parameter in shared memory."""
    instrument = Instrument(environment)
    knobs, word, times = controller(), instrument.block.words, []
    while not instrument.status()["midi_ports"]:
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
    instrument.stop()
    return {"total": summary(np.array(times))}


def main() -> None:
    """Runs the benchmark and prints its document."""
    parser = argparse.ArgumentParser(description="MIDI latency")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second")
    parser.add_argument("--period", type=int, default=256, help="JACK's period in samples")
    options = parser.parse_args()
    server = JackServer(f"midibench{os.getpid()}", period=options.period)
    os.environ.update(server.environment)
    described = machine()
    try:
        server.start()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "maps").mkdir()
            (folder / "maps" / "knobs.toml").write_text(MAP)
            result = measure_parts(options.messages, options.rate, folder)
            result |= measure_total(options.messages, options.rate, {**server.environment, "DISTILL_HOME": name})
    finally:
        server.remove()
    print(json.dumps({"machine": described, "messages": options.messages, **result}, indent=1))


if __name__ == "__main__":
    main()
