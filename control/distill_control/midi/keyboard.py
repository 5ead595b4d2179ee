"""A keyboard's keys, pitch wheel and sustain pedal play notes where no map binds them."""

from collections.abc import Callable

from distill_control.arguments import Value
from distill_control.midi.controls import to_raw
from distill_control.midi.decoder import COARSE, Movement
from distill_control.midi.mpe import LOWER_MASTER, MASTER_BEND, MOST_MEMBERS, KeyPressure, PerNote, Registered, Zones
from distill_control.session.session import Session
from distill_engine.errors import DistillError

NOTE, BEND, HOLD = "/distill/note", "/distill/note/bend", "/distill/note/hold"
DETUNE, PRESSURE, CONTROL = "/distill/note/detune", "/distill/note/pressure", "/distill/note/control"
SLID = "brightness"  # what the finger's place on an MPE key moves, if the model has it, else its first control
SUSTAIN, SLIDE = 64, 74  # numbers of the controllers that are the pedal, and the finger's place on an MPE key


class Keyboard:
    """Turn movements into notes of a session. `command` sends a command with its arguments."""

    def __init__(self, session: Session, origin: str, command: Callable[[str, tuple[Value, ...]], None]) -> None:
        self._session, self._origin, self._command = session, origin, command
        self._zones = Zones()
        self._held: set[tuple[int, int]] = set()
        self._moved: dict[int, dict[str, float]] = {}  # what member channels stand at, by address

    def use(self, *, mpe: bool) -> None:
        """Take channels 2 to 16 as those of single notes, whatever the controller says."""
        if mpe:
            self._zones.set(LOWER_MASTER, MOST_MEMBERS)

    def _set(self, address: str, value: float) -> None:
        self._session.set(address, (value,), self._origin)

    def _polyphonic(self) -> bool:
        return float(self._session.get("/distill/voices")) > 1

    def move(self, movement: Movement) -> None:
        """Play the movement of a key, the wheel or the pedal; others do nothing."""
        control = movement.control
        if control.kind == "note":
            self._press((control.channel, control.number), movement)
        elif self._zones.is_member(control.channel):
            self._move_member(movement)
        elif control.kind == "bend":
            self._set(BEND, MASTER_BEND * (2.0 * movement.position - 1.0))
        elif control.kind == "cc" and control.number == SUSTAIN:
            self._set(HOLD, float(movement.position >= 0.5))

    def express(self, message: PerNote) -> None:
        """Take the pressure on a key, the zones of an MPE controller, or their bend range."""
        if isinstance(message, Registered):
            self._zones.configure(message)
        elif isinstance(message, KeyPressure) and (message.channel, message.key) in self._held and self._polyphonic():
            self._command(PRESSURE, (message.key, message.position))

    def reset(self, channel: int) -> None:
        """Return wheel and pedal to rest; on an MPE member channel also bend and pressure."""
        self._set(BEND, 0.0)
        self._set(HOLD, 0.0)
        moved = self._moved.get(channel, {})
        for address in (DETUNE, PRESSURE):
            if moved.pop(address, 0.0):
                self._express(channel, address, 0.0)

    def release_all(self) -> None:
        """Let every key go. Raises the last DistillError of those that were refused."""
        held, refused = sorted(self._held), None
        self._held.clear()
        self._moved.clear()
        for _, key in held:
            try:
                self._command(NOTE, (key, 0))
            except DistillError as error:
                refused = error
        if refused is not None:
            raise refused

    def _press(self, held: tuple[int, int], movement: Movement) -> None:
        channel, key = held
        if movement.pressed:
            self._held.add(held)
            self._command(NOTE, (key, to_raw(movement.position, COARSE)))
            if self._zones.is_member(channel) and self._polyphonic():
                for address, value in self._moved.get(channel, {}).items():
                    if value:
                        self._send(address, key, value)
        elif held in self._held:
            self._held.discard(held)
            self._command(NOTE, (key, 0))

    def _move_member(self, movement: Movement) -> None:
        """Move the notes of an MPE member channel, and those that begin on it."""
        control, position = movement.control, movement.position
        if control.kind == "bend":
            address, value = DETUNE, self._zones.bend_range(control.channel) * (2.0 * position - 1.0)
        elif control.kind == "pressure":
            address, value = PRESSURE, position
        elif control.kind == "cc" and control.number == SLIDE:
            address, value = CONTROL, 2.0 * position - 1.0
        else:
            return
        self._moved.setdefault(control.channel, {})[address] = value
        self._express(control.channel, address, value)

    def _express(self, channel: int, address: str, value: float) -> None:
        """Send a value to the notes that are held on a channel."""
        if self._polyphonic():
            for _, key in sorted(held for held in self._held if held[0] == channel):
                self._send(address, key, value)

    def _send(self, address: str, key: int, value: float) -> None:
        if address != CONTROL:
            self._command(address, (key, value))
        elif names := self._session.model.controls:
            self._command(address, (key, SLID if SLID in names else names[0], value))
