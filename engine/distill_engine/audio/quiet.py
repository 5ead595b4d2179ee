"""The MP3 decoder inside libsndfile writes its remarks straight to the process's standard error; this keeps them from the user.

What it has to say about a file is in the notes and errors of `files`, in one line and in words.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_lock = threading.Lock()
_inside = 0
_kept = -1


def is_mp3(path: Path) -> bool:
    """By its name or its first bytes (an ID3 tag or an MPEG audio frame header)."""
    if path.suffix.lower() in (".mp1", ".mp2", ".mp3"):
        return True
    if not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(3)
    except (OSError, ValueError):
        return False
    return head == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


@contextmanager
def quiet_decoder(path: Path) -> Iterator[None]:
    """While an MP3 is decoded, by any number of threads, file descriptor 2 leads nowhere; other files change nothing."""
    if not is_mp3(path):
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _kept
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        try:
            _kept = os.dup(2)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        except OSError:  # no standard error at all: nothing to keep quiet
            _kept = -1


def _leave() -> None:
    global _inside, _kept
    with _lock:
        _inside -= 1
        if _inside == 0 and _kept >= 0:
            os.dup2(_kept, 2)
            os.close(_kept)
            _kept = -1
