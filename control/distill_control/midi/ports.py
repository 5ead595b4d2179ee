"""MIDI ports of every system that rtmidi was built for: listing, opening, and noticing that they come and go."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mido
import rtmidi

from distill_control.midi.jack_alsa import JackWatch, bury
from distill_engine.errors import ControlError
from distill_engine.system.c_libraries import silence_jack_and_alsa

CLIENT = "Distill"
API_NAMES: dict[int, str] = {
    rtmidi.API_LINUX_ALSA: "ALSA",
    rtmidi.API_UNIX_JACK: "JACK",
    rtmidi.API_MACOSX_CORE: "CoreMIDI",
    rtmidi.API_WINDOWS_MM: "WinMM",
}
_ABSENT: dict[str, str] = {
    "ALSA": "ALSA's sequencer is not there (on Linux: `modprobe snd-seq`)",
    "JACK": "no JACK server runs",
    "CoreMIDI": "CoreMIDI does not answer",
    "WinMM": "Windows' MIDI service does not answer",
}
_IGNORED = (CLIENT, "Midi Through", "RtMidi")

OnBytes = Callable[[str, bytes], None]
"""`on_bytes(port, message)`: called from the MIDI system's own thread."""


@dataclass(frozen=True, order=True)
class PortName:
    """A port of a MIDI system (`api` is ALSA, JACK, CoreMIDI or WinMM)."""

    api: str
    name: str

    def __str__(self) -> str:
        return f"{self.api}: {self.name}"


@dataclass
class PortList:
    """What there is: inputs (controllers that send), outputs (that can be sent to), and why a system is missing."""

    inputs: list[PortName] = field(default_factory=list)
    outputs: list[PortName] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The list for people, one line each."""
        lines = [f"input   {port}" for port in self.inputs] + [f"output  {port}" for port in self.outputs]
        missing = [f"({api} is missing: {reason})" for api, reason in self.missing.items()]
        return (lines or ["no MIDI ports"]) + missing


class System:
    """One MIDI system, held open: its ports can be listed without making a client each time.

    Raises:
        ControlError: if the system is not there now.
    """

    def __init__(self, api: int) -> None:
        self.api = API_NAMES.get(api, str(api))
        self.alive = True
        self._number = api
        silence_jack_and_alsa()
        try:
            self._input = rtmidi.MidiIn(api, name=f"{CLIENT} list")
            self._output = rtmidi.MidiOut(api, name=f"{CLIENT} list")
            self._watch = JackWatch(self._ended) if self.api == "JACK" else None
        except (rtmidi.RtMidiError, OSError, RuntimeError):
            raise ControlError(_ABSENT.get(self.api, f"{self.api} does not answer")) from None

    def inputs(self) -> list[PortName]:
        """Ports that can be listened to, other than our own."""
        return self._names(self._input)

    def outputs(self) -> list[PortName]:
        """Ports that can be sent to, other than our own."""
        return self._names(self._output)

    def open_input(self, port: str, on_bytes: OnBytes) -> Any:
        """Listen to a port. Raises ControlError if it is gone or taken by another program."""
        return self._open(rtmidi.MidiIn, self._input, port, on_bytes)

    def open_output(self, port: str) -> Any:
        """Send to a port. Raises ControlError if it is gone or taken by another program."""
        return self._open(rtmidi.MidiOut, self._output, port, None)

    def open_virtual(self, on_bytes: OnBytes) -> tuple[Any, Any] | None:
        """An input and an output of our own that others connect to; None on Windows, which has none."""
        if self.api == "WinMM":
            return None
        try:
            source = rtmidi.MidiIn(self._number, name=CLIENT)
            source.ignore_types(sysex=True, timing=False, active_sense=True)
            source.open_virtual_port("control")
            _listen(source, CLIENT, on_bytes)
            target = rtmidi.MidiOut(self._number, name=f"{CLIENT} out")
            target.open_virtual_port("feedback")
        except (rtmidi.RtMidiError, OSError, RuntimeError) as error:
            raise ControlError(f"{self.api}: the virtual port cannot be made: {error}") from None
        return source, target

    def close(self) -> None:
        """Let go of the system."""
        if self._watch is not None:
            self._watch.close()
        for client in (self._input, self._output):
            shut(client)

    def bury(self) -> None:
        """The system is dead: leave what was opened in it alone for good."""
        bury(self._input, self._output, self._watch)

    def _ended(self) -> None:
        self.alive = False

    def _names(self, client: Any) -> list[PortName]:
        try:
            names = client.get_ports() if self.alive else []
        except (rtmidi.RtMidiError, OSError, RuntimeError):
            names = []
        return [PortName(self.api, name) for name in names if not name.startswith(_IGNORED)]

    def _open(self, make: Any, listing: Any, port: str, on_bytes: OnBytes | None) -> Any:
        client = None
        try:
            index = listing.get_ports().index(port)
            client = make(self._number, name=f"{CLIENT} {port}"[:60].replace(":", " "))
            if on_bytes is not None:
                client.ignore_types(sysex=True, timing=False, active_sense=True)
            client.open_port(index, "in" if on_bytes else "out")
            if on_bytes is not None:
                _listen(client, port, on_bytes)
            return client
        except (rtmidi.RtMidiError, OSError, RuntimeError, ValueError) as error:
            shut(client)
            reason = "it is gone" if isinstance(error, ValueError) else str(error) or "another program has it"
            raise ControlError(f"MIDI port {port} cannot be opened: {reason}") from None


def _listen(client: Any, port: str, on_bytes: OnBytes) -> None:
    client.set_callback(lambda event, _: on_bytes(port, bytes(event[0])))


def shut(client: Any) -> None:
    """Close a port, whatever state it is in."""
    if client is None:
        return
    with contextlib.suppress(rtmidi.RtMidiError, OSError, RuntimeError, AttributeError):
        if hasattr(client, "cancel_callback"):
            client.cancel_callback()
        client.close_port()
        client.delete()


def compiled_apis() -> tuple[int, ...]:
    """The MIDI systems that python-rtmidi knows on this computer, in the order in which they are preferred."""
    return tuple(api for api in rtmidi.get_compiled_api() if api in API_NAMES)


def list_midi() -> PortList:
    """All ports of all systems now."""
    ports = PortList()
    for api in compiled_apis():
        try:
            system = System(api)
        except ControlError as error:
            ports.missing[API_NAMES[api]] = str(error)
            continue
        ports.inputs += system.inputs()
        ports.outputs += system.outputs()
        system.close()
    if not compiled_apis():
        ports.missing[sys.platform] = "python-rtmidi was built without any MIDI system: reinstall it"
    return ports


def matches(port: PortName, wanted: str) -> bool:
    """Whether a port is meant by `wanted`: a part of its name, in any case, perhaps after its system (`jack:launch`)."""
    api, colon, name = wanted.partition(":")
    if colon and api.strip().casefold() == port.api.casefold():
        wanted = name
    return wanted.strip().casefold() in port.name.casefold()


def check_port(wanted: str, ports: Sequence[PortName]) -> None:
    """Complain about a port that is not there, listing those that are.

    Raises:
        ControlError: if no port matches.
    """
    if not any(matches(port, wanted) for port in ports):
        there = ", ".join(str(port) for port in ports) or "none"
        raise ControlError(f"there is no MIDI port `{wanted}`; there are: {there}; it is used as soon as it appears")


def device_name(port: str) -> str:
    """What a controller's input and output have in common: the name without numbers and words of direction."""
    words = port.replace(":", " ").replace("_", " ").casefold().split()
    drop = ("in", "out", "input", "output", "capture", "playback", "midi")
    kept = [word for word in words if word not in drop and not word.isdigit()]
    return " ".join(dict.fromkeys(kept))


def read_message(data: bytes) -> Any | None:
    """The mido message in bytes from a port; None for bytes that make none."""
    try:
        return mido.Message.from_bytes(data)
    except (ValueError, IndexError, KeyError, TypeError):
        return None
