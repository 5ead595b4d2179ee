"""Write a file again that was removed, or replaced by another program's, while it is open here."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from distill_engine.system.atomic_write import NEW_FILE, is_still_there, sync_folder
from distill_engine.system.portable.files import read_at, sync_file, write_at

_CHUNK = 1 << 20  # bytes copied at once


def create_free(paths: Iterable[Path]) -> tuple[Path, int]:
    """Create the first of `paths` that is free, and its folder; return path and descriptor.

    The descriptor can be read and written. Raises OSError.
    """
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            return path, os.open(path, NEW_FILE, 0o666)
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


class SecondCopy:
    """Copies a removed file, which is still open here, to a path of its own.

    A copy that breaks off, as on a full disk, stays there: the next call goes on with it.
    """

    def __init__(self) -> None:
        self._begun: tuple[Path, int] | None = None

    def write(self, descriptor: int, paths: Iterable[Path]) -> tuple[Path, int]:
        """Copy the open file to the first of `paths` that is free; return path and descriptor.

        The copy is flushed to the disk. The old descriptor stays open, also when copying fails.
        Raises OSError.
        """
        if self._begun is None or not is_still_there(*self._begun):
            self._begun = create_free(paths)
        path, copy = self._begun
        at = os.fstat(copy).st_size
        while part := read_at(descriptor, _CHUNK, at):
            at += write_at(copy, part, at)
        sync_file(copy)
        sync_folder(path.parent)
        self._begun = None
        return path, copy


def keep_open(descriptor: int) -> str:
    """Keep an open file, of which no name is left, until this process ends; return where it is.

    The text is empty where the system gives such a file no path.
    """
    kept = os.dup(descriptor)
    return f"; until Distill ends, /proc/{os.getpid()}/fd/{kept} holds it" if sys.platform == "linux" else ""
