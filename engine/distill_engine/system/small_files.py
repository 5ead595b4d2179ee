"""Read files that others may have put there: regular ones only, without waiting, up to a size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; never wait, as opening a pipe would.

    Raises OSError, with EINVAL for anything but a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is a folder, pipe or device, not a file", str(path))
    return open(descriptor, "rb")


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Return the contents of a regular file of up to `limit_bytes`. Raises OSError."""
    with open_regular(path) as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise OSError(errno.EFBIG, f"it is over {limit_bytes / 1e6:g} MB", str(path))
    return data
