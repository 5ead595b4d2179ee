"""Who is told about changes: latest value wins, no echo to the one who caused it.

When several move one address at the same time, a value that one is told may cross with one that it sends: the two would go on
showing different things. So an address that was contested is told to everybody once more, when it has come to rest.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from distill_control.arguments import Value
from distill_engine.errors import ControlError

Changes = list[tuple[str, Value]]

CONTEST_SECONDS = 0.5
"""Moves of one address by two senders within this time are a contest."""
REST_SECONDS = 0.25
"""How long a contested address stands still until it is told once more."""


@dataclass
class Subscription:
    """One listener. `key` names it, `origins` are the senders whose changes it need not be told about.

    `deliver(changes)` must return at once. `addresses` restricts it to some addresses (None: all).
    """

    key: str
    deliver: Callable[[Changes], None]
    origins: frozenset[str] = frozenset()
    addresses: set[str] | None = None
    fresh: dict[str, None] = field(default_factory=dict)

    def wants(self, address: str) -> bool:
        return self.addresses is None or address in self.addresses


class Subscriptions:
    """All listeners and what has changed since they were last told. Guarded by the session's lock."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._members: dict[str, Subscription] = {}
        self._changed: dict[str, str] = {}
        self._moved: dict[str, tuple[str, float]] = {}
        self._contested: set[str] = set()

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def add(self, subscription: Subscription, addresses: Iterable[str]) -> None:
        """Adds or replaces a listener, due for the present values of `addresses`."""
        if subscription.key not in self._members and len(self._members) >= self.limit:
            raise ControlError(f"there are {self.limit} subscribers already; unsubscribe one")
        subscription.fresh.update(dict.fromkeys(address for address in addresses if subscription.wants(address)))
        self._members[subscription.key] = subscription

    def remove(self, key: str) -> bool:
        return self._members.pop(key, None) is not None

    def listens(self, origin: str) -> bool:
        """Whether some listener belongs to `origin`."""
        return bool(origin) and any(origin in member.origins for member in self._members.values())

    def mark(self, address: str, origin: str) -> None:
        """Notes that `address` has changed, by `origin` (empty: tell everyone)."""
        self._changed[address] = origin
        if not origin:
            return
        now = self._clock()
        before = self._moved.get(address)
        if before is not None and before[0] != origin and now - before[1] < CONTEST_SECONDS:
            self._contested.add(address)
        self._moved[address] = (origin, now)

    def collect(self, read: Callable[[str], Value]) -> list[tuple[Subscription, Changes]]:
        """What is to be delivered to whom now; `read` gives present values (and raises ControlError for what is gone)."""
        self._settle()
        changed, self._changed = self._changed, {}
        deliveries: list[tuple[Subscription, Changes]] = []
        for member in self._members.values():
            due = member.fresh
            for address, origin in changed.items():
                if member.wants(address) and not (origin and origin in member.origins):
                    due[address] = None
            if due:
                member.fresh = {}
                deliveries.append((member, _read_all(due, read)))
        return deliveries

    def _settle(self) -> None:
        """Marks contested addresses that have come to rest for everyone, and forgets old moves."""
        now = self._clock()
        resting = [a for a in self._contested if a not in self._moved or now - self._moved[a][1] >= REST_SECONDS]
        for address in resting:
            self._contested.discard(address)
            self._changed[address] = ""
        self._moved = {a: move for a, move in self._moved.items() if now - move[1] < CONTEST_SECONDS}


def _read_all(addresses: Iterable[str], read: Callable[[str], Value]) -> Changes:
    changes: Changes = []
    for address in addresses:
        with contextlib.suppress(ControlError):
            changes.append((address, read(address)))
    return changes
