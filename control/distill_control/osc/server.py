"""OSC servers for UDP and TCP.

The UDP server reads its socket until it is empty, without a task per datagram, so datagrams keep
their order.
"""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable

from distill_control.osc.clients import Client
from distill_control.osc.framing import Deframer, frame
from distill_control.osc.packet import encode
from distill_control.osc.packet_arguments import PacketError
from distill_control.osc.places import IDLE_SECONDS, make_place
from distill_control.osc.ports import datagrams_lost
from distill_control.osc.receiver import MALFORMED_IN_A_ROW
from distill_control.osc.server_context import ServerContext

DATAGRAMS_AT_ONCE = FRAMES_AT_ONCE = 256  # handled before other tasks of the event loop run
CONNECTION_LIMIT = 64
UNSENT_LIMIT_BYTES = 1024 * 1024


class UdpServer:
    """Receive datagrams and send answers through the sockets of one port."""

    def __init__(self, sockets: list[socket.socket], context: ServerContext) -> None:
        self._sockets = sockets
        self.port = int(sockets[0].getsockname()[1])
        self.datagrams = 0
        self.unsent = 0
        self._context = context
        self._loop = asyncio.get_running_loop()
        for opened in sockets:
            self._loop.add_reader(opened.fileno(), self._read, opened)

    def close(self) -> None:
        """Stop reading and close the sockets."""
        for opened in self._sockets:
            self._loop.remove_reader(opened.fileno())
            opened.close()

    def lost(self) -> int:
        """Return the datagrams dropped because a buffer was full (0 if it is unknown)."""
        return sum(datagrams_lost(opened) or 0 for opened in self._sockets)

    def send_to(self, host: str, port: int) -> Callable[[bytes], None]:
        """Return a function that sends packets to a peer and counts those that fail."""
        target = (host, port)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        through = next((opened for opened in self._sockets if opened.family == family), self._sockets[0])

        def send(packet: bytes) -> None:
            try:
                through.sendto(packet, target)
            except (OSError, OverflowError):
                self.unsent += 1

        return send

    def _read(self, opened: socket.socket) -> None:
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                packet, address = opened.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue
            self.datagrams += 1
            host, port = address[0], address[1]
            if self._context.admits(host):
                self._context.receiver.receive(packet, self.client(host, port))

    def client(self, host: str, port: int) -> Client:
        """Return the client at an address, and record that it has sent something now."""
        origin = f"udp:{host}:{port}"
        known = self._context.clients.find(origin)
        return self._context.clients.seen(origin, host, known.send if known else self.send_to(host, port))


class TcpServer:
    """Serve streams in either framing; close those whose clients do not read answers."""

    def __init__(self, servers: list[asyncio.Server], connections: "Connections") -> None:
        self.port = int(servers[0].sockets[0].getsockname()[1])
        self._servers = servers
        self.connections = connections

    @classmethod
    async def start(cls, sockets: list[socket.socket], context: ServerContext) -> "TcpServer":
        """Serve the listening sockets of one port."""
        connections, loop = Connections(context), asyncio.get_running_loop()
        servers = [await loop.create_server(lambda: _Connection(connections), sock=opened) for opened in sockets]
        return cls(servers, connections)

    async def close(self) -> None:
        """Close the servers and every connection."""
        for server in self._servers:
            server.close()
        for connection in list(self.connections.members):
            connection.abort()


class Connections:
    """The state shared by a TCP server's connections; `turned_away` counts those over the limit."""

    def __init__(self, context: ServerContext) -> None:
        self.context = context
        self.members: set[_Connection] = set()
        self.numbers = itertools.count(1)
        self.turned_away = 0


class _Connection(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._deframer = Deframer()
        self._transport: asyncio.Transport | None = None
        self._host = ""
        self._origin = ""
        self._malformed = 0  # packets in a row
        self.heard = time.monotonic()

    def is_subscribed(self) -> bool:
        return self._origin in self._shared.context.clients.subscribers

    def give_up(self) -> None:
        self._shared.members.discard(self)
        self._refuse(f"this connection was silent for {IDLE_SECONDS:g} s and gives its place to another")

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername") or ("", 0)
        self._host = str(peer[0])
        if not self._shared.context.admits(self._host):
            self.abort()
            return
        if not make_place(self._shared.members, CONNECTION_LIMIT, time.monotonic()):
            self._shared.turned_away += 1
            self._refuse(f"there are {CONNECTION_LIMIT} connections already; close one")
            return
        self._origin = f"tcp:{self._host}:{peer[1]}#{next(self._shared.numbers)}"
        self._shared.members.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._shared.members.discard(self)
        if self._origin:
            self._shared.context.connection_closed(self._origin)

    def data_received(self, data: bytes) -> None:
        if not self._origin or self._transport is None or self._transport.is_closing():
            return
        self.heard = time.monotonic()
        self._handle(data)

    def _handle(self, data: bytes = b"") -> None:
        """Handle some frames, and the others in the next turns of the loop, before more is read."""
        if self._transport is None or self._transport.is_closing():
            return
        context = self._shared.context
        client = context.clients.seen(self._origin, self._host, self._send)
        try:
            packets = self._deframer.feed(data, FRAMES_AT_ONCE)
        except PacketError as error:
            context.receiver.malformed += 1
            self._refuse(f"{error}; the connection is closed")
            return
        for packet in packets:
            self._malformed = 0 if context.receiver.receive(packet, client) else self._malformed + 1
            if self._malformed == MALFORMED_IN_A_ROW:
                self._refuse(f"{self._malformed} malformed packets in a row; the connection is closed")
                return
        if self._deframer.pending:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._handle)
        else:
            self._transport.resume_reading()

    def eof_received(self) -> None:
        if self._origin and self._deframer.unfinished:
            self._shared.context.receiver.malformed += 1
            self._refuse("the connection ended within a packet; expected SLIP (END 0xC0 after each) or an int32 length")

    def _refuse(self, reason: str) -> None:
        """Answer with an error and close the connection."""
        self._send(encode("/distill/error", "/", reason))
        if self._transport is not None:
            self._transport.close()

    def _send(self, packet: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > UNSENT_LIMIT_BYTES:
            self._transport.abort()
            return
        self._transport.write(frame(packet, self._deframer.framing or "slip"))
