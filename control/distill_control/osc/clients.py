"""OSC clients: where their answers go, and how often.

An answer goes to the port that the message came from. A program that sends from one port and
listens at another (Max with `udpsend` and `udpreceive`) subscribes with the port at which it
listens; then answers and errors go there too.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from distill_control.arguments import Value
from distill_control.osc.limits import TokenBucket
from distill_control.osc.packet import encode
from distill_control.session import Subscription
from distill_control.session.subscriptions import Changes

Send = Callable[[bytes], None]

CLIENT_LIMIT = 1024  # known clients; subscribers are never forgotten
WORK, ALL_WORK = (0.025, 0.05), (0.03, 0.1)
"""Seconds of this process that a client's, and all clients', patterns, presets, queries and HTTP
requests may take: between two ticks, and at once. A client that waits for each answer hardly takes
as much.
"""
KEPT_SECONDS = 0.06
"""Of the time of all clients that HTTP requests, which can wait, leave to messages, which cannot."""
ALL_ERRORS_FACTOR = 10
"""Rate of errors to all clients together, as a multiple of one client's rate."""
_ANSWERS = ("/distill/done", "/distill/pong", "/distill/level")


@dataclass(frozen=True)
class Subscriber:
    """A subscribed port; `key` identifies it, `origins` are the senders that listen there."""

    key: str
    host: str
    send: Send
    origins: frozenset[str]

    @property
    def uses_other_port(self) -> bool:
        """Whether the program listens at another port than it sends from."""
        return len(self.origins) > 1


class Client:
    """One sender of OSC messages.

    Errors are sent at a limited rate. Values (answers to questions, and clipped ones) are sent at
    the next tick, the latest of each address. `work` are the limits of the time that its patterns,
    presets and queries may take; `pings` are those of pings, which must be answered in any case.
    """

    def __init__(  # eight parameters: what one client has of its own, and the limits that all share
        self,
        origin: str,
        host: str,
        send: Send,
        errors: TokenBucket,
        all_errors: TokenBucket,
        subscribers: dict[str, Subscriber],
        work: tuple[TokenBucket, TokenBucket],
        pings: tuple[TokenBucket, ...],
    ) -> None:
        self.origin = origin
        self.work, self.pings = work, pings
        self.host = host
        self.send = send
        self.last_seen = 0.0
        self.values: dict[str, tuple[Value, ...]] = {}
        self._errors = errors
        self._all_errors = all_errors
        self._subscribers = subscribers

    def reply(self, address: str, *arguments: Value) -> None:
        """Answer the client.

        Errors and `.reply` lists also go to the ports that it has subscribed; an error of a client
        without one goes to those of its host. Values wait for `flush`.
        """
        if address == "/distill/error":
            self._error(*arguments)
        elif address in _ANSWERS:
            if arguments and str(arguments[0]) in self.values:
                self.flush()  # the limited arguments of a command come before its outcome
            self.send(encode(address, *arguments))
        elif address.endswith(".reply"):
            self._send_all(self._own_ports(), encode(address, *arguments))
        elif arguments:
            self.values[address] = arguments

    def has_time(self) -> bool:
        """Return whether it may make this process work now, and messages still could after it."""
        own, everyone = self.work
        return own.open() and everyone.open(KEPT_SECONDS)

    def flush(self) -> None:
        """Send the values that have gathered since the last tick."""
        values, self.values = self.values, {}
        own_ports = self._own_ports()
        for address, arguments in values.items():
            self._send_all(own_ports, encode(address, *arguments))

    def _error(self, *arguments: Value) -> None:
        if not self._errors.take() or not self._all_errors.take():
            return
        held_back = self._errors.release()
        if held_back and arguments:
            *start, reason = arguments
            arguments = (*start, f"{reason} ({held_back} more errors before this one)")
        own = self._own_ports()
        self._send_all(own or self._ports_of_host(), encode("/distill/error", *arguments))

    def _send_all(self, others: Iterable[Subscriber], packet: bytes) -> None:
        self.send(packet)
        for other in others:
            if other.key != self.origin:
                other.send(packet)

    def _own_ports(self) -> list[Subscriber]:
        """Return the ports that this client has subscribed."""
        return [member for member in self._subscribers.values() if self.origin in member.origins]

    def _ports_of_host(self) -> list[Subscriber]:
        """Return the ports at which the client's host listens.

        A sender that has subscribed none itself (TouchDesigner's OSC Out CHOP) belongs to the
        program that listens there.
        """
        if not self.origin.startswith("udp:"):
            return []
        return [member for member in self._subscribers.values() if member.uses_other_port and member.host == self.host]


class Clients:
    """The known clients by origin.

    Above CLIENT_LIMIT, the client that has been silent for the longest time is forgotten, except
    subscribers.
    """

    def __init__(self, errors_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._errors_per_second = errors_per_second
        self._clock = clock
        self._all_errors = TokenBucket(
            ALL_ERRORS_FACTOR * errors_per_second, ALL_ERRORS_FACTOR * errors_per_second, clock
        )
        self._ticks = 0
        self._all_work = TokenBucket(*ALL_WORK, self._tick_count)
        self.subscribers: dict[str, Subscriber] = {}
        self._members: OrderedDict[str, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._members)

    def _tick_count(self) -> float:
        """Return a time that stands still while this process is kept busy."""
        return float(self._ticks)

    def find(self, origin: str) -> Client | None:
        """Return the client with this origin; None if it is unknown."""
        return self._members.get(origin)

    def seen(self, origin: str, host: str, send: Send) -> Client:
        """Return the client with this origin, new or known, and record the time as last seen."""
        client = self._members.get(origin)
        if client is None:
            bucket = TokenBucket(self._errors_per_second, self._errors_per_second, self._clock)
            own, pings = (TokenBucket(*WORK, self._tick_count) for _ in range(2))
            work = (own, self._all_work)
            client = Client(origin, host, send, bucket, self._all_errors, self.subscribers, work, (pings,))
            self._members[origin] = client
            if len(self._members) > CLIENT_LIMIT:
                kept = {name for subscriber in self.subscribers.values() for name in subscriber.origins}
                self.forget(next(member for member in self._members if member not in kept))
        else:
            self._members.move_to_end(origin)
        client.last_seen = self._clock()
        return client

    def forget(self, origin: str) -> None:
        """Forget the client of a connection that has closed."""
        self._members.pop(origin, None)

    def flush(self) -> None:
        """Send every client its gathered values, and give all time to work. At each tick."""
        self._ticks += 1
        for client in list(self._members.values()):
            if client.values:
                client.flush()

    def silent_for(self, origins: frozenset[str]) -> float:
        """Return the seconds since one of these clients was seen; infinity if all are unknown."""
        seen = [self._members[origin].last_seen for origin in origins if origin in self._members]
        return self._clock() - max(seen) if seen else float("inf")


def subscription(subscriber: Subscriber, spell: Callable[[str], str]) -> Subscription:
    """Return a subscription that sends each change as one message; `spell` converts its address."""

    def deliver(changes: Changes) -> None:
        for address, value in changes:
            subscriber.send(encode(spell(address), value))

    return Subscription(subscriber.key, deliver, subscriber.origins)
