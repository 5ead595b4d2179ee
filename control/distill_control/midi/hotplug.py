"""Ports that come and go: opened when they appear, let go when they vanish, retried when they were taken."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from distill_control.midi.jack_alsa import bury
from distill_control.midi.ports import (
    CLIENT,
    OnBytes,
    PortName,
    System,
    check_port,
    compiled_apis,
    device_name,
    matches,
    shut,
)
from distill_engine.errors import ControlError

POLL_SECONDS = 1.0
SEARCH_SECONDS = 3.0
"""How often a MIDI system that is missing is looked for."""

Notify = Callable[[str, str], None]


class PortSystem(Protocol):
    """What is used of `System`."""

    api: str
    alive: bool

    def inputs(self) -> list[PortName]: ...

    def outputs(self) -> list[PortName]: ...

    def open_input(self, port: str, on_bytes: OnBytes) -> Any: ...

    def open_output(self, port: str) -> Any: ...

    def open_virtual(self, on_bytes: OnBytes) -> tuple[Any, Any] | None: ...

    def close(self) -> None: ...

    def bury(self) -> None: ...


@dataclass
class Connection:
    """An open controller: what it sends on and, where it can show something, what it is told through."""

    port: PortName
    source: Any
    target: Any | None
    virtual: bool = False

    def shut(self) -> None:
        """Close both."""
        shut(self.source)
        shut(self.target)


class PortKeeper:
    """Keeps the wanted ports open. `wanted` is a part of a name; None takes all of the first system that is there;
    `none` takes no ports but our own virtual one. `output_of(port)` may name the output that goes with an input."""

    def __init__(
        self,
        wanted: str | None,
        on_bytes: OnBytes,
        notify: Notify,
        *,
        output_of: Callable[[str], str] = lambda port: "",
        systems: Callable[[], tuple[int, ...]] = compiled_apis,
        make: Callable[[int], PortSystem] = System,
    ) -> None:
        self.wanted = wanted
        self.connections: dict[str, Connection] = {}
        self._on_bytes = on_bytes
        self._output_of = output_of
        self._notify = notify
        self._apis = systems
        self._make = make
        self._fading: list[Connection] = []
        self._systems: dict[int, PortSystem] = {}
        self._refused: dict[str, str] = {}
        self._said: str | None = None
        self._polled = float("-inf")
        self._searched = float("-inf")

    def poll(self, now: float) -> tuple[list[Connection], list[Connection]]:
        """(opened, closed) since the last look; once a second at most."""
        if now - self._polled < POLL_SECONDS:
            return [], []
        self._polled = now
        closed = self._drop_dead_systems()
        self._shut_fading()
        opened = self._find_systems(now)
        there = self._inputs()
        names = {port.name for port in there}
        gone = [link for name, link in self.connections.items() if not link.virtual and name not in names]
        closed += [self._close(link) for link in gone]
        self._refused = {name: reason for name, reason in self._refused.items() if name in names}
        opened += [link for port in there if port.name not in self.connections and (link := self._open(port))]
        self._mention_missing()
        return opened, closed

    def close(self) -> None:
        """Let go of everything."""
        self._drop_dead_systems()
        self._fading += self.connections.values()
        self.connections.clear()
        for link in self._fading:
            link.shut()
        for system in self._systems.values():
            system.close()
        self._systems.clear()

    def _find_systems(self, now: float) -> list[Connection]:
        if now - self._searched < SEARCH_SECONDS:
            return []
        self._searched = now
        opened = []
        reasons = []
        for api in self._apis():
            if api in self._systems:
                continue
            try:
                system = self._make(api)
                self._systems[api] = system
                virtual = system.open_virtual(self._on_bytes)
            except ControlError as error:
                reasons.append(str(error))
                continue
            if virtual is not None:
                name = CLIENT if CLIENT not in self.connections else f"{CLIENT} {system.api}"
                link = Connection(PortName(system.api, name), virtual[0], virtual[1], virtual=True)
                self.connections[name] = link
                opened.append(link)
        if not self._systems:
            asked_for = self.wanted not in (None, "none")
            self._say(
                "warning" if asked_for else "info",
                "no MIDI: " + "; ".join(reasons or ["python-rtmidi knows no MIDI system here"]),
            )
        return opened

    def _drop_dead_systems(self) -> list[Connection]:
        closed = []
        for api, system in list(self._systems.items()):
            if system.alive:
                continue
            del self._systems[api]
            links = [link for link in self.connections.values() if link.port.api == system.api]
            closed += [self._close(link) for link in links]
            self._shut_fading(dead=system.api)
            system.bury()
            self._notify("warning", f"MIDI: {system.api} has gone; its ports are taken again when it is back")
        return closed

    def _inputs(self) -> list[PortName]:
        if self.wanted == "none" or not self._systems:
            return []
        if self.wanted is None:
            return next(iter(self._systems.values())).inputs()
        return [port for system in self._systems.values() for port in system.inputs() if matches(port, self.wanted)]

    def _open(self, port: PortName) -> Connection | None:
        system = next(system for system in self._systems.values() if system.api == port.api)
        try:
            source = system.open_input(port.name, self._on_bytes)
        except ControlError as error:
            if self._refused.get(port.name) != str(error):
                self._refused[port.name] = str(error)
                self._notify("error", str(error))
            return None
        link = Connection(port, source, self._partner(system, port))
        self.connections[port.name] = link
        self._said = None
        self._notify("info", f"MIDI: {port} is connected")
        return link

    def _partner(self, system: PortSystem, port: PortName) -> Any | None:
        """The output that the controller's map names, or else that of the same device, if it has one."""
        name, wanted = device_name(port.name), self._output_of(port.name)
        for output in system.outputs():
            same = output.name == port.name or (name and device_name(output.name) == name)
            if matches(output, wanted) if wanted else same:
                try:
                    return system.open_output(output.name)
                except ControlError:
                    return None
        return None

    def _close(self, link: Connection) -> Connection:
        self.connections.pop(link.port.name, None)
        self._fading.append(link)
        if not link.virtual:
            self._notify("warning", f"MIDI: {link.port} was unplugged; it is taken again when it is back")
        return link

    def _shut_fading(self, dead: str = "") -> None:
        """Close the ports that vanished by the last look; those of a dead system are buried instead."""
        for link in self._fading:
            if link.port.api == dead:
                bury(link.source, link.target)
            else:
                threading.Thread(target=link.shut, name="midi-close", daemon=True).start()
        self._fading.clear()

    def _mention_missing(self) -> None:
        if self.wanted in (None, "none") or any(not link.virtual for link in self.connections.values()):
            return
        try:
            check_port(str(self.wanted), [port for system in self._systems.values() for port in system.inputs()])
        except ControlError as error:
            self._say("error", str(error))

    def _say(self, level: str, text: str) -> None:
        if text != self._said:
            self._said = text
            self._notify(level, text)
