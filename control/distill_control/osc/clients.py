"""Those who talk to the instrument over OSC: how each is answered, and how often."""

import time
from collections import OrderedDict
from collections.abc import Callable

from distill_control.commands import Value
from distill_control.osc.limits import TokenBucket
from distill_control.osc.packet import encode
from distill_control.session import Subscription
from distill_control.session.subscriptions import Changes

Send = Callable[[bytes], None]

CLIENT_LIMIT = 1024
ALL_ERRORS = 10
"""Errors to all clients together, as a multiple of one client's rate."""
_ANSWERS = ("/distill/done", "/distill/pong", "/distill/level")


class Client:
    """One peer. Errors go out at a bounded rate; corrected values at the next tick, the latest of each address."""

    def __init__(self, origin: str, host: str, send: Send, errors: TokenBucket, all_errors: TokenBucket) -> None:
        self.origin = origin
        self.host = host
        self.send = send
        self.heard_at = 0.0
        self.corrections: dict[str, Value] = {}
        self._errors = errors
        self._all_errors = all_errors

    def reply(self, address: str, *arguments: Value) -> None:
        """Answers this peer."""
        if address == "/distill/error":
            self._error(*arguments)
        elif address in _ANSWERS or address.endswith(".reply"):
            self.send(encode(address, *arguments))
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
        self.send(encode("/distill/error", *arguments))


class Clients:
    """All peers heard of lately, by origin; beyond the limit the longest silent are forgotten, but for those in `kept`."""

    def __init__(self, errors_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._errors_per_second = errors_per_second
        self._clock = clock
        self._all_errors = TokenBucket(ALL_ERRORS * errors_per_second, ALL_ERRORS * errors_per_second, clock)
        self.kept: set[str] = set()
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
            client = self._members[origin] = Client(origin, host, send, bucket, self._all_errors)
            if len(self._members) > CLIENT_LIMIT:
                self.forget(next(member for member in self._members if member not in self.kept))
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


def subscription(key: str, send: Send, origins: frozenset[str]) -> Subscription:
    """A subscription whose changes go out as one message each."""

    def deliver(changes: Changes) -> None:
        for address, value in changes:
            send(encode(address, value))

    return Subscription(key, deliver, origins)
