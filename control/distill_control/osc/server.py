"""OSC over UDP and TCP. A raw socket read until it is empty: order is kept, and nothing is started per datagram."""

import asyncio
import itertools
import socket
from collections.abc import Callable

from distill_control.osc.clients import Client
from distill_control.osc.framing import Deframer, frame
from distill_control.osc.gate import Gate
from distill_control.osc.packet import PacketError
from distill_control.osc.ports import datagrams_lost

DATAGRAMS_AT_ONCE = 256
CONNECTION_LIMIT = 64
UNSENT_LIMIT_BYTES = 1024 * 1024


class UdpServer:
    """Datagrams in, answers out through the same socket."""

    def __init__(self, opened: socket.socket, gate: Gate) -> None:
        self.socket = opened
        self.port = int(opened.getsockname()[1])
        self.datagrams = 0
        self.unsent = 0
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(opened.fileno(), self._read)

    def close(self) -> None:
        self._loop.remove_reader(self.socket.fileno())
        self.socket.close()

    def lost(self) -> int:
        """Datagrams that the system could not hold (0 where it does not tell)."""
        return datagrams_lost(self.socket) or 0

    def send_to(self, host: str, port: int) -> Callable[[bytes], None]:
        """What sends packets to a peer; those that the system does not take are counted."""
        target = (host, port)

        def send(packet: bytes) -> None:
            try:
                self.socket.sendto(packet, target)
            except (OSError, OverflowError):
                self.unsent += 1

        return send

    def _read(self) -> None:
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                packet, address = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue
            self.datagrams += 1
            host, port = address[0], address[1]
            if self._gate.admits(host):
                self._gate.receiver.receive(packet, self.client(host, port))

    def client(self, host: str, port: int) -> Client:
        """The peer at an address."""
        origin = f"udp:{host}:{port}"
        known = self._gate.clients.find(origin)
        return self._gate.clients.hear(origin, host, known.send if known else self.send_to(host, port))


class TcpServer:
    """Streams in either framing; a client that does not read its answers is cut off."""

    def __init__(self, server: asyncio.Server, connections: "Connections") -> None:
        self.port = int(server.sockets[0].getsockname()[1])
        self._server = server
        self.connections = connections

    @classmethod
    async def start(cls, opened: socket.socket, gate: Gate) -> "TcpServer":
        """Serves a listening socket."""
        connections = Connections(gate)
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(connections), sock=opened)
        return cls(server, connections)

    async def close(self) -> None:
        self._server.close()
        for connection in list(self.connections.members):
            connection.abort()


class Connections:
    """What the connections of a TCP server share."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.members: set[_Connection] = set()
        self.numbers = itertools.count(1)
        self.turned_away = 0


class _Connection(asyncio.Protocol):
    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._deframer = Deframer()
        self._transport: asyncio.Transport | None = None
        self._host = ""
        self._origin = ""

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername") or ("", 0)
        self._host = str(peer[0])
        if not self._shared.gate.admits(self._host):
            self.abort()
            return
        if len(self._shared.members) >= CONNECTION_LIMIT:
            self._shared.turned_away += 1
            self.abort()
            return
        self._origin = f"tcp:{self._host}:{peer[1]}#{next(self._shared.numbers)}"
        self._shared.members.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._shared.members.discard(self)
        if self._origin:
            self._shared.gate.ended(self._origin)

    def data_received(self, data: bytes) -> None:
        if not self._origin or self._transport is None or self._transport.is_closing():
            return
        client = self._shared.gate.clients.hear(self._origin, self._host, self._send)
        try:
            packets = self._deframer.feed(data)
        except PacketError as error:
            self._shared.gate.receiver.malformed += 1
            client.reply("/distill/error", "/", f"{error}; the connection is closed")
            self._transport.close()
            return
        for packet in packets:
            self._shared.gate.receiver.receive(packet, client)

    def _send(self, packet: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > UNSENT_LIMIT_BYTES:
            self._transport.abort()
            return
        self._transport.write(frame(packet, self._deframer.framing or "slip"))
