"""Locks of files, reading and writing at a place, and files that a child process inherits."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

RENAMES_OPEN_FILES = sys.platform != "win32"
"""Whether a file can be replaced or removed while a process has it open."""

if sys.platform == "win32":
    import msvcrt

    from distill_engine.system.portable import windows_files as windows

    LOCK_POLL_SECONDS = 0.01
    LOCK_FILE = ".distill-lock"  # in a folder, which itself cannot be opened

    def try_lock(descriptor: int, *, shared: bool = False) -> bool | None:
        """Try to lock an open file; return whether that worked, None if there are no locks.

        Closing it, and the end of the process, free the lock.
        """
        return windows.try_lock(msvcrt, descriptor)

    def open_folder(folder: Path) -> int:
        """Return a descriptor that stands for a folder, to be locked."""
        return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o666)

    def read_at(descriptor: int, count: int, at: int) -> bytes:
        """Read `count` bytes at most from a place in a file, whose position stays."""
        return windows.read_at(descriptor, count, at)

    def write_at(descriptor: int, data: bytes, at: int) -> int:
        """Write to a place in a file, whose position stays; return the number of bytes written."""
        return windows.write_at(descriptor, data, at)

    def sync_file(descriptor: int) -> None:
        """Flush a file to the disk itself."""
        os.fsync(descriptor)

    def number_for_child(descriptor: int) -> int:
        """Return the number by which a child process inherits an open file."""
        return msvcrt.get_osfhandle(descriptor)

    def inherited(number: int) -> int:
        """Return the descriptor of a file that this process has inherited."""
        return msvcrt.open_osfhandle(number, os.O_RDWR | os.O_BINARY)

    def start_child(command: Sequence[str], numbers: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start a process that Ctrl-C does not reach and that inherits sockets and files.

        `numbers` are those of `number_for_child`, and of sockets. Raises OSError.
        """
        started: subprocess.Popen[bytes] = windows.start_child(subprocess, os, command, numbers)
        return started

    def start_holding(command: Sequence[str], lock: int, output: BinaryIO, errors: BinaryIO) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, to hold a lock of this one: see `keep_lock`."""
        started: subprocess.Popen[bytes] = windows.start_apart(subprocess, command, output, errors)
        return started

    def keep_lock(path: Path) -> None:
        """Hold the lock of a file from when its starter frees it until this process ends."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        while try_lock(descriptor) is False:
            time.sleep(LOCK_POLL_SECONDS)

else:
    import fcntl

    def try_lock(descriptor: int, *, shared: bool = False) -> bool | None:
        """Try to lock an open file or folder; return whether that worked, None without locks.

        The lock ends when all processes that have the file open have closed it.
        """
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True

    def open_folder(folder: Path) -> int:
        """Return a descriptor that stands for a folder, to be locked."""
        return os.open(folder, os.O_RDONLY)

    def read_at(descriptor: int, count: int, at: int) -> bytes:
        """Read `count` bytes at most from a place in a file, whose position stays."""
        return os.pread(descriptor, count, at)

    def write_at(descriptor: int, data: bytes, at: int) -> int:
        """Write to a place in a file, whose position stays; return the number of bytes written."""
        return os.pwrite(descriptor, data, at)

    def sync_file(descriptor: int) -> None:
        """Flush a file to the disk itself; on macOS `fsync` alone stops at the drive's cache."""
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, full)
                return
        os.fsync(descriptor)

    def number_for_child(descriptor: int) -> int:
        """Return the number by which a child process inherits an open file."""
        return descriptor

    def inherited(number: int) -> int:
        """Return the descriptor of a file that this process has inherited."""
        return number

    def start_child(command: Sequence[str], numbers: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start a process that Ctrl-C does not reach and that inherits sockets and files.

        `numbers` are those of `number_for_child`, and of sockets. Raises OSError.
        """
        return subprocess.Popen(command, pass_fds=numbers, stdin=subprocess.DEVNULL, process_group=0)

    def start_holding(command: Sequence[str], lock: int, output: BinaryIO, errors: BinaryIO) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, to hold a lock of this one: see `keep_lock`."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=(lock,),
            start_new_session=True,
        )

    def keep_lock(path: Path) -> None:
        """Hold the lock of a file until this process ends; it has inherited it."""


def anonymous_file(size: int) -> int:
    """Return the descriptor of a nameless file of zeros, in memory where the system offers that."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("distill")
    else:
        with tempfile.TemporaryFile(prefix="distill-", buffering=0) as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
