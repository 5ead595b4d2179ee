"""Malformed datagrams, TCP frames, HTTP and WebSocket requests, MIDI messages."""

from __future__ import annotations

import random
import socket
import struct
import time
from typing import Any

from distill_control.osc.framing import frame
from distill_control.osc.packet import encode, encode_bundle
from distill_engine.vocabulary import table as vocabulary

HEAVY = ("/distill/model", "/distill/vocoder", "/distill/blend/model", "/distill/record", "/distill/panic")
"""Addresses that load models, write sound files or cut the sound off: left out where the sound is listened to."""


class Fuzzer:
    """Send malformed input, the same for the same seed. `midi` is an rtmidi output or None."""

    def __init__(self, seed: int, port: int, oscquery_port: int, midi: Any = None, *, heavy: bool = True) -> None:
        self._source = random.Random(seed)
        self._port, self._oscquery_port, self._midi = port, oscquery_port, midi
        self._rows = [row for row in vocabulary.ROWS if heavy or row.address not in HEAVY]
        self._heavy = heavy

    def round(self, count: int) -> dict[str, int]:
        """Send `count` inputs, half of them datagrams; return how many there were of each kind."""
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
        """Return a good packet with some bytes changed, cut or repeated; or noise."""
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
        """Send what rtmidi lets through.

        Good status bytes with any data, cut short, with status bytes inside; long SysEx.
        """
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
