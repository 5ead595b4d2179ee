"""C libraries in this process: silence their messages, and find those that are loaded.

libsndfile's MP3 decoder, JACK and ALSA write remarks straight to the process's standard error, past
Python, and would tear the live view apart. JACK and ALSA can be given another way to report; the
MP3 decoder cannot.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_STDERR = 2  # file descriptor of standard error
_MESSAGE_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p)

_lock = threading.Lock()
_silencers = 0  # blocks of `stderr_silenced` that run now
_kept = -1  # descriptor that leads where standard error led before, -1 for none


def _ignore(message: bytes) -> None:
    """Take what a library would print."""


_IGNORE = _MESSAGE_HANDLER(_ignore)  # kept for good: the libraries hold a pointer to it


@contextlib.contextmanager
def stderr_silenced() -> Iterator[None]:
    """Discard all that this process writes to standard error, Python included, during the block.

    Blocks may be nested and may run in several threads: standard error comes back when the last one
    ends.
    """
    _silence()
    try:
        yield
    finally:
        _restore()


def silence_jack_and_alsa() -> None:
    """Keep the JACK and ALSA libraries off the terminal, and JACK from starting a server.

    Reaches those that are loaded now, on Linux. JACK writes whenever no server runs, ALSA whenever
    it has no sequencer, so that each retry would print.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    for jack in _loaded_libraries("libjack"):
        with contextlib.suppress(AttributeError):
            jack.jack_set_error_function(_IGNORE)
            jack.jack_set_info_function(_IGNORE)
    for alsa in _loaded_libraries("libasound"):
        with contextlib.suppress(AttributeError):
            alsa.snd_lib_error_set_handler(_IGNORE)


def loaded_library(name: str) -> Any:
    """Return the C library `name` if this process has loaded it; None if not, or not on Linux.

    Of several the system's own is taken, before those inside wheels (`libjack-47d4404a.so`).
    """
    return next(_loaded_libraries(name), None)


def _loaded_libraries(name: str) -> Iterator[Any]:
    for path in sorted(loaded_files(name), key=lambda path: "-" in path.name):
        with contextlib.suppress(OSError):
            yield ctypes.CDLL(str(path))


def loaded_files(name: str) -> list[Path]:
    """Return the loaded files whose names begin with `name`, sorted; none if this is not Linux."""
    if not sys.platform.startswith("linux"):
        return []
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return []
    return sorted({Path(line.split(maxsplit=5)[-1]) for line in maps.splitlines() if f"/{name}" in line})


def _silence() -> None:
    global _silencers, _kept
    with _lock:
        _silencers += 1
        if _silencers > 1:
            return
        try:
            _kept = os.dup(_STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDERR)
            os.close(nowhere)
        except OSError:  # no standard error at all: nothing to discard
            _kept = -1


def _restore() -> None:
    global _silencers, _kept
    with _lock:
        _silencers -= 1
        if _silencers == 0 and _kept >= 0:
            os.dup2(_kept, _STDERR)
            os.close(_kept)
            _kept = -1
