"""Rename, copy and take in model files of the library; nothing is overwritten."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.assets import assets_dir
from distill_engine.library.folders import ensure, models_dir
from distill_engine.library.lookup import MODEL_SUFFIX, find_model, new_file
from distill_engine.system.atomic_write import copy_file, give_new_name, write_advice
from distill_engine.system.regular_files import read_regular, sha256_of

CHECKSUM_BYTES = 1000  # of a checksum beside a file, at most


def rename_model(name: str, new: str) -> Path:
    """Give a model of the library another name; presets and notes follow its digest.

    Raises LibraryError.
    """
    source = find_model(name, allow_paths=False)
    if source.parent == assets_dir():
        raise LibraryError(f"{name} belongs to Distill itself: make a copy")
    target = _free(new)
    _place(source, target)
    return target


def copy_model(name: str, new: str) -> Path:
    """Copy a model of the library. Raises LibraryError."""
    return _copied(find_model(name, allow_paths=False), _free(new), lambda path: None)


def import_model(source: Path, name: str | None, verify: Callable[[Path], None]) -> Path:
    """Copy a model file into the library; it gets its name once `verify` has found no fault.

    A checksum beside the file (`FILE.sha256`) is compared. Raises LibraryError, and what `verify`
    raises.
    """
    target = _free(name or source.name.removesuffix(MODEL_SUFFIX))
    stated = _stated_checksum(source)

    def check(part: Path) -> None:
        if stated and sha256_of(part) != stated:
            raise LibraryError(f"{source}: its SHA-256 is not the one in {source.name}.sha256: copy it again")
        verify(part)

    return _copied(source, target, check)


def _free(name: str) -> Path:
    """Return the path of a name that no model has. Raises LibraryError."""
    if {"..", "~"} & set(name.split("/")) or name.startswith("/"):
        raise LibraryError(f"path {name[:80]!r} is not allowed: give a name inside {models_dir()}")
    return new_file(models_dir(), name, MODEL_SUFFIX, False)


def _copied(source: Path, target: Path, check: Callable[[Path], None]) -> Path:
    part = ensure(target.parent) / f".{secrets.token_hex(6)}{MODEL_SUFFIX}"
    try:
        copy_file(source, part)
        check(part)
        _place(part, target)
    except OSError as error:
        raise LibraryError(f"{target}: {write_advice(error, target, 'set DISTILL_HOME to another disk')}") from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _place(source: Path, target: Path) -> None:
    """Give a file its new name, which must be free."""
    try:
        give_new_name(source, target)
    except FileExistsError:
        raise LibraryError(f"{target.stem} exists already: nothing is overwritten") from None


def _stated_checksum(source: Path) -> str:
    beside = source.with_name(f"{source.name}.sha256")
    try:
        words = read_regular(beside, CHECKSUM_BYTES).split()
        return words[0].decode("ascii").lower() if words else ""
    except (OSError, UnicodeDecodeError):
        return ""
