"""Replace files: a kill, a full disk or a second writer leaves the old contents or the new, whole.

The new contents go to a hidden temporary file in the same folder and are flushed to the disk. One
rename gives them the file's name, and the folder is flushed. A writer locks its temporary file: one
whose lock is free belongs to a dead writer, and the next writer in that folder removes it. No lock
file is left behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from distill_engine.system.portable.files import RENAMES_OPEN_FILES, open_folder, sync_file, try_lock
from distill_engine.system.regular_files import open_regular

TEMPORARY_SUFFIX = ".distill-tmp"
LOCK_SECONDS = 60.0
STALE_SECONDS = 24 * 3600.0
_NAME_CHARACTERS = 40  # of the file's name in the temporary one: at most 160 bytes in UTF-8
NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_COPY_BYTES = 1 << 20  # read at a time

_FAILURES = {
    errno.ENOSPC: "the disk is full: free some space or {elsewhere}",
    errno.EDQUOT: "the disk quota is used up: free some space or {elsewhere}",
    errno.EFBIG: "the file grew beyond what this disk or account allows: free some space or {elsewhere}",
    errno.EACCES: "there is no permission to write there: {elsewhere}",
    errno.EPERM: "there is no permission to write there: {elsewhere}",
    errno.EROFS: "the disk is read-only: {elsewhere}",
    errno.ENOENT: "the folder {folder} does not exist: create it first",
    errno.ENOTDIR: "{folder} is not a folder: choose another place",
    errno.EISDIR: "it is a folder: give a file name",
    errno.ENXIO: "it is a pipe or a device, which cannot be replaced: give a file name",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
}
"""Reason and way out for errors of the system, by their number."""


class FolderBusyError(OSError):
    """Another process holds a folder's lock for too long."""


def write_advice(error: OSError, path: Path, elsewhere: str = "choose another folder") -> str:
    """Return why `path` could not be written and what to do. `elsewhere`: how to avoid its disk."""
    if isinstance(error, FolderBusyError):
        return f"{error}: wait for it or stop it"
    if error.errno not in _FAILURES:
        return f"{error.strerror or error}: {elsewhere}"
    return _FAILURES[error.errno].format(folder=path.parent, elsewhere=elsewhere)


def write_file(path: Path, data: bytes, *, sweep: bool = True) -> None:
    """Replace the contents of `path` by `data`. See `replacing`."""
    with replacing(path, sweep=sweep) as file:
        write_all(file, data)


def write_or_refuse(path: Path, data: bytes, refused: type[Exception]) -> None:
    """Replace the contents of `path` as `write_file`; raise `refused` with the cause in words."""
    try:
        write_file(path, data)
    except OSError as error:
        raise refused(f"{path} could not be written: {write_advice(error, path)}") from None


def write_new_file(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file that must not be there yet, whole or not at all; `mode` as `open_temporary`.

    Raises FileExistsError where the name is taken, else OSError as the system gives it.
    """
    with _becoming(path, give_new_name, mode) as (_, file):
        write_all(file, data)


def write_all(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write all of `data` to an unbuffered file, which may take less than it is given."""
    rest = memoryview(data)
    while rest.nbytes:
        rest = rest[file.write(rest) :]


def copy_into(file: BinaryIO, source: Path) -> None:
    """Write what a regular file holds to an unbuffered one. Raises OSError."""
    with open_regular(source) as old:
        while part := old.read(_COPY_BYTES):
            write_all(file, part)


def copy_file(source: Path, target: Path) -> None:
    """Copy a regular file to a new one, and flush that to the disk.

    Raises OSError, also for a target that exists; a part of the copy may be left.
    """
    with open(target, "xb", buffering=0) as file:
        copy_into(file, source)
        sync_file(file.fileno())


@contextlib.contextmanager
def replacing(path: Path, *, sweep: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` if the block ends well, and is removed otherwise.

    The file is unbuffered (use `write_all`) and its descriptor may be read too. An existing file
    keeps its permissions; a new one gets those of the umask. A link stays a link: the file that it
    leads to is replaced. `sweep` removes what dead writers left in the folder. Raises OSError as
    the system gives it, and for what is no file: a folder, a pipe, a device; `write_advice` puts
    it in words.
    """
    path = _file_to_replace(path)
    if sweep:
        remove_stale(path.parent)
    with _becoming(path, os.replace) as (temporary, file):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        yield file
    sync_folder(path.parent)


@contextlib.contextmanager
def _becoming(
    path: Path, give_name: Callable[[Path, Path], None], mode: int = 0o666
) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a temporary file that gets its name if the block ends well, and is removed otherwise."""
    temporary, descriptor = open_temporary(path, mode)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            yield temporary, file
            sync_file(descriptor)
            if RENAMES_OPEN_FILES:  # while the temporary file is open, and so locked
                give_name(temporary, path)
        if not RENAMES_OPEN_FILES:
            give_name(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _file_to_replace(path: Path) -> Path:
    """Return the file that `path` is or leads to. Raises OSError for what is no regular file."""
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(path).st_mode  # not of the resolved path: /dev/stdout leads to no path
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.ENXIO, "it is a pipe or a device", str(path))
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def give_new_name(source: Path, target: Path) -> None:
    """Rename a finished file, of the same disk; unlike `os.replace`, to a name that must be free.

    Where the disk has no hard links (exFAT, many network shares) an empty file takes the name
    first. Raises FileExistsError where the name is taken, else OSError as the system gives it.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        _reserve_and_replace(source, target)
    else:
        source.unlink()
    sync_folder(target.parent)


def _reserve_and_replace(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        os.replace(source, target)
    except OSError:
        target.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Flush a rename to the disk; does nothing where folders cannot be opened or flushed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def folder_lock(folder: Path, *, seconds: float | None = None) -> Iterator[None]:
    """Hold the folder's lock: for a writer who reads a file, changes it and replaces it.

    Does nothing where the file system has no locks. Raises FolderBusyError when another process
    keeps the lock for longer than `seconds` (LOCK_SECONDS unless given).
    """
    descriptor = open_folder(folder)
    try:
        _wait_for_lock(descriptor, folder, LOCK_SECONDS if seconds is None else seconds)
        yield
    finally:
        os.close(descriptor)


def remove_stale(folder: Path) -> None:
    """Remove the temporary files of dead writers from `folder`: those whose lock is free.

    Where there are no locks, remove those older than STALE_SECONDS.
    """
    names: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(".")]
    for name in names:
        if name.endswith(TEMPORARY_SUFFIX):
            with contextlib.suppress(OSError):
                _remove_if_stale(folder / name)


def _remove_if_stale(path: Path) -> None:
    if not RENAMES_OPEN_FILES:
        path.unlink()  # refused by the system while a writer has it open
        return
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        locked = try_lock(descriptor)
        if locked or (locked is None and _is_old(os.fstat(descriptor))):
            path.unlink()  # before the lock ends: a writer who has just made this file sees that it is gone
    finally:
        os.close(descriptor)


def _is_old(status: os.stat_result) -> bool:
    return status.st_mtime < time.time() - STALE_SECONDS


def open_temporary(path: Path, mode: int = 0o666) -> tuple[Path, int]:
    """Create and lock a temporary file beside `path`; return its path and descriptor.

    `mode` is that of the new file, less the umask.
    """
    while True:
        name = f".{path.name[:_NAME_CHARACTERS]}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
        temporary = path.with_name(name)
        descriptor = os.open(temporary, NEW_FILE, mode)
        if try_lock(descriptor) is not False and is_still_there(temporary, descriptor):
            return temporary, descriptor
        os.close(descriptor)  # another writer took it for stale before it was locked, and has removed it


def is_still_there(path: Path, descriptor: int) -> bool:
    """Return whether `path` is the open file of this descriptor, neither removed nor replaced."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False


def _wait_for_lock(descriptor: int, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while try_lock(descriptor) is False:
        if time.monotonic() >= deadline:
            raise FolderBusyError(f"another process has been saving in {folder} for {seconds:.0f} s")
        time.sleep(0.01)
