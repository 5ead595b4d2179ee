"""What has come in: counted and remembered for the status and the view, from any thread."""

import threading

from distill_control.arguments import Value

_KEPT = 8


class Traffic:
    """How many messages were `handled`, how many ended in `errors`, and the last addresses with their values."""

    def __init__(self) -> None:
        self.handled = 0
        self.errors = 0
        self._latest: dict[str, tuple[Value, ...]] = {}
        self._lock = threading.Lock()

    def count(self) -> None:
        """One more message."""
        with self._lock:
            self.handled += 1

    def count_error(self) -> None:
        """One more error."""
        with self._lock:
            self.errors += 1

    def remember(self, address: str, values: tuple[Value, ...]) -> None:
        """Keeps the last few addresses."""
        with self._lock:
            self._latest.pop(address, None)
            self._latest[address] = values
            if len(self._latest) > _KEPT:
                self._latest.pop(next(iter(self._latest)))

    def latest(self, count: int) -> list[tuple[str, tuple[Value, ...]]]:
        """The last addresses and their values, the newest last."""
        with self._lock:
            return list(self._latest.items())[-count:]
