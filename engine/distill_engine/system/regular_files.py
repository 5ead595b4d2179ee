"""Open files that others may have put there: regular files alone, without waiting for anything.

Opening a pipe waits for its writer, opening a device may do anything. Nothing is mapped into
memory: a process that reads a map of a file which another process shortens is killed by SIGBUS.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path
from typing import Any

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


Stamp = tuple[int, int, int]
"""What a file has that changes with it."""


class NotRegularError(OSError):
    """A path leads to a folder, a pipe or a device."""


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a regular file for reading. Never waits.

    Raises OSError as the system gives it, also for a name that no file can have; NotRegularError
    for a folder, a pipe or a device.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a null character
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    except OSError:
        if os.path.isdir(path):  # Windows opens no folder
            raise NotRegularError(errno.EISDIR, "it is not a file", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(errno.EINVAL, "it is not a file", str(path))
    return io.BufferedReader(_NeverWaiting(descriptor))


class _NeverWaiting(io.FileIO):
    """An error where a file of the system (`/proc/kmsg`) has nothing yet and reads give None."""

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`; return the number of bytes. Raises OSError."""
        return int(_there(super().readinto(buffer)))

    def readall(self) -> bytes:
        """Return the rest. Raises OSError."""
        return bytes(_there(super().readall()))


def _there(read: Any) -> Any:
    if read is None:
        raise OSError(errno.EAGAIN, "it has nothing to read")
    return read


def read_regular(path: Path, limit_bytes: int = -1) -> bytes:
    """Return a regular file's contents, or its first `limit_bytes`. Raises OSError."""
    with open_regular(path) as file:
        return file.read(limit_bytes)


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Return the contents of a regular file. Raises OSError, also for more than `limit_bytes`."""
    data = read_regular(path, limit_bytes + 1)
    if len(data) > limit_bytes:
        raise OSError(errno.EFBIG, f"it is over {limit_bytes / 2**20:g} MB", str(path))
    return data


def stamp_of(path: Path) -> Stamp | None:
    """Return a file's time of change in ns, size in bytes and number; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a regular file. Raises OSError."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason_of(error: BaseException) -> str:
    """Return why something could not be read, without the number and the path of system errors.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "a.json"))
    'No such file or directory'
    """
    return getattr(error, "strerror", None) or str(error)
