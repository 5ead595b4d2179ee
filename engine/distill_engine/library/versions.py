"""Versions of model files that takes were played with, kept until the takes are deleted.

    versions/KEY/model.distillgan    the file as it was: a hard link, or a copy
    versions/KEY/NAME.take           a hard link to a take that needs it, or a symbolic one

A hard link costs nothing until training replaces the file. It also tells a take that was deleted
from one that was moved. Versions whose takes are all gone are removed when the next is kept.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.folders import ensure, versions_dir
from distill_engine.library.lookup import TAKE_SUFFIX
from distill_engine.system.atomic_write import is_still_there, replacing, sync_folder, write_advice, write_all
from distill_engine.system.file_lock import turn
from distill_engine.system.portable.files import read_at

MODEL = "model.distillgan"
_CHUNK = 1 << 20  # bytes copied at once


def find_version(digests: Mapping[str, str]) -> Path | None:
    """Return the kept model file with these digests by part, None if there is none."""
    path = versions_dir() / _key(digests) / MODEL
    return path if path.is_file() else None


def keep_version(digests: Mapping[str, str], path: Path, descriptor: int, take: Path) -> Path:
    """Keep a model file for a take until the take is deleted; return where.

    `descriptor` is of the open file, which is copied where `path` is another one by now. Raises
    LibraryError.
    """
    folder = versions_dir() / _key(digests)
    try:
        with turn(versions_dir(), LibraryError):
            remove_unused()
            ensure(folder)
            _link_take(take, folder)
            if not (folder / MODEL).is_file():
                _link_or_copy(path, descriptor, folder / MODEL)
            sync_folder(folder)  # a version without its take would be removed as unused
    except OSError as error:
        raise LibraryError(
            f"{folder}: cannot be written: {write_advice(error, folder, 'set DISTILL_HOME to another disk')}"
        ) from None
    return folder / MODEL


def remove_unused() -> None:
    """Remove the versions whose takes have all been deleted."""
    folder = versions_dir()
    for version in sorted(folder.iterdir()) if folder.is_dir() else []:
        if version.is_dir() and not any(_is_there(take) for take in version.glob(f"*{TAKE_SUFFIX}")):
            shutil.rmtree(version, ignore_errors=True)


def _key(digests: Mapping[str, str]) -> str:
    rows = "\n".join(sorted(f"{part} {digest}" for part, digest in digests.items()))
    return hashlib.sha256(rows.encode()).hexdigest()[:32]


def _is_there(link: Path) -> bool:
    """Return whether a take exists somewhere besides this link."""
    with contextlib.suppress(OSError):
        return link.exists() if link.is_symlink() else link.stat().st_nlink > 1
    return False


def _link_take(take: Path, folder: Path) -> None:
    for link in folder.glob(f"*{TAKE_SUFFIX}"):
        if not _is_there(link):
            link.unlink()
        elif os.path.samefile(link, take):
            return
    link = folder / f"{take.stem[:40]}.{secrets.token_hex(4)}{TAKE_SUFFIX}"
    with contextlib.suppress(OSError):
        os.link(take, link)
        return
    try:
        link.symlink_to(take.absolute())
    except OSError as error:
        if error.errno == errno.EPERM:  # exFAT on Linux
            raise OSError("this disk has no links") from None
        raise


def _link_or_copy(path: Path, descriptor: int, target: Path) -> None:
    """Make `target` the open file: link its path, or copy it where that is not possible."""
    with contextlib.suppress(OSError):
        os.link(path.resolve(), target)
        if is_still_there(target, descriptor):
            return
        target.unlink()
    with replacing(target) as copy:
        at = 0
        while part := read_at(descriptor, _CHUNK, at):
            write_all(copy, part)
            at += len(part)
