"""All connected controllers: pass messages to each, learn across them, send feedback to each."""

from collections.abc import Callable
from typing import Any

from distill_control.arguments import Value
from distill_control.midi.controller import Controller
from distill_control.midi.decoder import Gesture, Movement
from distill_control.midi.learn import Learn
from distill_control.midi.maps.binding import Binding, learned_binding
from distill_control.midi.maps.map_store import MapStore, with_learned
from distill_control.session import Session, Subscription
from distill_control.session.subscriptions import Changes
from distill_engine.errors import ControlError

NOTICE_SECONDS = 0.5
"""Least time between two messages about a control that is being learned."""

Notify = Callable[[str, str], None]


class Controllers:
    """The connected controllers by port name.

    Not thread-safe: the MIDI thread uses it. `post` runs a function in that thread later.
    """

    def __init__(
        self, session: Session, map_store: MapStore, notify: Notify, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self.session = session
        self.map_store = map_store
        self.learn = Learn()
        self.by_port: dict[str, Controller] = {}
        self._notify = notify
        self._post = post
        self._notified_at = float("-inf")
        self._outputs: dict[str, Any] = {}

    def add(self, port: str, output: Any | None = None) -> None:
        """Add a controller that was plugged in; `output` is its open output port for feedback."""
        self.by_port[port] = Controller(self.session, port, self.map_store.for_port(port), self._notify)
        if output is not None:
            self._outputs[port] = output
            self._subscribe(port)

    def remove(self, port: str) -> None:
        """Remove a controller that was unplugged, and release its pressed keys."""
        controller = self.by_port.pop(port, None)
        self._outputs.pop(port, None)
        self.session.unsubscribe(f"midi:{port}")
        if controller is not None:
            controller.release_all()

    def clear(self) -> None:
        """Remove all controllers at the end of the service."""
        for port in list(self.by_port):
            self.session.unsubscribe(f"midi:{port}")
        self.by_port.clear()
        self._outputs.clear()

    def handle(self, port: str, message: Any, now: float) -> None:
        """Handle a mido message of a controller that arrived at `now` seconds."""
        controller = self.by_port.get(port)
        if controller is not None:
            self._perform(controller, controller.decode(message, now), now)

    def tick(self, now: float) -> None:
        """Do what depends on time; `now` is in seconds.

        Coarse halves whose fine half is missing, the end of learning, changed map files, feedback.
        """
        for controller in self.by_port.values():
            self._perform(controller, controller.decoder.flush(now), now)
        self._finish_learning(now)
        if self.learn.address is None and self.map_store.poll(now):
            self._use_maps()
        for port, output in list(self._outputs.items()):
            self._send_feedback(port, output, now)

    def awaiting(self) -> bool:
        """Return whether a controller has sent a coarse half whose fine half is missing."""
        return any(controller.decoder.awaiting() for controller in self.by_port.values())

    def cancel(self) -> None:
        """Stop learning and restore the bindings from before."""
        self.learn.cancel()
        self._use_maps()

    def forget(self, address: str) -> bool:
        """Remove every binding of an address, from the maps in use and from their files.

        Returns False if no controller is bound to the address. Raises ControlError if a file cannot
        be changed.
        """
        found = False
        for port, controller in self.by_port.items():
            if any(binding.target == address for binding in controller.map.bindings):
                self.map_store.forget(port, address)
                found = True
        self._use_maps()
        return found

    def listing(self) -> list[Value]:
        """Return address, control, address, control ... of every binding in use."""
        return [
            text
            for port, controller in self.by_port.items()
            for binding in controller.map.bindings
            for text in (binding.target, f"{binding.control} {port}")
        ]

    def _perform(self, controller: Controller, gestures: list[Gesture], now: float) -> None:
        for gesture in gestures:
            if isinstance(gesture, Movement):
                self._try_to_learn(controller, gesture, now)
            controller.perform((gesture,), now)

    def _try_to_learn(self, controller: Controller, movement: Movement, now: float) -> None:
        before = self.learn.candidate
        if not self.learn.feed(controller.name, movement, now) or self.learn.candidate == before:
            return
        try:
            binding = learned_binding(movement.control, str(self.learn.address))
        except ControlError as error:
            self.learn.cancel()
            self._notify("error", f"MIDI: {error}")
            return
        self._use_maps()
        controller.use_map(with_learned(controller.map, binding))
        if now - self._notified_at >= NOTICE_SECONDS:
            self._notified_at = now
            self._notify("info", f"MIDI: {movement.control} of {controller.name} sets {binding.target}")

    def _finish_learning(self, now: float) -> None:
        settled = self.learn.settled(now)
        if settled is None:
            return
        address, port, control = settled
        try:
            binding: Binding = learned_binding(control, address)
            path = self.map_store.learned(port, binding)
            self._notify("info", f"MIDI: learned {control} of {port} for {address}, saved in {path}")
            self.session.broadcast("/distill/midi/learned", address, f"{control} {port}")
            self._use_maps()
        except ControlError as error:
            self._notify("error", f"MIDI: learned, but not saved: {error}")

    def _use_maps(self) -> None:
        for port, controller in self.by_port.items():
            midi_map = self.map_store.for_port(port)
            if midi_map != controller.map:
                controller.use_map(midi_map)
                if port in self._outputs:
                    self._subscribe(port)

    def _subscribe(self, port: str) -> None:
        """Subscribe a controller to changes; it gets all current values first."""

        def deliver(changes: Changes) -> None:
            self._post(lambda: self._show(port, changes))

        origins = frozenset({f"midi:{port}"})
        try:
            self.session.subscribe(Subscription(f"midi:{port}", deliver, origins))
        except ControlError as error:
            self._notify("warning", f"MIDI: no feedback to {port}: {error}")

    def _show(self, port: str, changes: Changes) -> None:
        controller = self.by_port.get(port)
        if controller is not None:
            controller.show(changes)

    def _send_feedback(self, port: str, output: Any, now: float) -> None:
        for message in self.by_port[port].feedback.collect(now):
            try:
                output.send_message(message.bytes())
            except (OSError, RuntimeError, ValueError) as error:
                self._notify("warning", f"MIDI: feedback to {port} has stopped: {error}")
                self._outputs.pop(port, None)
                return
