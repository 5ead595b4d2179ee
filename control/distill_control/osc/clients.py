"""Those who talk to the instrument over OSC: how each is answered, and how often.

Answers go to the port that asked. A program that sends from one port and listens at another (Max's `udpsend`) subscribes with the
port at which it listens, and gets its errors, status and lists there, too.
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

CLIENT_LIMIT = 1024
ALL_ERRORS = 10
"""Errors to all clients together, as a multiple of one client's rate."""
_ANSWERS = ("/distill/done", "/distill/pong", "/distill/level")


@dataclass(frozen=True)
class Subscriber:
    """Who is told about changes: `key` names it, `origins` are the senders that it is."""

    key: str
    host: str
    send: Send
    origins: frozenset[str]

    @property
    def elsewhere(self) -> bool:
        """Whether it listens at another port than it sends from."""
        return len(self.origins) > 1


class Client:
    """One peer. Errors go out at a bounded rate; corrected values at the next tick, the latest of each address."""

    def __init__(
        self,
        origin: str,
        host: str,
        send: Send,
        errors: TokenBucket,
        all_errors: TokenBucket,
        subscribers: dict[str, Subscriber],
    ) -> None:
        self.origin = origin
        self.host = host
        self.send = send
        self.heard_at = 0.0
        self.corrections: dict[str, Value] = {}
        self._errors = errors
        self._all_errors = all_errors
        self._subscribers = subscribers

    def reply(self, address: str, *arguments: Value) -> None:
        """Answers this peer."""
        if address == "/distill/error":
            self._error(*arguments)
        elif address in _ANSWERS:
            self.send(encode(address, *arguments))
        elif address.endswith(".reply"):
            self._send_all(self._own_ports(), encode(address, *arguments))
        elif arguments:
            self.corrections[address] = arguments[0]

    def flush(self) -> None:
        """Sends the corrected values that have gathered."""
        corrections, self.corrections = self.corrections, {}
        for address, value in corrections.items():
            self.send(encode(address, value))

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
        """Its own subscriptions."""
        return [member for member in self._subscribers.values() if self.origin in member.origins]

    def _ports_of_host(self) -> list[Subscriber]:
        """Ports at which its host listens: a sender that has subscribed none itself (TouchDesigner's OSC Out CHOP) belongs to one."""
        if not self.origin.startswith("udp:"):
            return []
        return [member for member in self._subscribers.values() if member.elsewhere and member.host == self.host]


class Clients:
    """All peers heard of lately, by origin; beyond the limit the longest silent are forgotten, but for subscribers."""

    def __init__(self, errors_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._errors_per_second = errors_per_second
        self._clock = clock
        self._all_errors = TokenBucket(ALL_ERRORS * errors_per_second, ALL_ERRORS * errors_per_second, clock)
        self.subscribers: dict[str, Subscriber] = {}
        self._members: OrderedDict[str, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._members)

    def find(self, origin: str) -> Client | None:
        """The peer of this origin, if it is known."""
        return self._members.get(origin)

    def hear(self, origin: str, host: str, send: Send) -> Client:
        """The peer of this origin, new or known, marked as heard now."""
        client = self._members.get(origin)
        if client is None:
            bucket = TokenBucket(self._errors_per_second, self._errors_per_second, self._clock)
            client = self._members[origin] = Client(origin, host, send, bucket, self._all_errors, self.subscribers)
            if len(self._members) > CLIENT_LIMIT:
                kept = {name for subscriber in self.subscribers.values() for name in subscriber.origins}
                self.forget(next(member for member in self._members if member not in kept))
        else:
            self._members.move_to_end(origin)
        client.heard_at = self._clock()
        return client

    def forget(self, origin: str) -> None:
        """A connection has closed."""
        self._members.pop(origin, None)

    def flush(self) -> None:
        """Sends every peer its corrected values."""
        for client in list(self._members.values()):
            if client.corrections:
                client.flush()

    def silent_for(self, origins: frozenset[str]) -> float:
        """Seconds since any of these was heard (endless if none is known)."""
        heard = [self._members[origin].heard_at for origin in origins if origin in self._members]
        return self._clock() - max(heard) if heard else float("inf")


def subscription(subscriber: Subscriber, spell: Callable[[str], str]) -> Subscription:
    """A subscription whose changes go out as one message each, their addresses as `spell` writes them."""

    def deliver(changes: Changes) -> None:
        for address, value in changes:
            subscriber.send(encode(spell(address), value))

    return Subscription(subscriber.key, deliver, subscriber.origins)
