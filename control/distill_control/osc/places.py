"""Which connection gives up its place when all are taken."""

from collections.abc import Collection
from typing import Protocol

IDLE_SECONDS = 60.0  # of silence, after which a connection gives up its place to another


class Place(Protocol):
    """A connection that takes one of a server's places; it was last heard at `heard` seconds."""

    heard: float

    def is_subscribed(self) -> bool:
        """Return whether it listens, and so may be silent."""

    def give_up(self) -> None:
        """Close the connection."""


def make_place(members: Collection[Place], limit: int, now: float) -> bool:
    """Return whether there is a place for one more member.

    When all are taken, the one that has been silent for longest gives up its own, if it is not
    subscribed and was silent for IDLE_SECONDS.
    """
    if len(members) < limit:
        return True
    idle = [member for member in members if now - member.heard >= IDLE_SECONDS and not member.is_subscribed()]
    if idle:
        min(idle, key=lambda member: member.heard).give_up()
    return bool(idle)
