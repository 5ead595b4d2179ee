"""Hot-plug: open ports when they appear, close them when they vanish, retry those in use."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from distill_control.midi.binding import no_system, systems
from distill_control.midi.jack_alsa import abandon
from distill_control.midi.ports import (
    CLIENT,
    OnBytes,
    PortName,
    System,
    check_port,
    device_name,
    matches,
)
from distill_engine.errors import ControlError

POLL_SECONDS = 1.0
"""Least time between two looks for ports."""
SEARCH_SECONDS = 3.0
"""Least time between two looks for a MIDI system that is missing."""
START_SECONDS, START_POLL_SECONDS = 15.0, 0.5
"""Time after the first look, and least time between two looks for ports or systems within it.

What starts together with the engine is then found soon.
"""

Notify = Callable[[str, str], None]


class PortSystem(Protocol):
    """A MIDI system (`ports.System`); `alive` is False once its server has ended."""

    api: str
    alive: bool

    def inputs(self) -> list[PortName]:
        """Return the input ports, except Distill's own."""

    def outputs(self) -> list[PortName]:
        """Return the output ports, except Distill's own."""

    def open_input(self, port: str, on_bytes: OnBytes) -> Any:
        """Open an input port. Raises ControlError if it has vanished or is in use."""

    def open_output(self, port: str) -> Any:
        """Open an output port. Raises ControlError if it has vanished or is in use."""

    def open_virtual(self, on_bytes: OnBytes) -> tuple[Any, Any] | None:
        """Open a virtual input and output; None if the system has no virtual ports."""

    def close(self) -> None:
        """Close the system."""

    def abandon(self) -> None:
        """Leave a system whose server has ended, without closing its clients."""


@dataclass
class Connection:
    """An open controller: `source` receives its messages, `target` sends it feedback."""

    port: PortName
    source: Any
    target: Any | None
    virtual: bool = False

    def close(self) -> None:
        """Close both ports."""
        self.source.close()
        if self.target is not None:
            self.target.close()


class PortKeeper:
    """Keep the wanted ports open.

    `wanted` is a part of a port's name. None is every port of the first system that is present,
    `none` no port but Distill's virtual one. `output_of(port)` returns a part of the name of the
    output that belongs to an input, or an empty text.
    """

    def __init__(
        self,
        wanted: str | None,
        on_bytes: OnBytes,
        notify: Notify,
        *,
        output_of: Callable[[str], str] = lambda port: "",
        systems: Callable[[], tuple[str, ...]] = systems,
        make: Callable[[str], PortSystem] = System,
    ) -> None:
        self.wanted = wanted
        self.connections: dict[str, Connection] = {}
        self._on_bytes = on_bytes
        self._output_of = output_of
        self._notify = notify
        self._apis = systems
        self._make = make
        self._closing: list[Connection] = []
        self._systems: dict[str, PortSystem] = {}
        self._refused: dict[str, str] = {}
        self._noticed: set[str] = set()
        self._began: float | None = None
        self._polled = float("-inf")
        self._searched = float("-inf")

    def poll(self, now: float) -> tuple[list[Connection], list[Connection]]:
        """Return the connections opened and closed since the last look, at most once a second.

        After the start it is twice a second. `now` is in seconds.
        """
        if now - self._polled < self._pause(POLL_SECONDS, now):
            return [], []
        self._began = now if self._began is None else self._began
        self._polled = now
        closed = self._drop_dead_systems()
        self._close_vanished()
        opened = self._find_systems(now)
        inputs = self._inputs()
        names = {port.name for port in inputs}
        gone = [
            connection for name, connection in self.connections.items() if not connection.virtual and name not in names
        ]
        closed += [self._close(connection) for connection in gone]
        self._refused = {name: reason for name, reason in self._refused.items() if name in names}
        opened += [
            connection for port in inputs if port.name not in self.connections and (connection := self._open(port))
        ]
        self._report_missing()
        return opened, closed

    def close(self) -> None:
        """Close all ports and systems."""
        self._drop_dead_systems()
        self._closing += self.connections.values()
        self.connections.clear()
        for connection in self._closing:
            connection.close()
        for system in self._systems.values():
            system.close()
        self._systems.clear()

    def _pause(self, usual: float, now: float) -> float:
        """Return the least time between two looks, which usually is `usual`."""
        return START_POLL_SECONDS if self._began is not None and now - self._began < START_SECONDS else usual

    def _find_systems(self, now: float) -> list[Connection]:
        if now - self._searched < self._pause(SEARCH_SECONDS, now):
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
                connection = Connection(PortName(system.api, name), virtual[0], virtual[1], virtual=True)
                self.connections[name] = connection
                opened.append(connection)
        if not self._systems:
            asked_for = self.wanted not in (None, "none")
            self._notify_once(
                "warning" if asked_for else "info",
                "no MIDI: " + "; ".join(reasons or [no_system()]),
            )
        return opened

    def _drop_dead_systems(self) -> list[Connection]:
        closed = []
        for api, system in list(self._systems.items()):
            if system.alive:
                continue
            del self._systems[api]
            connections = [connection for connection in self.connections.values() if connection.port.api == system.api]
            closed += [self._close(connection) for connection in connections]
            self._close_vanished(dead=system.api)
            system.abandon()
            self._noticed.clear()
            self._notify("warning", f"MIDI: {system.api} has gone; its ports are opened again when it is back")
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
        connection = Connection(port, source, self._partner(system, port))
        self.connections[port.name] = connection
        self._noticed.clear()
        self._notify("info", f"MIDI: {port} is connected")
        return connection

    def _partner(self, system: PortSystem, port: PortName) -> Any | None:
        """Open the output that the controller's map names, else that of the same device.

        Returns None if there is none.
        """
        name, wanted = device_name(port.name), self._output_of(port.name)
        for output in system.outputs():
            same = output.name == port.name or (name and device_name(output.name) == name)
            if matches(output, wanted) if wanted else same:
                try:
                    return system.open_output(output.name)
                except ControlError:
                    return None
        return None

    def _close(self, connection: Connection) -> Connection:
        self.connections.pop(connection.port.name, None)
        self._closing.append(connection)
        if not connection.virtual:
            self._notify("warning", f"MIDI: {connection.port} was unplugged; it is opened again when it is back")
        return connection

    def _close_vanished(self, dead: str = "") -> None:
        """Close the ports that have vanished; abandon those of a system that has ended."""
        for connection in self._closing:
            if connection.port.api == dead:
                abandon(connection.source, connection.target)
            else:
                threading.Thread(target=connection.close, name="midi-close", daemon=True).start()
        self._closing.clear()

    def _report_missing(self) -> None:
        if self.wanted in (None, "none") or any(not connection.virtual for connection in self.connections.values()):
            return
        try:
            check_port(str(self.wanted), [port for system in self._systems.values() for port in system.inputs()])
        except ControlError as error:
            self._notify_once("warning", str(error))

    def _notify_once(self, level: str, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._notify(level, text)
