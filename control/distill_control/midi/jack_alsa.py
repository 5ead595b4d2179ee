"""Notice the end of a JACK server; keep the JACK and ALSA libraries off the terminal.

python-rtmidi offers neither. The libraries write to stderr whenever there is no server or no
sequencer, which would break the live view at every retry. They are called through ctypes if rtmidi
has loaded them; otherwise nothing happens.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NO_START_SERVER = 0x01  # JackNoStartServer of jack_options_t
_MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _swallow(text: bytes) -> None:
    """Takes what a library would print."""


_IGNORE = _MESSAGE(_swallow)


def quieten() -> None:
    """Keep the JACK and ALSA libraries off the terminal, and JACK from starting a server."""
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


def abandon(*clients: Any) -> None:
    """Never free clients of a JACK server that has ended: that can hang or crash."""
    for client in clients:
        if client is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


class JackWatch:
    """A JACK client that calls `on_end` when the server ends.

    rtmidi does not notice: it goes on listing and sending, from shared memory that the server has
    left.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._library = _loaded("libjack")
        self._callback = _SHUTDOWN(lambda _: on_end())
        self._client: int | None = None
        if self._library is not None:
            self._client = self._open(self._library)

    def close(self) -> None:
        """Close the client."""
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
    """Return a library that rtmidi has loaded; None without it, or outside Linux."""
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
