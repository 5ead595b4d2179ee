"""The MIDI package of this installation, behind one small interface.

python-rtmidi where it is installed, otherwise rtmidi2, which has wheels for Python 3.13 and newer.
"""

import contextlib
import ctypes
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

from distill_control.midi.jack_alsa import jack_answers
from distill_engine.errors import ControlError

FAILURES = (OSError, RuntimeError, ValueError, AttributeError)
"""What both packages raise where a system or a port does not answer."""

PACKAGES = ("rtmidi", "rtmidi2")
CONSTANTS = {
    "ALSA": "API_LINUX_ALSA",
    "JACK": "API_UNIX_JACK",
    "CoreMIDI": "API_MACOSX_CORE",
    "WinMM": "API_WINDOWS_MM",
}
"""MIDI systems with the names that both packages have for them."""

_SYSTEMS = {"linux": ("ALSA", "JACK"), "darwin": ("CoreMIDI", "JACK"), "win32": ("WinMM",)}


class Client(Protocol):
    """A client of a MIDI system with one input or one output port."""

    def names(self) -> list[str]:
        """Return the names of the ports that it could be connected to."""

    def open(self, index: int, name: str) -> None:
        """Connect to the port of this index; `name` is the own port, if it can be chosen."""

    def open_virtual(self, name: str) -> None:
        """Make a port that other programs connect to."""

    def listen(self, on_bytes: Callable[[bytes], None]) -> None:
        """Call `on_bytes(message)` in a thread of the MIDI system; system exclusive is left out."""

    def send_message(self, message: Sequence[int]) -> None:
        """Send the bytes of one message."""

    def close(self) -> None:
        """Close the port and the client, in any state."""


class RtMidiClient:
    """A client of python-rtmidi."""

    def __init__(self, rtmidi: Any, system: str, name: str, *, output: bool) -> None:
        make = rtmidi.MidiOut if output else rtmidi.MidiIn
        self._port = make(getattr(rtmidi, CONSTANTS[system]), name=name)

    def names(self) -> list[str]:
        """Return the names of the ports that it could be connected to."""
        return list(self._port.get_ports())

    def open(self, index: int, name: str) -> None:
        """Connect to the port of this index under a `name` of its own."""
        self._port.open_port(index, name)

    def open_virtual(self, name: str) -> None:
        """Make a port that other programs connect to."""
        self._port.open_virtual_port(name)

    def listen(self, on_bytes: Callable[[bytes], None]) -> None:
        """Call `on_bytes(message)` in a thread of the MIDI system; system exclusive is left out."""
        self._port.ignore_types(sysex=True, timing=False, active_sense=True)
        self._port.set_callback(lambda event, _: on_bytes(bytes(event[0])))

    def send_message(self, message: Sequence[int]) -> None:
        """Send the bytes of one message."""
        self._port.send_message(message)

    def close(self) -> None:
        """Close the port and the client, in any state."""
        with contextlib.suppress(*FAILURES):
            if hasattr(self._port, "cancel_callback"):
                self._port.cancel_callback()
            self._port.close_port()
            self._port.delete()


class RtMidi2Client:
    """A client of rtmidi2, which names the port that it connects with itself."""

    def __init__(self, rtmidi2: Any, system: str, name: str, *, output: bool) -> None:
        if system == "JACK" and not jack_answers():
            raise OSError("no JACK server is running")  # rtmidi2 itself would end the process when it opens a port
        api = getattr(rtmidi2, CONSTANTS[system])
        self._port = rtmidi2.MidiOut(name, api=api) if output else rtmidi2.MidiIn(name, api=api)

    def names(self) -> list[str]:
        """Return the names of the ports that it could be connected to."""
        return list(self._port.ports)

    def open(self, index: int, name: str) -> None:
        """Connect to the port of this index."""
        self._port.open_port(index)

    def open_virtual(self, name: str) -> None:
        """Make a port that other programs connect to."""
        self._port.open_virtual_port(name)

    def listen(self, on_bytes: Callable[[bytes], None]) -> None:
        """Call `on_bytes(message)` in a thread of the MIDI system; system exclusive is left out."""
        self._port.ignore_types(midi_sysex=True, midi_time=False, midi_sense=True)
        self._port.callback = lambda message, _: on_bytes(bytes(message))

    def send_message(self, message: Sequence[int]) -> None:
        """Send the bytes of one message."""
        self._port.send_raw(*message)

    def close(self) -> None:
        """Close the port in any state; freeing the object closes its client."""
        with contextlib.suppress(*FAILURES):
            if hasattr(self._port, "callback"):
                self._port.callback = None
            self._port.close_port()
        self._port = None


def open_client(system: str, name: str, *, output: bool = False) -> Client:
    """Open a client of a MIDI system; `name` is what other programs see.

    Raises one of FAILURES if the system is not there, ControlError without any MIDI package.
    """
    package = midi_package()
    if package is None:
        raise ControlError(no_system())
    make = RtMidiClient if package.__name__ == "rtmidi" else RtMidi2Client
    return make(package, system, name, output=output)


def systems() -> tuple[str, ...]:
    """Return the MIDI systems that the installed package may reach here, in order of preference."""
    package = midi_package()
    if hasattr(package, "get_compiled_api"):
        known = {getattr(package, constant): system for system, constant in CONSTANTS.items()}
        return tuple(known[api] for api in package.get_compiled_api() if api in known)
    return _SYSTEMS.get(sys.platform, ()) if package else ()


def no_system() -> str:
    """Return why `systems` is empty, and what to do about it."""
    if midi_package() is None:
        return "no MIDI package is installed: `pip install python-rtmidi`, which may need a compiler and ALSA's headers"
    return "the MIDI package was built without a MIDI system: install it again"


def midi_package() -> Any:
    """Return the first of PACKAGES that is installed, None without any."""
    for name in PACKAGES:
        if name == "rtmidi2":
            _prefer_own_jack()
        with contextlib.suppress(ModuleNotFoundError):
            return import_module(name)
    return None


def _prefer_own_jack() -> None:
    """Load this system's JACK library so that rtmidi2 calls it.

    The one inside its wheel speaks protocol 8, and servers of today speak 9. Names are resolved in
    libraries that were loaded globally before.
    """
    if sys.platform.startswith("linux") and "rtmidi2" not in sys.modules:
        with contextlib.suppress(OSError):
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
