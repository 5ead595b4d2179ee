"""MIDI learn: the user selects an address, then moves the control that shall set it.

The first clear movement becomes the candidate and is bound at once, so that its effect is audible.
The control that moves last replaces it, until no control has moved for a second. A movement is
clear if it is a note, a button's full value, a wide movement or the third different value. The
jitter of a worn potentiometer is not.
"""

from dataclasses import dataclass, field

from distill_control.midi.controls import RESERVED_CCS, Control
from distill_control.midi.decoder import COARSE, Movement

SETTLE_SECONDS = 1.0
WIDE_MOVEMENT = 16.0 / 127.0  # of positions 0..1
_BANK_CCS = (0, 32)  # bank select, coarse and fine
_DISTINCT_VALUES = 3  # different positions after which a control is learned


@dataclass
class _Seen:
    """The positions that a control has sent since `arm`."""

    first: float
    values: set[float] = field(default_factory=set)


class Learn:
    """The state of MIDI learn: idle, armed for `address`, or armed with a `candidate` control."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.candidate: tuple[str, Control] | None = None
        self._moved = 0.0
        self._seen: dict[tuple[str, Control], _Seen] = {}

    def arm(self, address: str) -> None:
        """Start to learn a control for `address`."""
        self.address, self.candidate = address, None
        self._seen.clear()

    def cancel(self) -> None:
        """Stop learning."""
        self.address, self.candidate = None, None
        self._seen.clear()

    def feed(self, port: str, movement: Movement, now: float) -> bool:
        """Take a movement; return True if its control is the candidate, new or as before."""
        if self.address is None or not self._is_clear(port, movement):
            return False
        self.candidate = (port, movement.control)
        self._moved = now
        return True

    def settled(self, now: float) -> tuple[str, str, Control] | None:
        """Return (address, port, control) once the candidate rests for a second; then stop."""
        if self.address is None or self.candidate is None or now - self._moved < SETTLE_SECONDS:
            return None
        learned = (self.address, *self.candidate)
        self.cancel()
        return learned

    def _is_clear(self, port: str, movement: Movement) -> bool:
        control = movement.control
        if control.kind == "note":
            return bool(movement.pressed)
        if control.kind == "cc" and control.number in RESERVED_CCS:
            return False
        if self.candidate == (port, control):
            return True
        seen = self._seen.setdefault((port, control), _Seen(movement.position))
        seen.values.add(movement.position)
        if len(seen.values) >= _DISTINCT_VALUES:
            return True
        if control.kind == "cc" and control.number in _BANK_CCS:
            return False
        button = control.kind == "cc" and movement.steps == COARSE and movement.position == 1.0
        return button or abs(movement.position - seen.first) >= WIDE_MOVEMENT
