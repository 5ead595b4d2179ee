"""Connections of the OSCQuery server: one HTTP request after another, then perhaps a WebSocket.

The websockets library answers one request and closes. Here a connection whose client keeps it open
(HTTP/1.1) takes the next request once the one before is answered.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidMessage
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from distill_control.osc.places import IDLE_SECONDS

MESSAGE_LIMIT_BYTES = 65536  # of a WebSocket client
FIRST_SECONDS = ANSWER_SECONDS = 5.0  # for the first request to come, and for each to be answered
_UNREAD_LIMIT_BYTES = 1024 * 1024  # that a client leaves unread
_READ_BYTES = 16384  # at a time: all frames in them are parsed in one turn of the loop
_KEEP = "keep-alive"
NOT_READ = "this is no request that is answered here: send GET in HTTP/1.1, in ASCII, without a body\n"
_KEPT = frozenset(
    {HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
)
"""The answers after which another request may come; whoever is refused loses the connection."""


def options_of(request: Request, header: str = "Connection") -> set[str]:
    """Return what a request's headers of a name hold, in lower case."""
    return {option.strip().lower() for option in ",".join(request.headers.get_all(header)).split(",")}


def wants_websocket(request: Request) -> bool:
    """Return whether a request asks for a WebSocket; other protocols that it offers are ignored."""
    return "upgrade" in options_of(request) and "websocket" in options_of(request, "Upgrade")


class RequestProtocol(ServerProtocol):
    """A protocol that awaits the next request after an answer that keeps the connection."""

    def send_response(self, response: Response) -> None:
        """Send an answer."""
        if response.headers.get_all("Connection") != [_KEEP]:
            super().send_response(response)
            return
        self.writes.append(response.serialize())
        self.parser = self.parse()
        next(self.parser)

    def send_eof(self) -> None:
        """Close; a request that cannot be read is answered before with the reason."""
        wrong = self.state is State.CONNECTING and isinstance(self.handshake_exc, InvalidMessage)
        if wrong and not self.eof_sent and not self.reader.eof:
            self.writes.append(self.reject(HTTPStatus.BAD_REQUEST, NOT_READ).serialize())
        super().send_eof()


class BoundedConnection(ServerConnection):
    """A connection that reads a little at a time.

    It is cut off where its client sends pings and reads no answers. What comes after a request
    waits until that is answered, and nothing more is read meanwhile.
    """

    def __init__(self, protocol: ServerProtocol, *arguments: Any, members: set[Any], **options: Any) -> None:
        own = RequestProtocol(max_size=MESSAGE_LIMIT_BYTES, logger=protocol.logger)
        super().__init__(own, *arguments, **options)
        self._members = members  # of a server, itself among them while it is open
        self._held = bytearray()
        self._ended = False  # the client sends no more

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        transport.max_size = _READ_BYTES  # type: ignore[attr-defined]  # asyncio's own is 256 KiB: 40,000 frames
        super().connection_made(transport)
        self._members.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the connection."""
        self._members.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle incoming bytes."""
        if self.state is State.CONNECTING or self._held:
            self._held += data
            self._feed()
        else:
            super().data_received(data)
        if self.transport.get_write_buffer_size() > _UNREAD_LIMIT_BYTES:
            self.transport.abort()

    def eof_received(self) -> None:
        """Handle the end of what the client sends: requests that came before it are answered."""
        if self._is_answering():
            self._ended = True
            return True  # type: ignore[return-value]  # asyncio then keeps the other direction open
        return super().eof_received()

    async def handshake(self, *hooks: Any, **named: Any) -> None:
        """Answer requests until one opens a WebSocket or an answer closes the connection.

        Raises TimeoutError if a request or its answer takes too long.
        """
        seconds = FIRST_SECONDS
        while True:
            async with asyncio.timeout(seconds):
                waiters = [self.request_rcvd, self.connection_lost_waiter]
                await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            async with asyncio.timeout(ANSWER_SECONDS):
                await super().handshake(*hooks, **named)
            if self.state is not State.CONNECTING or self.protocol.eof_sent:
                break
            self.request = self.response = None
            self.request_rcvd = self.loop.create_future()
            self._feed()
            if self._ended and self.request is None:
                self.transport.close()
            seconds = IDLE_SECONDS
        if self.state is State.OPEN:
            self._feed()  # frames that came with the request

    def drop_the_rest(self) -> None:
        """Forget what came after a request, because its answer closes the connection."""
        self._held.clear()
        self.transport.resume_reading()  # an end with bytes unread would take the answer from the client

    def give_up(self) -> None:
        """Close the connection if it waits for a request."""
        if self.state is State.CONNECTING and self.request is None:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.state is State.CONNECTING and self.request is not None and not self.protocol.eof_sent

    def _feed(self) -> None:
        """Pass on what has come. A request is passed line by line, so that nothing behind it is."""
        while self._held and not self._is_answering():
            line = self._held.find(b"\n") + 1 if self.state is State.CONNECTING else 0
            size = line or len(self._held)
            data = bytes(self._held[:size])
            del self._held[:size]
            if not self._held:
                self.transport.resume_reading()  # before the frames: where they are too many, these pause it
            super().data_received(data)
        if self._held:
            self.transport.pause_reading()


class KeptConnections:
    """The connections that may send another request, `limit` at most; the others are closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._members: set[ServerConnection] = set()

    def settle(self, connection: ServerConnection, request: Request, response: Response) -> None:
        """Say in an answer whether its connection is kept, if it does not say so itself."""
        if "Connection" not in response.headers:
            keeps = response.status_code in _KEPT and _stays(request) and self._has_place(connection)
            response.headers["Connection"] = _KEEP if keeps else "close"
        if response.headers["Connection"] == "close" and isinstance(connection, BoundedConnection):
            connection.drop_the_rest()

    def close(self) -> None:
        """Keep no connection from now on."""
        self._limit = 0
        self._members.clear()

    def _has_place(self, connection: ServerConnection) -> bool:
        """Return whether a connection has a place or gets one; closed ones have none."""
        self._members = {member for member in self._members if member.state is State.CONNECTING}
        if connection not in self._members and len(self._members) < self._limit:
            self._members.add(connection)
        return connection in self._members


def _stays(request: Request) -> bool:
    """Return whether a client keeps its connection open after a request, and awaits no more."""
    plain = getattr(request, "method", "GET") == "GET" and getattr(request, "protocol", "HTTP/1.1") == "HTTP/1.1"
    return plain and "close" not in options_of(request) and not wants_websocket(request)
