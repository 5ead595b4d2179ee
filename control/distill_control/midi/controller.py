"""One connected controller: its messages go to the session, changes go back to it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from distill_control.arguments import Value
from distill_control.midi.controls import Control, to_raw
from distill_control.midi.decoder import COARSE, FINE, ChannelMode, Clock, Decoder, Gesture, Movement, ProgramChange
from distill_control.midi.feedback import ControllerFeedback
from distill_control.midi.keyboard import Keyboard
from distill_control.midi.maps.binding import Binding, MidiMap, Scale, encoder_steps
from distill_control.midi.maps.takeover import Takeover
from distill_control.midi.mpe import PerNote
from distill_control.midi.tempo import TempoTracker
from distill_control.session import Session
from distill_engine.errors import ControlError, DistillError

Notify = Callable[[str, str], None]

REPEAT_SECONDS = 5.0  # least time between two reports of the same error
_REPORT_LIMIT = 100  # errors whose last report is remembered
_ENCODER_RANGE_STEPS = 127.0  # steps of an endless encoder for a parameter's whole range


@dataclass
class _State:
    """The state of one binding."""

    takeover: Takeover
    scale: Scale
    held: set[tuple[int, int]] = field(default_factory=set)
    """Notes or buttons that are pressed: (channel, number)."""
    sent: tuple[Value, ...] | None = None
    """Last values of a swept command or setting, so that only changes are sent."""
    fine: bool = False
    """Whether the control last sent 14 bits; feedback then has 14 bits too."""


class Controller:
    """A connected controller, or the virtual port. Not thread-safe: the MIDI thread uses it.

    `name` is the port's name. `clock` returns seconds.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        midi_map: MidiMap,
        notify: Notify,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.name = session, name
        self.origin = f"midi:{name}"
        self.feedback = ControllerFeedback()
        self.map = midi_map
        self._notify = notify
        self._clock = clock
        self._reported: dict[str, float] = {}
        self._tempo = TempoTracker()
        self._keyboard = Keyboard(session, self.origin, self._command)
        self._states: list[_State] = []
        self.decoder = Decoder(
            lambda channel, number: self.map.claims(channel, number),
            lambda channel, number: self.map.pairs(channel, number),
        )
        self.use_map(midi_map)

    def use_map(self, midi_map: MidiMap) -> None:
        """Use another map; bindings that are in both maps keep their state."""
        kept = dict(zip(self.map.bindings, self._states, strict=False))
        self.map = midi_map
        self._keyboard.use(mpe=midi_map.mpe)
        self._states = [
            kept.get(binding) or _State(Takeover(binding.takeover or midi_map.takeover), binding.scale())
            for binding in midi_map.bindings
        ]
        self.feedback.forget()

    def decode(self, message: Any, now: float) -> list[Gesture]:
        """Return the gestures in a mido message that arrived at `now` seconds."""
        if self.map.channel and getattr(message, "channel", self.map.channel - 1) != self.map.channel - 1:
            return []
        return self.decoder.feed(message, now)

    def perform(self, gestures: Iterable[Gesture], now: float) -> None:
        """Carry out gestures. Errors are reported to the user, at a limited rate."""
        for gesture in gestures:
            try:
                self._perform(gesture, now)
            except DistillError as error:
                self._report(str(error))

    def show(self, changes: Iterable[tuple[str, Value]]) -> None:
        """Queue feedback for changes that others have made: (address, value) pairs."""
        if not self.map.feedback:
            return
        changed = dict(changes)
        for index, (binding, state) in enumerate(zip(self.map.bindings, self._states, strict=True)):
            if binding.feedback and binding.row.kind in ("parameter", "setting"):
                value = changed.get(self._public_address(binding))
                if value is not None:
                    self._queue_feedback(index, binding, state, value)

    def release_all(self) -> None:
        """Release every pressed key and button, because the controller was unplugged."""
        try:
            self._keyboard.release_all()
        except DistillError as error:
            self._report(str(error))
        for binding, state in zip(self.map.bindings, self._states, strict=True):
            if state.held:
                state.held.clear()
                try:
                    self._end_gate(binding, state)
                except DistillError as error:
                    self._report(str(error))

    # ---- private

    def _perform(self, gesture: Gesture, now: float) -> None:
        if isinstance(gesture, Movement):
            bound = self.map.find(gesture.control)
            for index in bound:
                self._move(index, gesture)
            if not bound and self.map.notes:
                self._keyboard.move(gesture)
        elif isinstance(gesture, PerNote):
            self._keyboard.express(gesture)
        elif isinstance(gesture, ProgramChange):
            if self.map.programs:
                glide = self.map.preset_glide_seconds
                self._command("/distill/preset/recall", (gesture.number, *((glide,) if glide else ())))
        elif isinstance(gesture, Clock):
            self._clock_message(gesture, now)
        else:
            self._channel_mode(gesture)

    def _clock_message(self, gesture: Clock, now: float) -> None:
        if gesture.action == "tick":
            bpm = self._tempo.tick(now) if self.map.clock else None
            if bpm is not None:
                self.session.set("/distill/source/tempo", [bpm], self.origin)
            return
        if gesture.action == "start":
            self._tempo.reset()
        if self.map.transport:
            if gesture.action == "start":
                self._command("/distill/source/trigger")
            self._command("/distill/stop" if gesture.action == "stop" else "/distill/play")

    def _channel_mode(self, gesture: ChannelMode) -> None:
        """Handle a channel mode message.

        Reset all controllers forgets positions and returns pitch bend and pressure to rest. All
        sound off and all notes off release every key and send panic.
        """
        for binding, state in zip(self.map.bindings, self._states, strict=True):
            if gesture.action == "reset":
                state.takeover.release()
                if binding.control.kind in ("bend", "pressure") and binding.is_parameter:
                    rest = 0.5 if binding.control.kind == "bend" else 0.0
                    self._set(binding, state, state.scale.value(rest))
        if gesture.action == "reset" and self.map.notes:
            self._keyboard.reset(gesture.channel)
        if gesture.action != "reset":
            self.release_all()
            self._command("/distill/panic")

    def _move(self, index: int, movement: Movement) -> None:
        binding, state = self.map.bindings[index], self._states[index]
        state.fine = movement.steps == FINE
        if binding.action == "absolute" and movement.pressed is not False:
            self._absolute(index, binding, state, movement)
        elif binding.action == "relative":
            self._relative(binding, state, movement)
        elif binding.action in ("gate", "toggle", "trigger"):
            self._press(index, binding, state, movement)

    def _absolute(self, index: int, binding: Binding, state: _State, movement: Movement) -> None:
        if not binding.is_parameter:
            self._sweep(binding, state, movement.position)
            return
        current = state.scale.position(float(self.session.get(binding.target)))
        position = state.takeover.move(movement.position, current, 1.0 / movement.steps)
        if position is not None:
            taken = self._set(binding, state, state.scale.value(position))
            state.takeover.applied(state.scale.position(taken))
        self.feedback.moved(index, movement.position)

    def _relative(self, binding: Binding, state: _State, movement: Movement) -> None:
        steps = encoder_steps(to_raw(movement.position, COARSE), binding.encoding)
        current = state.scale.position(float(self.session.get(binding.target)))
        self._set(binding, state, state.scale.value(min(max(current + steps / _ENCODER_RANGE_STEPS, 0.0), 1.0)))

    def _sweep(self, binding: Binding, state: _State, position: float) -> None:
        """Send a command or setting with its swept argument at a position: a choice or a number."""
        argument = binding.swept
        if argument is not None and argument.choices:
            share = 1.0 - position if binding.invert else position
            word: Value = argument.choices[min(int(share * len(argument.choices)), len(argument.choices) - 1)]
        else:
            word = state.scale.value(position)
        values = (*binding.arguments, word)
        if values != state.sent:
            state.sent = values
            self._send(binding, values)

    def _press(self, index: int, binding: Binding, state: _State, movement: Movement) -> None:
        key = (movement.control.channel, movement.control.number)
        down = movement.position >= 0.5 if movement.pressed is None else movement.pressed
        if not down:
            if key in state.held:
                state.held.discard(key)
                if binding.action == "gate" and not state.held:
                    self._end_gate(binding, state)
                    self._show_press(index, binding, state)
            return
        already_down = key in state.held and movement.pressed is None
        state.held.add(key)
        if already_down:
            return
        if not binding.is_parameter:
            self._send(binding, binding.arguments)
        else:
            self._set(binding, state, self._pressed_value(binding, state, movement))
            self._show_press(index, binding, state)

    def _pressed_value(self, binding: Binding, state: _State, movement: Movement) -> float:
        if binding.action == "toggle":
            current = state.scale.position(float(self.session.get(binding.target)))
            return state.scale.value(0.0 if current >= 0.5 else 1.0)
        return state.scale.value(movement.position if binding.velocity else 1.0)

    def _end_gate(self, binding: Binding, state: _State) -> None:
        """Send what follows the release of a gate: the low value, `release`, or stop after play."""
        if binding.action != "gate":
            return
        if binding.is_parameter:
            self._set(binding, state, state.scale.value(0.0))
        elif binding.release:
            self._send(binding, binding.release)
        elif binding.target == "/distill/play":
            self._command("/distill/stop")

    def _set(self, binding: Binding, state: _State, value: float) -> float:
        glide = self.map.glide_seconds if binding.glide_seconds is None else binding.glide_seconds
        values = (value, glide) if binding.row.ramped and glide else (value,)
        taken = self.session.set(binding.target, values, self.origin)
        return value if taken is None else float(taken)

    def _send(self, binding: Binding, values: tuple[Value, ...]) -> None:
        if binding.row.kind == "setting":
            self.session.set(binding.target, values, self.origin, self._reply)
        else:
            self._command(binding.target, values)

    def _command(self, address: str, arguments: tuple[Value, ...] = ()) -> None:
        self.session.command(address, arguments, self.origin, self._reply)

    def _reply(self, address: str, *arguments: Value) -> None:
        if address == "/distill/error":
            self._report(" ".join(str(word) for word in arguments[1:]) or "refused")

    def _report(self, text: str) -> None:
        """Show an error to the user, unless it was shown a short time ago."""
        now = self._clock()
        if now - self._reported.get(text, float("-inf")) < REPEAT_SECONDS:
            return
        if len(self._reported) > _REPORT_LIMIT:
            self._reported.clear()
        self._reported[text] = now
        self._notify("error", f"MIDI {self.name}: {text}")

    def _public_address(self, binding: Binding) -> str:
        """Return the address of changes of a binding's target (controls by name)."""
        try:
            parameter_index = self.session.resolve(binding.target)[1]
        except ControlError:
            return ""
        return binding.target if parameter_index is None else self.session.public_address(parameter_index) or ""

    def _show_press(self, index: int, binding: Binding, state: _State) -> None:
        """Queue feedback for a button's own press: a button does not light itself."""
        if self.map.feedback and binding.feedback and binding.control.kind in ("note", "cc"):
            self._queue_feedback(index, binding, state, self.session.get(binding.target))

    def _queue_feedback(self, index: int, binding: Binding, state: _State, value: Value) -> None:
        position: float
        choices = binding.swept.choices if binding.swept and not binding.is_parameter else ()
        if isinstance(value, str):
            if value not in choices or len(choices) < 2:
                return
            position = choices.index(value) / (len(choices) - 1)
        else:
            position = state.scale.position(float(value))
        control: Control = binding.control if binding.control.channel else binding.control.on(self.map.channel)
        self.feedback.show(index, control, position, fine=state.fine)
