"""Notice the end of a JACK server, which the MIDI packages do not report.

It uses the JACK library that is loaded.
"""

import ctypes
from collections.abc import Callable
from typing import Any

from distill_engine.system.c_libraries import loaded_library

_NO_START_SERVER = 0x01  # option of jack_client_open
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def abandon(*clients: Any) -> None:
    """Keep clients of a dead JACK server for ever: closing or freeing one can hang or crash."""
    for client in clients:
        if client is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


def jack_answers() -> bool:
    """Return whether a JACK server is running, True where no JACK library tells."""
    watch = JackWatch(lambda: None)
    watch.close()
    return watch.found


class JackWatch:
    """A JACK client that only notices the server's end.

    rtmidi goes on listing ports and sending, from memory that the dead server left.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._library = loaded_library("libjack")
        self._callback = _SHUTDOWN(lambda _: on_end())
        self._client: int | None = None
        if self._library is not None:
            self._client = self._open(self._library)
        self.found = self._library is None or self._client is not None

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
