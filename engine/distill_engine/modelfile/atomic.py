"""Replacing a file so that a kill, a full disk or a second writer at any moment leaves the old or the new one, whole.

The new contents go to a hidden temporary file in the same folder, are flushed to the disk, and take the old name in one
rename; then the folder itself is flushed. Writers of one folder take turns by an advisory lock on the folder, so that no
lock file is left behind and so that a temporary file seen by the lock's owner is known to belong to a dead process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from distill_engine.errors import ModelFileError

try:
    import fcntl
except ImportError:  # Windows has no flock: the last writer wins, whole
    fcntl = None  # type: ignore[assignment]

TEMPORARY_SUFFIX = ".distill-tmp"
LOCK_SECONDS = 60.0
STALE_SECONDS = 24 * 3600.0

_REASONS = {
    errno.ENOSPC: "the disk is full: free some space and save again",
    errno.EDQUOT: "the disk quota is used up: free some space and save again",
    errno.EFBIG: "the file would be larger than this disk allows: free some space or save elsewhere",
    errno.EROFS: "the disk is read-only: choose another folder",
    errno.EACCES: "writing is not permitted: choose another folder",
    errno.EPERM: "writing is not permitted: choose another folder",
    errno.ENOENT: "the folder does not exist: create it first",
    errno.ENOTDIR: "its parent is not a folder: choose another place",
    errno.EISDIR: "it is a folder: give a file name",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
}


def write_reason(error: OSError) -> str:
    """Why a write failed and what to do, in plain words."""
    return _REASONS.get(error.errno or 0, f"{error.strerror or error}")


def sync_file(descriptor: int) -> None:
    """Flush a file to the disk itself; on macOS `fsync` alone stops at the drive's cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Flush a rename to the disk; where folders cannot be opened or flushed this is left to the system."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def folder_lock(folder: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[bool]:
    """Hold the folder's writer lock; yields False where the file system has no locks.

    Raises ModelFileError when another process keeps it for longer than `seconds`.
    """
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY) if fcntl is not None else None
        yield descriptor is not None and _acquire(descriptor, folder, seconds)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _acquire(descriptor: int, folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ModelFileError(
                    f"{folder}: another process has been saving here for {seconds:.0f} s: wait for it or stop it"
                ) from None
            time.sleep(0.01)
        except OSError:
            return False


def remove_stale(folder: Path, *, locked: bool) -> None:
    """Delete temporary files that dead writers left in `folder`; without a lock only those older than a day."""
    oldest = time.time() - STALE_SECONDS
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):
            if locked or path.stat().st_mtime < oldest:
                path.unlink()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` when the block ends well, and vanishes when it does not.

    Call it under `folder_lock`. An existing file's permissions are kept. Raises OSError as the system gives it.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            yield file
            with contextlib.suppress(FileNotFoundError, PermissionError):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            sync_file(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)
