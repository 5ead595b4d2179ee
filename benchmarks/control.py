"""How much the control process takes: floods, latency, fuzz. Writes a table with the machine named.

    python benchmarks/control.py                  all of it, about two minutes
    python benchmarks/control.py --flood --seconds 60
    python benchmarks/control.py --fuzz 100000

The engine's end of the channel and of the shared memory is held by this program, so that only control is measured; what the
sound suffers from floods is measured by benchmarks/live.py.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from distill_control.osc.client import OscClient
from distill_control.osc.framing import frame
from distill_control.osc.packet import encode, encode_bundle
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.streaming import vocabulary
from distill_engine.streaming.channel import Channel, ChannelClosed
from distill_engine.streaming.shared import ParameterReader, SharedBlock
from distill_engine.streaming.status import STATUS_FIELDS

WIDTH = vocabulary.slot("/distill/width")
SENDER = """
import socket, struct, sys, time
port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", port))
head = b"/distill/width\\0\\0,f\\0\\0"
begin, count = time.perf_counter(), 0
while (now := time.perf_counter() - begin) < seconds:
    while count < now * rate:
        s.send(head + struct.pack(">f", count % 1000 / 1000))
        count += 1
    time.sleep(0.001)
s.send(head + struct.pack(">f", 0.625))
print(count + 1)
"""


class Instrument:
    """A control process, and the engine's end of its connections."""

    def __init__(self) -> None:
        settings = ControlSettings(osc_port=0, oscquery_port=0, midi=False, zeroconf=False, view="quiet")
        self.block = SharedBlock.create(vocabulary.default_values(), len(STATUS_FIELDS))
        self.parameters = ParameterReader(self.block)
        self.channel, connection = Channel.pair()
        command = [sys.executable, "-m", "distill_control.session", "--channel-fd", str(connection.fileno())]
        command += ["--shared", self.block.name, "--settings", settings.to_json()]
        began = time.monotonic()
        with connection:
            descriptors = (connection.fileno(), self.block.descriptor)
            self.process = subprocess.Popen(command, pass_fds=descriptors)
        ready = self.channel.receive(20.0) or {}
        self.start_seconds = time.monotonic() - began
        self.port, self.oscquery_port = int(ready["osc_port"]), int(ready["oscquery_port"])
        self.usage = psutil.Process(self.process.pid)
        self.channel.send({"event": "model", "name": "bench", "controls": ["brightness"], "latents": 16})
        threading.Thread(target=self._answer, daemon=True).start()

    def value(self, slot: int) -> float:
        return self.parameters.current()[slot][1]

    def status(self) -> dict[str, float]:
        with OscClient(port=self.port) as client:
            client.send("/distill/status")
            while (message := client.receive(5.0)) is not None:
                if message.address == "/distill/status.reply":
                    return dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
        raise ControlError("the control process does not answer")

    def memory_mb(self) -> float:
        return self.usage.memory_info().rss / 1e6

    def stop(self) -> None:
        self.channel.send({"event": "end"})
        self.process.wait(10)

    def _answer(self) -> None:
        try:
            while (message := self.channel.receive(None)) is not None:
                if "id" in message:
                    self.channel.send({"id": message["id"], "status": "done"})
        except ChannelClosed:
            return


def flood(instrument: Instrument, rate: int, seconds: float) -> list[str]:
    """One sender in a process of its own; what arrived, what the system lost, memory, CPU."""
    before, memory = instrument.status(), instrument.memory_mb()
    cpu = sum(instrument.usage.cpu_times()[:2])
    began = time.monotonic()
    command = [sys.executable, "-c", SENDER, str(instrument.port), str(rate), str(seconds)]
    sent = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    took = time.monotonic() - began
    time.sleep(0.3)
    last = instrument.value(WIDTH)
    busy = (sum(instrument.usage.cpu_times()[:2]) - cpu) / took
    after = instrument.status()
    handled = int(after["messages"] - before["messages"]) - 1
    lost = int(after["osc_lost"] - before["osc_lost"])
    growth = instrument.memory_mb() - memory
    applied = "yes" if last == 0.625 else f"no ({last})"
    return [
        f"{rate:,} msg/s for {seconds:g} s",
        f"{sent:,} sent, {handled:,} handled, {lost:,} lost by the system; last value applied: {applied}; "
        f"CPU {busy:.0%} of one core; memory {growth:+.1f} MB",
    ]


def latency(instrument: Instrument, count: int = 2000) -> list[list[str]]:
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
    return [["UDP message to shared memory", _percentiles(applied)], ["ping to pong", _percentiles(pings)]]


def _percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"{p50 * 1e3:.2f} ms p50, {p99 * 1e3:.2f} p99, {ordered[-1] * 1e3:.2f} max"


def fuzz(instrument: Instrument, count: int, seed: int = 1) -> list[list[str]]:
    """Malformed datagrams, TCP frames and HTTP and WebSocket requests; the process must answer as before."""
    source = random.Random(seed)
    memory = instrument.memory_mb()
    warm = min(1000, count // 10)
    _fuzz_datagrams(instrument, source, warm)
    memory = instrument.memory_mb()
    began = time.monotonic()
    shares = {
        "datagrams": count * 6 // 10,
        "TCP frames": count * 2 // 10,
        "HTTP and WebSocket requests": count * 2 // 10,
    }
    _fuzz_datagrams(instrument, source, shares["datagrams"])
    _fuzz_streams(instrument, source, shares["TCP frames"])
    _fuzz_requests(instrument, source, shares["HTTP and WebSocket requests"])
    status = instrument.status()
    finite = all(value == value and abs(value) < 1e6 for _, value, _ in instrument.parameters.current())
    alive = instrument.process.poll() is None
    parts = ", ".join(f"{number:,} {name}" for name, number in shares.items())
    result = f"{'alive' if alive else 'DEAD'}, values {'finite' if finite else 'NOT FINITE'}, "
    result += (
        f"{int(status['osc_malformed']):,} refused as malformed, memory {instrument.memory_mb() - memory:+.1f} MB, "
    )
    return [[f"fuzz, seed {seed}: {parts}", result + f"{time.monotonic() - began:.0f} s"]]


def _packet(source: random.Random) -> bytes:
    """A good packet with some bytes changed, cut or repeated; or noise."""
    row = source.choice(vocabulary.ROWS)
    good = encode(
        row.address, *[source.choice([source.uniform(-9, 9), source.randint(-9, 9), "x", True]) for _ in row.arguments]
    )
    if source.random() < 0.3:
        good = encode_bundle([good] * source.randint(1, 4), source.choice([None, 0.0, time.time() + 0.01, 4e9]))
    packet = bytearray(good)
    for _ in range(source.randint(0, 6)):
        packet[source.randrange(len(packet))] = source.choice([0, 255, 47, 44, 91, 123, source.randrange(256)])
    kind = source.random()
    if kind < 0.2:
        return bytes(packet[: source.randint(0, len(packet))])
    if kind < 0.25:
        return source.randbytes(source.randint(0, 2000))
    return bytes(packet) * (source.randint(2, 40) if kind < 0.3 else 1)


def _fuzz_datagrams(instrument: Instrument, source: random.Random, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(count):
            sender.sendto(_packet(source), ("127.0.0.1", instrument.port))
            if number % 50 == 0:
                time.sleep(0.005)


def _fuzz_streams(instrument: Instrument, source: random.Random, count: int) -> None:
    sent = 0
    while sent < count:
        with socket.create_connection(("127.0.0.1", instrument.port), 5) as stream:
            try:
                for _ in range(source.randint(1, 40)):
                    data = frame(_packet(source), source.choice(["slip", "length"]))
                    stream.sendall(data if source.random() < 0.8 else data[: source.randint(0, len(data))])
                    sent += 1
            except OSError:
                continue


def _fuzz_requests(instrument: Instrument, source: random.Random, count: int) -> None:
    key = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    for _ in range(count):
        path = source.choice([b"/", b"/distill/gain?VALUE", b"/?HOST_INFO", b"/" + source.randbytes(20)])
        request = bytearray(
            b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + (key if source.random() < 0.5 else b"")
        )
        for _ in range(source.randint(0, 3)):
            request[source.randrange(len(request))] = source.randrange(256)
        body = struct.pack(">BB", source.choice([0x81, 0x82, 0x88, 0xFF]), source.randrange(256)) + source.randbytes(40)
        try:
            with socket.create_connection(("127.0.0.1", instrument.oscquery_port), 5) as stream:
                stream.sendall(bytes(request) + b"\r\n" + body)
        except OSError:
            continue


def machine() -> str:
    """Processor, cores and system."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.system()}, Python {platform.python_version()}"


def main() -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flood", action="store_true", help="floods only")
    parser.add_argument("--latency", action="store_true", help="latency only")
    parser.add_argument("--fuzz", type=int, nargs="?", const=100_000, metavar="N", help="fuzz only, N inputs")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each flood")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    everything = not (options.flood or options.latency or options.fuzz)
    instrument = Instrument()
    rows = [["start to ready", f"{instrument.start_seconds * 1e3:.0f} ms, {instrument.memory_mb():.0f} MB resident"]]
    if options.latency or everything:
        rows += latency(instrument)
    if options.flood or everything:
        rows += [flood(instrument, rate, options.seconds) for rate in (2000, 10000)]
    if options.fuzz or everything:
        rows += fuzz(instrument, options.fuzz or 20_000, options.seed)
    instrument.stop()
    print(f"Machine: {machine()}\n\n| what | figure |\n|---|---|")
    print("\n".join(f"| {what} | {figure} |" for what, figure in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
