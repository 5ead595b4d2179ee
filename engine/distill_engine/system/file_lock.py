"""One process at a time: a lock that names its holder and ends with it."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from distill_engine.system.portable.files import try_lock

HOLDER_BYTES = 200  # of the holder's description that are read
TURN_SECONDS = 2.0  # to wait for another process that changes the same file
RETRY_SECONDS = 0.01  # between two attempts to take the lock


class HeldError(Exception):
    """Another process holds the lock; `holder` describes it."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def exclusive(path: Path, holder: str) -> Iterator[None]:
    """Hold the lock file `path` for this block; it is removed at the end.

    `holder` says who has it, for those who ask meanwhile. The system frees the lock of a process
    that ends in any way. Raises HeldError, and OSError where the file cannot be made.
    """
    descriptor = _taken(path)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{holder} (process {os.getpid()})".encode()[:HOLDER_BYTES])
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


@contextlib.contextmanager
def turn(path: Path, refused: type[Exception]) -> Iterator[None]:
    """Hold the lock of a file or folder, beside it, while it is read, changed and replaced.

    Waits TURN_SECONDS for another process, then raises `refused` with its name. Where no lock can
    be had, as in a folder that cannot be written, the block runs without: writing says why.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    deadline = time.monotonic() + TURN_SECONDS
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(exclusive(lock, "another Distill"))
                break
            except HeldError as error:
                if time.monotonic() >= deadline:
                    raise refused(f"{path} is being changed by {error.holder}: try again") from None
                time.sleep(RETRY_SECONDS)
            except OSError:
                break
        yield


def _taken(path: Path) -> int:
    """Return the locked descriptor of the file that is at `path` now."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        locked = try_lock(descriptor)
        if not locked:
            holder = "" if locked is None else os.read(descriptor, HOLDER_BYTES).decode("utf-8", "replace")
            os.close(descriptor)
            raise (
                OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path))
                if locked is None
                else HeldError(holder or "another process")
            )
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)  # its holder has just ended and removed it: take the next
