"""Subscriptions: each change goes to the subscribers, the latest value of an address at a time.

Echo suppression: a subscriber is not sent the changes that it has made itself. When two senders
move the same address at the same time, their messages can cross, and the two would show different
values. Such an address is therefore sent to every subscriber once more when it has not changed for
a while.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from distill_control.arguments import Value
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary

Changes = list[tuple[str, Value]]
"""(address, value) pairs."""

CONTEST_SECONDS = 0.5
"""Two senders that change one address within this time contest it."""
REST_SECONDS = 0.25
"""A contested address that has not changed for this time is sent once more."""

_ON_REQUEST = frozenset(row.address for row in vocabulary.ROWS if row.on_request)


@dataclass
class Subscription:
    """One subscriber.

    `key` identifies it. `origins` are the senders whose changes it does not get. `deliver(changes)`
    must return at once. `addresses` restricts it to some addresses; None is every address but the
    readings that are sent on request only. `pending` are the addresses whose values it gets at the
    next tick.
    """

    key: str
    deliver: Callable[[Changes], None]
    origins: frozenset[str] = frozenset()
    addresses: set[str] | None = None
    pending: dict[str, None] = field(default_factory=dict)

    def wants(self, address: str) -> bool:
        """Return whether the subscriber gets changes of an address."""
        return address not in _ON_REQUEST if self.addresses is None else address in self.addresses


class Subscriptions:
    """All subscribers, and the addresses that have changed since the last delivery.

    At most `limit` subscribers. Not thread-safe: `SessionState` calls it with its lock held.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._members: dict[str, Subscription] = {}
        self._changed: dict[str, str] = {}
        self._last_change: dict[str, tuple[str, float]] = {}
        self._contested: set[str] = set()

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def add(self, subscription: Subscription, addresses: Iterable[str]) -> None:
        """Add or replace a subscriber; it gets the current values of `addresses` first.

        Raises:
            ControlError: if there are `limit` subscribers already.
        """
        if subscription.key not in self._members and len(self._members) >= self.limit:
            raise ControlError(f"there are {self.limit} subscribers already; unsubscribe one")
        subscription.pending.update(dict.fromkeys(address for address in addresses if subscription.wants(address)))
        self._members[subscription.key] = subscription

    def remove(self, key: str) -> bool:
        """Remove a subscriber; return False if there is none with this key."""
        return self._members.pop(key, None) is not None

    def has_origin(self, origin: str) -> bool:
        """Return whether a sender is subscribed."""
        return bool(origin) and any(origin in member.origins for member in self._members.values())

    def remind(self, address: str, origin: str) -> bool:
        """Send a value once more to the subscriber that has sent it; return False without one."""
        members = [member for member in self._members.values() if origin in member.origins]
        for member in members:
            member.pending.update(dict.fromkeys([address] if member.wants(address) else []))
        return bool(members)

    def mark(self, address: str, origin: str) -> None:
        """Record that `origin` has changed an address; an empty `origin` suppresses no echo."""
        self._changed[address] = origin
        if not origin:
            return
        now = self._clock()
        before = self._last_change.get(address)
        if before is not None and before[0] != origin and now - before[1] < CONTEST_SECONDS:
            self._contested.add(address)
        self._last_change[address] = (origin, now)

    def collect(self, read: Callable[[str], Value]) -> list[tuple[Subscription, Changes]]:
        """Return the changes to deliver now, per subscriber.

        `read(address)` returns the current value; addresses for which it raises ControlError are
        left out.
        """
        self._mark_settled()
        changed, self._changed = self._changed, {}
        deliveries: list[tuple[Subscription, Changes]] = []
        for member in self._members.values():
            due = member.pending
            for address, origin in changed.items():
                if member.wants(address) and not (origin and origin in member.origins):
                    due[address] = None
            if due:
                member.pending = {}
                deliveries.append((member, _read_all(due, read)))
        return deliveries

    def _mark_settled(self) -> None:
        """Mark contested addresses that no longer change, for everyone; forget old changes."""
        now = self._clock()
        settled = [
            address
            for address in self._contested
            if address not in self._last_change or now - self._last_change[address][1] >= REST_SECONDS
        ]
        for address in settled:
            self._contested.discard(address)
            self._changed[address] = ""
        self._last_change = {
            address: change for address, change in self._last_change.items() if now - change[1] < CONTEST_SECONDS
        }


def _read_all(addresses: Iterable[str], read: Callable[[str], Value]) -> Changes:
    changes: Changes = []
    for address in addresses:
        with contextlib.suppress(ControlError):
            changes.append((address, read(address)))
    return changes
