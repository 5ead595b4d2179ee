"""One WebSocket client of OSCQuery: what it listens to, and what goes out to it."""

import asyncio
import json
from collections import deque

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from distill_control.arguments import Value
from distill_control.osc.gate import Gate
from distill_control.osc.packet import encode
from distill_control.session import Session, Subscription
from distill_control.session.subscriptions import Changes
from distill_engine.errors import ControlError

_OUTGOING_LIMIT = 256
_ADDRESS_LIMIT = 512


class Listener:
    """Takes LISTEN and IGNORE as JSON and OSC packets as binary; sends OSC packets and PATH_ commands.

    Values wait by address, the latest of each; other packets wait in a queue whose oldest go first when it is full.
    """

    def __init__(self, connection: ServerConnection, origin: str, host: str, session: Session, gate: Gate) -> None:
        self.origin = origin
        self._connection = connection
        self._host = host
        self._session = session
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._values: dict[str, Value] = {}
        self._asked: dict[str, str] = {}
        self._outgoing: deque[bytes | str] = deque(maxlen=_OUTGOING_LIMIT)
        self._wake = asyncio.Event()
        self._subscription: Subscription | None = None

    async def run(self) -> None:
        """Serves the connection until it ends."""
        sender = self._loop.create_task(self._send_all())
        try:
            async for message in self._connection:
                client = self._gate.clients.hear(self.origin, self._host, self.post)
                if isinstance(message, bytes):
                    self._gate.receiver.receive(message, client)
                else:
                    self._command(message)
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            self._session.unsubscribe(f"listen:{self.origin}")

    def post(self, packet: bytes | str) -> None:
        """Queues a packet (OSC) or a text (JSON); may be called from any thread."""
        self._outgoing.append(packet)
        self._loop.call_soon_threadsafe(self._wake.set)

    def _command(self, text: str) -> None:
        client = self._gate.clients.hear(self.origin, self._host, self.post)
        try:
            given = json.loads(text)
            command, path = given["COMMAND"], given["DATA"]
            if not isinstance(path, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            client.reply(
                "/distill/error", "/", 'a WebSocket text is {"COMMAND": "LISTEN" or "IGNORE", "DATA": address}'
            )
            return
        try:
            if command == "LISTEN":
                self._listen(path)
            elif command == "IGNORE":
                self._ignore(path)
            else:
                raise ControlError(f"unknown command {str(command)[:40]!r}; LISTEN and IGNORE are known")
        except ControlError as error:
            client.reply("/distill/error", path[:120], str(error))

    def _listen(self, path: str) -> None:
        parameter_index = self._session.resolve(path)[1]
        self._session.get(path)
        address = (None if parameter_index is None else self._session.public_address(parameter_index)) or path
        subscription = self._subscription
        if subscription is None:
            subscription = Subscription(
                f"listen:{self.origin}", self._deliver, frozenset((self.origin,)), addresses=set()
            )
        addresses = subscription.addresses
        if addresses is None or len(addresses) >= _ADDRESS_LIMIT:
            raise ControlError(f"one client listens to {_ADDRESS_LIMIT} addresses at most")
        addresses.add(address)
        self._asked[address] = path
        self._session.subscribe(subscription, [address])
        self._subscription = subscription

    def _ignore(self, path: str) -> None:
        if self._subscription is not None and self._subscription.addresses is not None:
            for address in [told for told, asked in self._asked.items() if asked == path]:
                self._subscription.addresses.discard(address)
                del self._asked[address]

    def _deliver(self, changes: Changes) -> None:
        self._values.update(changes)
        self._loop.call_soon_threadsafe(self._wake.set)

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            values, self._values = self._values, {}
            try:
                for address, value in values.items():
                    await self._connection.send(encode(self._asked.get(address, address), value))
                while self._outgoing:
                    await self._connection.send(self._outgoing.popleft())
            except ConnectionClosed:
                return
