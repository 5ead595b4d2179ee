"""What comes over the network: OSC packets, SLIP streams, requests to OSCQuery."""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from distill_control.arguments import Value
from distill_control.osc.clients import Clients
from distill_control.osc.framing import Deframer, slip
from distill_control.osc.limits import AllowList
from distill_control.osc.packet import decode, encode, encode_bundle
from distill_control.osc.packet_arguments import PacketError
from distill_control.osc.queries import SubscriptionQueries
from distill_control.osc.query_server.listener import Listener
from distill_control.osc.query_server.service import OscQueryService
from distill_control.osc.receiver import Receiver
from distill_control.osc.server_context import ServerContext
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.vocabulary import table as vocabulary
from fuzz_support.kinds import ANYTHING, NAMES, Kind, mutated, table

MODEL = {"event": "model", "name": "rain", "controls": ["brightness", "café"], "latents": 16, "has_map": True}
_TAGS = "ifhdsSbTFNIrmtc[]"
_REPORTED = b"please send in the report"
_ADDRESSES = st.sampled_from(
    [row.address.replace("{name}", "brightness").replace("{index}", "1") for row in vocabulary.ROWS]
    + [address for address, _ in vocabulary.REPLIES]
    + ["/", "/distill", "/distill/control/café", "/distill/{gain,width}", "/distill/*", "/distill/[a-z]*", "/distill/["]
)
_WORDS = st.integers(-(2**63), 2**63 - 1) | st.floats(width=32) | st.booleans() | NAMES
_RAW = st.builds(
    lambda address, tags, data: _padded(address) + _padded("," + tags) + data,
    _ADDRESSES,
    st.text(_TAGS, max_size=8),
    st.binary(max_size=48),
)
_MESSAGES = st.builds(lambda address, words: encode(address, *words), _ADDRESSES, st.lists(_WORDS, max_size=4)) | _RAW
_TIMES = st.none() | st.floats(-1e10, 1e10) | st.sampled_from([1.7e9, 1.7e9 - 2208988800])
PACKETS = mutated(
    st.recursive(_MESSAGES, lambda inner: st.builds(encode_bundle, st.lists(inner, max_size=6), _TIMES), max_leaves=12)
)


class NoEngine:
    """Takes everything, and checks that parameters stay within their ranges."""

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Check a parameter's value and glide time in s."""
        parameter = vocabulary.PARAMETERS[parameter_index]
        if not parameter.minimum <= value <= parameter.maximum or not 0.0 <= glide_seconds <= 60.0:
            raise ValueError(f"{parameter.address} = {value} over {glide_seconds} s")

    def request(self, identifier: int, command: str, arguments: Sequence[Value]) -> bool:
        """Take a command."""
        return True

    def status(self) -> Mapping[str, float]:
        """Return no figures."""
        return {}


class Stage:
    """A session with the servers' parts that need no socket."""

    def __init__(self) -> None:
        settings = ControlSettings()
        self.session = Session(NoEngine())
        self.session.on_message(MODEL)
        self.sent: list[bytes] = []
        ticks = itertools.count()
        self.clients = Clients(1e9, lambda: float(next(ticks)))  # no error is held back
        self.loop = asyncio.new_event_loop()
        self.receiver = Receiver(self.session, settings, self.loop, stopwatch=lambda: 0.0)
        queries = SubscriptionQueries(self.session, self.clients, 60.0, lambda level, text: None)
        queries.send_to = lambda host, port: self.sent.append
        self._context = ServerContext(self.receiver, self.clients, AllowList([]), lambda host: None, queries.closed)
        self.oscquery = OscQueryService(self.session, settings, self._context, 9000)

    def receive(self, packet: bytes) -> None:
        """Handle a packet; every answer must be a packet, and none a report of a fault."""
        self.sent.clear()
        self.receiver.receive(packet, self.clients.seen("udp:here:1", "here", self.sent.append))
        self.session.tick()
        self.clients.flush()
        for answer in self.sent:
            decode(answer)
            if _REPORTED in answer:
                raise AssertionError(answer.decode("utf-8", "replace"))

    async def hear(self, messages: list[bytes | str]) -> None:
        """Handle messages of one WebSocket client; none may be answered with a report of a fault."""
        nobody: Any = None
        listener = Listener(nobody, "ws:here#1", "here", self.session, self._context)
        try:
            for message in messages:
                listener._receive(message)
            self.session.tick()
            self.clients.flush()
        finally:  # as at the end of a connection
            self.session.unsubscribe("listen:ws:here#1")
            self._context.connection_closed("ws:here#1")
        for answer in listener._outgoing:
            if _REPORTED in (answer if isinstance(answer, bytes) else answer.encode()):
                raise AssertionError(answer)

    def ask(self, target: str) -> None:
        """Answer an HTTP request."""
        answer = self.oscquery._answer(target)
        if answer.status_code == 500:
            raise AssertionError(answer.body)


@cache
def stage() -> Stage:
    """Return the stage of this process."""
    return Stage()


def _padded(text: str) -> bytes:
    data = text.encode()
    return data + b"\x00" * (4 - len(data) % 4)


def _messages(packet: bytes) -> int:
    try:
        return len(decode(packet))
    except PacketError:
        return 1


def _check_stream(pieces: list[bytes]) -> None:
    deframer = Deframer()
    try:
        for piece in pieces:
            for packet in deframer.feed(piece):
                if len(packet) > 1 << 17:
                    raise AssertionError(len(packet))
    except PacketError:
        return


_FRAMES = (
    PACKETS.map(slip) | PACKETS.map(lambda packet: struct.pack(">i", len(packet)) + packet) | st.binary(max_size=40)
)
_PATHS = st.builds(
    lambda address, query, escaped: (quote(address) if escaped else address) + query,
    _ADDRESSES | st.text(max_size=12),
    st.sampled_from(["", "?VALUE", "?HOST_INFO", "?RANGE&TYPE", "?CONTENTS", "?", "?%00", "?NONSENSE=1"]),
    st.booleans(),
)
_COMMANDS = table(
    {"COMMAND": st.sampled_from(["LISTEN", "IGNORE", "listen", ""]), "DATA": _ADDRESSES | st.text(max_size=12)}
).map(json.dumps)
_MESSAGES_OF_A_PAGE = st.lists(_COMMANDS | ANYTHING.map(json.dumps) | st.text(max_size=40) | PACKETS, max_size=6)
KINDS: tuple[Kind, ...] = (
    Kind("OSC messages", PACKETS, lambda packet: stage().receive(packet), _messages),
    Kind("streams over TCP", st.lists(mutated(_FRAMES), max_size=5), _check_stream),
    Kind(
        "WebSocket messages",
        _MESSAGES_OF_A_PAGE,
        lambda messages: stage().loop.run_until_complete(stage().hear(messages)),
        len,
    ),
    Kind("paths of OSCQuery", _PATHS, lambda target: stage().ask(target)),
)
