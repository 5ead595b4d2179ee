"""Two things that python-rtmidi does not offer: a word when the JACK server dies, and silence on the terminal.

The JACK and ALSA libraries write to stderr by themselves whenever no server or no sequencer is there, which would tear
the live view apart at every retry. Both are reached through ctypes, where they are loaded; elsewhere nothing happens.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NO_START_SERVER = 0x01
_MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _swallow(text: bytes) -> None:
    """Takes what a library would print."""


_IGNORE = _MESSAGE(_swallow)


def quieten() -> None:
    """Keep the JACK and ALSA libraries off the terminal, and JACK from starting a server of its own."""
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    jack = _loaded("libjack")
    if jack is not None:
        with contextlib.suppress(AttributeError):
            jack.jack_set_error_function(_IGNORE)
            jack.jack_set_info_function(_IGNORE)
    alsa = _loaded("libasound")
    if alsa is not None:
        with contextlib.suppress(AttributeError):
            alsa.snd_lib_error_set_handler(_IGNORE)


def bury(*clients: Any) -> None:
    """Never touch clients of a dead JACK server again, not even to free them: closing one can hang or crash."""
    for client in clients:
        if client is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


class JackWatch:
    """A JACK client that does nothing but notice the server's end.

    rtmidi lists and sends on as if nothing had happened, out of memory that the dead server left.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._library = _loaded("libjack")
        self._callback = _SHUTDOWN(lambda _: on_end())
        self._client: int | None = None
        if self._library is not None:
            self._client = self._open(self._library)

    def close(self) -> None:
        """Leave the server."""
        if self._client is not None and self._library is not None:
            self._library.jack_client_close(ctypes.c_void_p(self._client))
            self._client = None

    def _open(self, library: Any) -> int | None:
        library.jack_client_open.restype = ctypes.c_void_p
        client = library.jack_client_open(b"Distill MIDI watch", _NO_START_SERVER, None)
        if client:
            library.jack_on_shutdown(ctypes.c_void_p(client), self._callback, None)
            library.jack_activate(ctypes.c_void_p(client))
        return client or None


def _loaded(name: str) -> Any:
    """The library that rtmidi has loaded, None where it has not (or this is no Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return None
    paths = {line.split(maxsplit=5)[-1] for line in maps.splitlines() if f"/{name}" in line}
    for path in sorted(paths):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(path)
    return None
