"""A keyboard's keys, pitch wheel and sustain pedal play notes where no map binds them."""

from collections.abc import Callable
from typing import Any

from distill_control.arguments import Value
from distill_control.midi.controls import to_raw
from distill_control.midi.decoder import COARSE, Movement

NOTE, BEND, HOLD = "/distill/note", "/distill/note/bend", "/distill/note/hold"
BEND_SEMITONES = 2.0  # of the wheel, up or down
SUSTAIN = 64  # number of the controller that is the pedal


class Keyboard:
    """Turn movements into notes.

    `command` sends a command with its arguments, `set_parameter` a parameter with its value.
    """

    def __init__(
        self, command: Callable[[str, tuple[Value, ...]], None], set_parameter: Callable[[str, float], Any]
    ) -> None:
        self._command, self._set = command, set_parameter
        self._held: set[int] = set()

    def move(self, movement: Movement) -> None:
        """Play the movement of a key, the wheel or the pedal; others do nothing."""
        control = movement.control
        if control.kind == "note":
            self._press(control.number, movement)
        elif control.kind == "bend":
            self._set(BEND, BEND_SEMITONES * (2.0 * movement.position - 1.0))
        elif control.kind == "cc" and control.number == SUSTAIN:
            self._set(HOLD, float(movement.position >= 0.5))

    def reset(self) -> None:
        """Return wheel and pedal to rest."""
        self._set(BEND, 0.0)
        self._set(HOLD, 0.0)

    def release_all(self) -> None:
        """Let every key go."""
        for key in sorted(self._held):
            self._command(NOTE, (key, 0))
        self._held.clear()

    def _press(self, key: int, movement: Movement) -> None:
        if movement.pressed:
            self._held.add(key)
            self._command(NOTE, (key, to_raw(movement.position, COARSE)))
        elif key in self._held:
            self._held.discard(key)
            self._command(NOTE, (key, 0))
