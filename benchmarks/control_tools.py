"""What benchmarks/control.py uses: a control process whose engine's end the benchmark holds, and malformed input of every kind."""

from __future__ import annotations

import random
import socket
import struct
import subprocess
import sys
import threading
import time

import psutil

from distill_control.osc.client import OscClient
from distill_control.osc.framing import frame
from distill_control.osc.packet import encode, encode_bundle
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import ParameterReader, SharedBlock
from distill_engine.realtime.status import STATUS_FIELDS
from distill_engine.vocabulary import table as vocabulary

MIDI_PORT = "fuzz"
HEAVY = ("/distill/model", "/distill/vocoder", "/distill/blend/model", "/distill/record", "/distill/panic")
"""Addresses that load models, write sound files or cut the sound off: left out where the sound is listened to."""


class Instrument:
    """A control process, and the engine's end of its connections. `environment` may name a JACK server for its MIDI."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        midi = environment is not None
        settings = ControlSettings(
            osc_port=0, oscquery_port=0, midi=midi, midi_port=MIDI_PORT if midi else None, announce=False, view="quiet"
        )
        self.block = SharedBlock.create(vocabulary.default_values(), len(STATUS_FIELDS))
        self.parameters = ParameterReader(self.block)
        self.channel, connection = Channel.pair()
        command = [sys.executable, "-m", "distill_control.session", "--channel-fd", str(connection.fileno())]
        command += ["--shared", self.block.name, "--settings", settings.to_json()]
        began = time.monotonic()
        with connection:
            descriptors = (connection.fileno(), self.block.descriptor)
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            self.process = subprocess.Popen(command, pass_fds=descriptors, env=environment, **quiet)
        ready = self.channel.receive(20.0) or {}
        self.start_seconds = time.monotonic() - began
        self.port, self.oscquery_port = int(ready["osc_port"]), int(ready["oscquery_port"])
        self.usage = psutil.Process(self.process.pid)
        self.channel.send({"event": "model", "name": "bench", "controls": ["brightness"], "latents": 16})
        threading.Thread(target=self._answer, daemon=True).start()

    def status(self) -> dict[str, float]:
        """The control process's figures."""
        with OscClient(port=self.port) as client:
            client.send("/distill/status")
            while (message := client.receive(10.0)) is not None:
                if message.address == "/distill/status.reply":
                    return dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
        raise ControlError("the control process does not answer")

    def memory_mb(self) -> float:
        """What it has resident."""
        return self.usage.memory_info().rss / 1e6

    def stop(self) -> None:
        """Ends it."""
        self.channel.send({"event": "end"})
        self.process.wait(10)

    def _answer(self) -> None:
        try:
            while (message := self.channel.receive(None)) is not None:
                if "id" in message:
                    self.channel.send({"id": message["id"], "status": "done"})
        except ChannelClosed:
            return


class Fuzzer:
    """Sends malformed input, the same for the same seed. `midi` is an open rtmidi output, or None."""

    def __init__(self, seed: int, port: int, oscquery_port: int, midi: object = None, *, heavy: bool = True) -> None:
        self._source = random.Random(seed)
        self._port, self._oscquery_port, self._midi = port, oscquery_port, midi
        self._rows = [row for row in vocabulary.ROWS if heavy or row.address not in HEAVY]
        self._heavy = heavy

    def round(self, count: int) -> dict[str, int]:
        """Sends `count` inputs: half of them datagrams, the rest frames, requests and MIDI messages; how many of each."""
        midi = count * 15 // 100 if self._midi is not None else 0
        shares = {
            "TCP frames": count * 2 // 10,
            "HTTP and WebSocket requests": count * 15 // 100,
            "MIDI messages": midi,
        }
        shares = {"datagrams": count - sum(shares.values()), **shares}
        kinds = (self._datagrams, self._frames, self._requests, self._messages)
        for (_, number), kind in zip(shares.items(), kinds, strict=True):
            kind(number)
        return shares

    def packet(self) -> bytes:
        """A good packet with some bytes changed, cut or repeated; or noise."""
        source = self._source
        row = source.choice(self._rows)
        words = [source.choice([source.uniform(-9, 9), source.randint(-9, 9), "x", True]) for _ in row.arguments]
        good = encode(row.address, *words)
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

    def _datagrams(self, count: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(count):
                sender.sendto(self.packet(), ("127.0.0.1", self._port))
                if number % 50 == 0:
                    time.sleep(0.005)

    def _frames(self, count: int) -> None:
        source, sent = self._source, 0
        while sent < count:
            with socket.create_connection(("127.0.0.1", self._port), 5) as stream:
                try:
                    for _ in range(source.randint(1, 40)):
                        sent += 1
                        data = frame(self.packet(), source.choice(["slip", "length"]))
                        stream.sendall(data if source.random() < 0.8 else data[: source.randint(0, len(data))])
                except OSError:
                    continue

    def _requests(self, count: int) -> None:
        source = self._source
        key = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        key += b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        for _ in range(count):
            path = source.choice([b"/", b"/distill/gain?VALUE", b"/?HOST_INFO", b"/" + source.randbytes(20)])
            head = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + (key if source.random() < 0.5 else b"")
            request = bytearray(head)
            for _ in range(source.choice([0, 0, 1, 2, 3])):
                request[source.randrange(len(request))] = source.randrange(256)
            opcode = source.choice([0x81, 0x82, 0x88, 0xFF])
            body = struct.pack(">BB", opcode, source.randrange(256)) + source.randbytes(40)
            try:
                with socket.create_connection(("127.0.0.1", self._oscquery_port), 5) as stream:
                    stream.sendall(bytes(request) + b"\r\n" + body)
            except OSError:
                continue

    def _messages(self, count: int) -> None:
        """Anything that rtmidi lets through: good status bytes with any data, cut short, with status bytes inside, long SysEx."""
        source = self._source
        for number in range(count):
            kind = source.random()
            if kind < 0.7:
                data = [source.randrange(0x80, 0x100), source.randrange(256), source.randrange(256)]
            elif kind < 0.9:
                data = [source.randrange(256) for _ in range(source.randint(1, 3))]
            else:
                data = [0xF0, *(source.randrange(128) for _ in range(source.randint(0, 200))), 0xF7]
            try:
                self._midi.send_message(data[: source.randint(1, 3)] if kind < 0.3 else data)
            except ValueError:
                continue
            if number % 20 == 0:
                time.sleep(0.003)


def open_midi() -> object:
    """A virtual rtmidi output under the JACK server of this environment."""
    import rtmidi

    output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=MIDI_PORT)
    output.open_virtual_port(MIDI_PORT)
    return output
