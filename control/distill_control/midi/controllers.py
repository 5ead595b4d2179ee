"""All connected controllers together: messages to the right one, learning across them, feedback to each."""

from collections.abc import Callable
from typing import Any

from distill_control.arguments import Value
from distill_control.midi.binding import Binding, learned_binding
from distill_control.midi.controller import Controller
from distill_control.midi.decoder import Gesture, Movement
from distill_control.midi.learn import Learn
from distill_control.midi.map_store import MapShelf, with_learned
from distill_control.session import Session, Subscription
from distill_control.session.subscriptions import Changes
from distill_engine.errors import ControlError

NOTICE_SECONDS = 0.5
"""Least time between two lines about what is being learned, while several controls move."""

Notify = Callable[[str, str], None]


class Rack:
    """Controllers by port name. Belongs to one thread; `post` has that thread do something later."""

    def __init__(
        self, session: Session, shelf: MapShelf, notify: Notify, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self.session = session
        self.shelf = shelf
        self.learn = Learn()
        self.controllers: dict[str, Controller] = {}
        self._notify = notify
        self._post = post
        self._noticed = float("-inf")
        self._targets: dict[str, Any] = {}

    def add(self, port: str, target: Any | None = None) -> None:
        """A controller was plugged in; `target` is the open output it is shown things through."""
        self.controllers[port] = Controller(self.session, port, self.shelf.for_port(port), self._notify)
        if target is not None:
            self._targets[port] = target
            self._subscribe(port)

    def remove(self, port: str) -> None:
        """A controller was unplugged. What its keys held is let go."""
        controller = self.controllers.pop(port, None)
        self._targets.pop(port, None)
        self.session.unsubscribe(f"midi:{port}")
        if controller is not None:
            controller.let_go()

    def clear(self) -> None:
        """All controllers are taken away."""
        for port in list(self.controllers):
            self.session.unsubscribe(f"midi:{port}")
        self.controllers.clear()
        self._targets.clear()

    def handle(self, port: str, message: Any, now: float) -> None:
        """One mido message of a controller."""
        controller = self.controllers.get(port)
        if controller is not None:
            self._perform(controller, controller.understand(message, now), now)

    def tick(self, now: float) -> None:
        """What time brings: halves that stay alone, a learned control, changed map files, feedback."""
        for controller in self.controllers.values():
            self._perform(controller, controller.decoder.flush(now), now)
        self._settle(now)
        if self.learn.address is None and self.shelf.poll(now):
            self._use_maps()
        for port, target in list(self._targets.items()):
            self._send(port, target, now)

    def awaiting(self) -> bool:
        """Whether a controller has sent half of something."""
        return any(controller.decoder.awaiting() for controller in self.controllers.values())

    def cancel(self) -> None:
        """Stop learning; what steered what before does so again."""
        self.learn.cancel()
        self._use_maps()

    def forget(self, address: str) -> bool:
        """Take everything off an address, in force and in the files. False if nothing steered it."""
        found = False
        for port, controller in self.controllers.items():
            if any(binding.target == address for binding in controller.map.bindings):
                self.shelf.forget(port, address)
                found = True
        self._use_maps()
        return found

    def listing(self) -> list[Value]:
        """address, controller, address, controller, ... of everything in force."""
        return [
            text
            for port, controller in self.controllers.items()
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
        controller.use(with_learned(controller.map, binding))
        if now - self._noticed >= NOTICE_SECONDS:
            self._noticed = now
            self._notify("info", f"MIDI: {movement.control} of {controller.name} steers {binding.target}")

    def _settle(self, now: float) -> None:
        settled = self.learn.settled(now)
        if settled is None:
            return
        address, port, control = settled
        try:
            binding: Binding = learned_binding(control, address)
            path = self.shelf.learned(port, binding)
            self._notify("info", f"MIDI: {control} of {port} is learned for {address}, saved in {path}")
            self._use_maps()
        except ControlError as error:
            self._notify("error", f"MIDI: learned for now, but not saved: {error}")

    def _use_maps(self) -> None:
        for port, controller in self.controllers.items():
            midi_map = self.shelf.for_port(port)
            if midi_map != controller.map:
                controller.use(midi_map)
                if port in self._targets:
                    self._subscribe(port)

    def _subscribe(self, port: str) -> None:
        """Ask the session for changes, with all present values first."""

        def deliver(changes: Changes) -> None:
            self._post(lambda: self._show(port, changes))

        origins = frozenset({f"midi:{port}"})
        try:
            self.session.subscribe(Subscription(f"midi:{port}", deliver, origins))
        except ControlError as error:
            self._notify("warning", f"MIDI: {port} shows nothing: {error}")

    def _show(self, port: str, changes: Changes) -> None:
        controller = self.controllers.get(port)
        if controller is not None:
            controller.show(changes)

    def _send(self, port: str, target: Any, now: float) -> None:
        for message in self.controllers[port].feedback.collect(now):
            try:
                target.send_message(message.bytes())
            except (OSError, RuntimeError, ValueError) as error:
                self._notify("warning", f"MIDI: {port} can be shown nothing more: {error}")
                self._targets.pop(port, None)
                return
