"""Locks and positions of open files on Windows. Never run there."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

LOCK_AT = 1 << 30  # byte that is locked: far behind the contents, which stay readable meanwhile


class Msvcrt(Protocol):
    """The part of the module `msvcrt` that is used."""

    LK_NBLCK: int

    def locking(self, descriptor: int, mode: int, count: int, /) -> None:
        """Lock `count` bytes from the position on. Raises OSError."""


def try_lock(msvcrt: Msvcrt, descriptor: int) -> bool | None:
    """Try to lock a file; return whether that worked, None if there are no locks."""
    before = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, LOCK_AT, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        return False if error.errno in (errno.EACCES, errno.EDEADLK) else None
    finally:
        os.lseek(descriptor, before, os.SEEK_SET)
    return True


def read_at(descriptor: int, count: int, at: int) -> bytes:
    """Read from a place in a file; its position stays."""
    before = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, at, os.SEEK_SET)
    try:
        return os.read(descriptor, count)
    finally:
        os.lseek(descriptor, before, os.SEEK_SET)


def write_at(descriptor: int, data: bytes, at: int) -> int:
    """Write to a place in a file; its position stays. Returns the number of bytes written."""
    before = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, at, os.SEEK_SET)
    try:
        return os.write(descriptor, data)
    finally:
        os.lseek(descriptor, before, os.SEEK_SET)


def start_child(subprocess: Any, os_module: Any, command: Sequence[str], handles: Sequence[int]) -> Any:
    """Start a process that Ctrl-C does not reach and that inherits `handles` and no others.

    `subprocess` and `os_module` are those modules, which hold more on Windows.
    """
    for handle in handles:
        os_module.set_handle_inheritable(handle, True)
    start = subprocess.STARTUPINFO(lpAttributeList={"handle_list": list(handles)})
    flags = subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, startupinfo=start, creationflags=flags)


def start_apart(subprocess: Any, command: Sequence[str], output: BinaryIO, errors: BinaryIO) -> Any:
    """Start a process that outlives this one and never hears Ctrl-C; it inherits nothing else.

    `subprocess` is that module, which holds more on Windows.
    """
    flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, creationflags=flags)
