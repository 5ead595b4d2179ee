"""One WebSocket client of OSCQuery: the addresses that it listens to, and its outgoing queue."""

import asyncio
from collections import deque

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from distill_control.arguments import Value
from distill_control.osc.clients import Client
from distill_control.osc.packet import encode, encode_bundle
from distill_control.osc.receiver import MALFORMED_IN_A_ROW
from distill_control.osc.server_context import ServerContext
from distill_control.session import Session, Subscription
from distill_control.session.subscriptions import Changes
from distill_engine.errors import ControlError
from distill_engine.library.reports import line_on
from distill_engine.system.names import printable
from distill_engine.system.plain_json import parse

_OUTGOING_LIMIT = 256  # packets in the queue
_ADDRESS_LIMIT = 512  # addresses of one client


class Listener:
    """A WebSocket connection: receives LISTEN and IGNORE (JSON) and OSC packets (binary).

    Sends OSC packets and PATH_ commands. Of the values that wait to be sent only the latest of each
    address is kept. Other packets wait in a queue; when it is full the oldest is dropped. With
    `bundles` the values of one moment come as one bundle, which is less work for a browser.
    """

    def __init__(
        self,
        connection: ServerConnection,
        origin: str,
        host: str,
        session: Session,
        context: ServerContext,
        *,
        bundles: bool = False,
    ) -> None:
        self.origin = origin
        self._connection = connection
        self._bundles = bundles
        self._host = host
        self._session = session
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._values: dict[str, Value] = {}
        self._paths: dict[str, str] = {}
        self._outgoing: deque[bytes | str] = deque(maxlen=_OUTGOING_LIMIT)
        self._wake = asyncio.Event()
        self._subscription: Subscription | None = None
        self._malformed = 0  # packets in a row
        self.heard = self._loop.time()

    def is_subscribed(self) -> bool:
        """Return whether it listens to an address."""
        return self._subscription is not None and bool(self._subscription.addresses)

    def give_up(self) -> None:
        """Close the connection at once."""
        self._connection.transport.abort()

    async def run(self) -> None:
        """Serve the connection until it closes."""
        sender = self._loop.create_task(self._send_all())
        try:
            async for message in self._connection:
                self.heard = self._loop.time()
                self._receive(message)
                if self._malformed >= MALFORMED_IN_A_ROW:
                    await self._connection.close(CloseCode.POLICY_VIOLATION, f"{self._malformed} packets are no OSC")
                await asyncio.sleep(0)  # messages that wait already would keep the loop from turning
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            self._session.unsubscribe(f"listen:{self.origin}")

    def enqueue(self, packet: bytes | str) -> None:
        """Queue an OSC packet or a JSON text; may be called from any thread."""
        self._outgoing.append(packet)
        self._loop.call_soon_threadsafe(self._wake.set)

    def _receive(self, message: bytes | str) -> None:
        """Carry out a message; an unexpected error is answered, not fatal."""
        client = self._context.clients.seen(self.origin, self._host, self.enqueue)
        try:
            if isinstance(message, bytes):
                self._malformed = 0 if self._context.receiver.receive(message, client) else self._malformed + 1
            else:
                self._command(message, client)
        except Exception as error:
            client.reply("/distill/error", "/", line_on(error, "a WebSocket message"))

    def _command(self, text: str, client: Client) -> None:
        try:
            given = parse(text, depth=2)
            command, path = given["COMMAND"], given["DATA"]
            if not isinstance(path, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
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
                raise ControlError(
                    f"unknown command '{printable(str(command), 40)}'; the commands are LISTEN and IGNORE"
                )
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
            raise ControlError(f"one client may listen to {_ADDRESS_LIMIT} addresses at most")
        addresses.add(address)
        self._paths[address] = path
        self._session.subscribe(subscription, [address])
        self._subscription = subscription

    def _ignore(self, path: str) -> None:
        if self._subscription is not None and self._subscription.addresses is not None:
            for address in [address for address, listened in self._paths.items() if listened == path]:
                self._subscription.addresses.discard(address)
                del self._paths[address]

    def _deliver(self, changes: Changes) -> None:
        self._values.update(changes)
        self._loop.call_soon_threadsafe(self._wake.set)

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            values, self._values = self._values, {}
            packets = [encode(self._paths.get(address, address), value) for address, value in values.items()]
            if self._bundles and len(packets) > 1:
                packets = [encode_bundle(packets)]
            try:
                for packet in packets:
                    await self._connection.send(packet)
                while self._outgoing:
                    await self._connection.send(self._outgoing.popleft())
            except ConnectionClosed:
                return
