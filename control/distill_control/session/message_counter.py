"""Statistics of incoming messages, for the status and the live view. Thread-safe."""

import threading

from distill_control.arguments import Value

_KEPT_COUNT = 8
"""Addresses remembered for the live view."""


class MessageCounter:
    """Count messages (`handled`) and failed ones (`errors`); remember the latest values."""

    def __init__(self) -> None:
        self.handled = 0
        self.errors = 0
        self._latest: dict[str, tuple[Value, ...]] = {}
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count one message."""
        with self._lock:
            self.handled += 1

    def count_error(self) -> None:
        """Count one message that failed."""
        with self._lock:
            self.errors += 1

    def remember(self, address: str, values: tuple[Value, ...]) -> None:
        """Remember an address and its values as the latest; drop the oldest of more than eight."""
        with self._lock:
            self._latest.pop(address, None)
            self._latest[address] = values
            if len(self._latest) > _KEPT_COUNT:
                self._latest.pop(next(iter(self._latest)))

    def latest(self, count: int) -> list[tuple[str, tuple[Value, ...]]]:
        """Return the last `count` addresses with their values, the newest last."""
        with self._lock:
            return list(self._latest.items())[-count:]
