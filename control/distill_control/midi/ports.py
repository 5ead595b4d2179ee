"""MIDI ports of every system that rtmidi supports: list them, open them, find them by name."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mido
import rtmidi

from distill_control.midi.jack_alsa import JackWatch, abandon
from distill_engine.errors import ControlError
from distill_engine.system.c_libraries import silence_jack_and_alsa
from distill_engine.system.names import printable

CLIENT = "Distill"
API_NAMES: dict[int, str] = {
    rtmidi.API_LINUX_ALSA: "ALSA",
    rtmidi.API_UNIX_JACK: "JACK",
    rtmidi.API_MACOSX_CORE: "CoreMIDI",
    rtmidi.API_WINDOWS_MM: "WinMM",
}
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

    `api` is the number that rtmidi has for it.

    Raises:
        ControlError: if the system is not there.
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
        """Return the input ports, except Distill's own."""
        return self._names(self._input)

    def outputs(self) -> list[PortName]:
        """Return the output ports, except Distill's own."""
        return self._names(self._output)

    def open_input(self, port: str, on_bytes: OnBytes) -> Any:
        """Open an input port. Raises ControlError if it has vanished or is in use."""
        return self._open(rtmidi.MidiIn, self._input, port, on_bytes)

    def open_output(self, port: str) -> Any:
        """Open an output port. Raises ControlError if it has vanished or is in use."""
        return self._open(rtmidi.MidiOut, self._output, port, None)

    def open_virtual(self, on_bytes: OnBytes) -> tuple[Any, Any] | None:
        """Open a virtual input and output for other programs; None on Windows, which has none.

        Raises:
            ControlError: if they cannot be created.
        """
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
            raise ControlError(f"{self.api}: the virtual port cannot be created: {error}") from None
        return source, target

    def close(self) -> None:
        """Close the system."""
        if self._watch is not None:
            self._watch.close()
        for client in (self._input, self._output):
            close_client(client)

    def abandon(self) -> None:
        """Leave a system whose server has ended, without closing its clients."""
        abandon(self._input, self._output, self._watch)

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
            close_client(client)
            reason = "it has vanished" if isinstance(error, ValueError) else str(error) or "another program uses it"
            raise ControlError(f"MIDI port {port} cannot be opened: {reason}") from None


def _listen(client: Any, port: str, on_bytes: OnBytes) -> None:
    client.set_callback(lambda event, _: on_bytes(port, bytes(event[0])))


def close_client(client: Any) -> None:
    """Close an rtmidi port in any state; ignore errors."""
    if client is None:
        return
    with contextlib.suppress(rtmidi.RtMidiError, OSError, RuntimeError, AttributeError):
        if hasattr(client, "cancel_callback"):
            client.cancel_callback()
        client.close_port()
        client.delete()


def compiled_apis() -> tuple[int, ...]:
    """Return the MIDI systems that python-rtmidi supports here, in order of preference."""
    return tuple(api for api in rtmidi.get_compiled_api() if api in API_NAMES)


def list_midi() -> PortList:
    """Return all ports of all systems."""
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
        ports.missing[sys.platform] = "python-rtmidi was built without a MIDI system: reinstall it"
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
