"""MIDI ports of every system: list them, open them, find them by name."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import mido

from distill_control.midi.binding import FAILURES, Client, no_system, open_client, systems
from distill_control.midi.jack_alsa import JackWatch, abandon
from distill_engine.errors import ControlError
from distill_engine.system.c_libraries import silence_jack_and_alsa
from distill_engine.system.names import printable

CLIENT = "Distill"
_ABSENT: dict[str, str] = {
    "ALSA": "ALSA's sequencer is not there (load it with `modprobe snd-seq`)",
    "JACK": "no JACK server is running",
    "CoreMIDI": "CoreMIDI does not answer",
    "WinMM": "Windows' MIDI service does not answer",
}
_IGNORED = (CLIENT, "Midi Through", "RtMidi")

OnBytes = Callable[[str, bytes], None]
"""`on_bytes(port, message)`: called in a thread of the MIDI system."""


@dataclass(frozen=True, order=True)
class PortName:
    """A port of a MIDI system (`api` is ALSA, JACK, CoreMIDI or WinMM)."""

    api: str
    name: str

    def __str__(self) -> str:
        return f"{self.api}: {printable(self.name)}"


@dataclass
class PortList:
    """All input and output ports, and per missing system the reason."""

    inputs: list[PortName] = field(default_factory=list)
    outputs: list[PortName] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the list as lines of text."""
        lines = [f"input   {port}" for port in self.inputs] + [f"output  {port}" for port in self.outputs]
        missing = [f"({api} is missing: {reason})" for api, reason in self.missing.items()]
        return (lines or ["no MIDI ports"]) + missing


class System:
    """One open MIDI system; listing its ports needs no new client each time.

    Raises:
        ControlError: if the system is not there.
    """

    def __init__(self, api: str) -> None:
        self.api = api
        self.alive = True
        silence_jack_and_alsa()
        try:
            self._input = open_client(api, f"{CLIENT} list")
            self._output = open_client(api, f"{CLIENT} list", output=True)
            self._watch = JackWatch(self._ended) if api == "JACK" else None
        except FAILURES:
            raise ControlError(_ABSENT.get(api, f"{api} does not answer")) from None

    def inputs(self) -> list[PortName]:
        """Return the input ports, except Distill's own."""
        return self._names(self._input)

    def outputs(self) -> list[PortName]:
        """Return the output ports, except Distill's own."""
        return self._names(self._output)

    def open_input(self, port: str, on_bytes: OnBytes) -> Client:
        """Open an input port. Raises ControlError if it has vanished or is in use."""
        client = self._open(self._input, port, output=False)
        client.listen(partial(on_bytes, port))
        return client

    def open_output(self, port: str) -> Client:
        """Open an output port. Raises ControlError if it has vanished or is in use."""
        return self._open(self._output, port, output=True)

    def open_virtual(self, on_bytes: OnBytes) -> tuple[Client, Client] | None:
        """Open a virtual input and output for other programs; None on Windows, which has none.

        Raises:
            ControlError: if they cannot be created.
        """
        if self.api == "WinMM":
            return None
        try:
            source = open_client(self.api, CLIENT)
            source.open_virtual("control")
            source.listen(partial(on_bytes, CLIENT))
            target = open_client(self.api, f"{CLIENT} out", output=True)
            target.open_virtual("feedback")
        except FAILURES as error:
            raise ControlError(f"{self.api}: the virtual port cannot be created: {error}") from None
        return source, target

    def close(self) -> None:
        """Close the system."""
        if self._watch is not None:
            self._watch.close()
        self._input.close()
        self._output.close()

    def abandon(self) -> None:
        """Leave a system whose server has ended, without closing its clients."""
        abandon(self._input, self._output, self._watch)

    def _ended(self) -> None:
        self.alive = False

    def _names(self, client: Client) -> list[PortName]:
        try:
            names = client.names() if self.alive else []
        except FAILURES:
            names = []
        return [PortName(self.api, name) for name in names if not name.startswith(_IGNORED)]

    def _open(self, listing: Client, port: str, *, output: bool) -> Client:
        client = None
        try:
            index = listing.names().index(port)
            client = open_client(self.api, f"{CLIENT} {port}"[:60].replace(":", " "), output=output)
            client.open(index, "out" if output else "in")
        except FAILURES as error:
            if client is not None:
                client.close()
            reason = "it has vanished" if isinstance(error, ValueError) else str(error) or "another program uses it"
            raise ControlError(f"MIDI port {port} cannot be opened: {reason}") from None
        return client


def list_midi() -> PortList:
    """Return all ports of all systems."""
    ports = PortList()
    for api in systems():
        try:
            system = System(api)
        except ControlError as error:
            ports.missing[api] = str(error)
            continue
        ports.inputs += system.inputs()
        ports.outputs += system.outputs()
        system.close()
    if not systems():
        ports.missing[sys.platform] = no_system()
    return ports


def matches(port: PortName, wanted: str) -> bool:
    """Return whether `wanted` names a port: a part of its name, ignoring case.

    The system may stand before it (`jack:launch`).
    """
    api, colon, name = wanted.partition(":")
    if colon and api.strip().casefold() == port.api.casefold():
        wanted = name
    return wanted.strip().casefold() in port.name.casefold()


def check_port(wanted: str, ports: Sequence[PortName]) -> None:
    """Check that a port exists.

    Raises:
        ControlError: if no port matches; names those that exist.
    """
    if not any(matches(port, wanted) for port in ports):
        there = ", ".join(str(port) for port in ports) or "none"
        raise ControlError(
            f"there is no MIDI port `{wanted}` yet; it is used when it is plugged in (there are: {there})"
        )


def device_name(port: str) -> str:
    """Return the part of a port's name that a controller's input and output share.

    That is the name without numbers and words such as in, out, capture.
    """
    words = port.replace(":", " ").replace("_", " ").casefold().split()
    drop = ("in", "out", "input", "output", "capture", "playback", "midi")
    kept = [word for word in words if word not in drop and not word.isdigit()]
    return " ".join(dict.fromkeys(kept))


def read_message(data: bytes) -> Any | None:
    """Return the mido message in bytes from a port; None if they are not a message."""
    try:
        return mido.Message.from_bytes(data)
    except (ValueError, IndexError, KeyError, TypeError):
        return None
