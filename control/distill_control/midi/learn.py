"""Learning: an address waits, and the control that is moved takes it.

The first convincing move binds at once, so that its effect is heard; while more than one control is touched, the one moved
last wins, until nothing has moved for a second. Convincing is a button's end value, a note, a wide move or three different
values: a worn potentiometer that trembles is not.
"""

from dataclasses import dataclass, field

from distill_control.midi.controls import RESERVED_CCS, Control
from distill_control.midi.decoder import COARSE, Movement

SETTLE_SECONDS = 1.0
WIDE = 16.0 / 127.0
_BANK_CCS = (0, 32)


@dataclass
class _Seen:
    first: float
    values: set[float] = field(default_factory=set)


class Learn:
    """State of learning: idle, armed for an address, or armed with a candidate that can still be replaced."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.candidate: tuple[str, Control] | None = None
        self._moved = 0.0
        self._seen: dict[tuple[str, Control], _Seen] = {}

    def arm(self, address: str) -> None:
        """Wait for a control to steer `address`."""
        self.address, self.candidate = address, None
        self._seen.clear()

    def cancel(self) -> None:
        """Wait no more."""
        self.address, self.candidate = None, None
        self._seen.clear()

    def feed(self, port: str, movement: Movement, now: float) -> bool:
        """A control moved. True if it is (still, or newly) the candidate and its move is taken for learning."""
        if self.address is None or not self._convincing(port, movement):
            return False
        self.candidate = (port, movement.control)
        self._moved = now
        return True

    def settled(self, now: float) -> tuple[str, str, Control] | None:
        """(address, port, control) once the candidate has stood a second; learning is over then."""
        if self.address is None or self.candidate is None or now - self._moved < SETTLE_SECONDS:
            return None
        learned = (self.address, *self.candidate)
        self.cancel()
        return learned

    def _convincing(self, port: str, movement: Movement) -> bool:
        control = movement.control
        if control.kind == "note":
            return bool(movement.pressed)
        if control.kind == "cc" and control.number in RESERVED_CCS:
            return False
        if self.candidate == (port, control):
            return True
        seen = self._seen.setdefault((port, control), _Seen(movement.position))
        seen.values.add(movement.position)
        if len(seen.values) >= 3:
            return True
        if control.kind == "cc" and control.number in _BANK_CCS:
            return False
        button = control.kind == "cc" and movement.steps == COARSE and movement.position == 1.0
        return button or abs(movement.position - seen.first) >= WIDE
