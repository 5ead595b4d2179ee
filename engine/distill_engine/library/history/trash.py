"""What was deleted or overwritten, until the trash is emptied: presets, renders, models, takes.

Each item is a folder with `trash.json` and what was deleted. The table is written before anything
moves, so that whatever stops it, the item is in one place or the other.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.folders import data_dir, ensure
from distill_engine.library.history.identities import identities_in, new_identity, order
from distill_engine.system.atomic_write import TEMPORARY_SUFFIX, copy_file, sync_folder, write_advice, write_file
from distill_engine.system.names import same_name
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small, reason_of

VERSION = 1
TABLE = "trash.json"
OVERWRITTEN_LIMIT = 100  # overwritten versions of one kind; the oldest go first
MODEL_LIMIT = 10  # of these, models: they take megabytes
TABLE_BYTES = 1 << 20  # of an item's table, at most
GONE = "its file is gone: empty the trash"


@dataclass(frozen=True)
class Trashed:
    """One item: its `kind` ("preset", "render", "model"), `name`, and where it `was`.

    `why` is "deleted" or "overwritten", `time` ISO 8601 in UTC, `size` in bytes; `fault` says why
    it cannot be restored, "" if it can.
    """

    id: str
    kind: str
    name: str
    was: Path
    why: str
    time: str
    size: int = 0
    fault: str = ""


class Trash:
    """All items below `root`, the library's folder by default."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else data_dir() / "trash"

    def put(self, path: Path, kind: str, name: str) -> Trashed:
        """Move a file or folder into the trash. Raises LibraryError."""
        return self._take(path, kind, name, "deleted", _move)

    def keep(self, path: Path, kind: str, name: str) -> Trashed:
        """Keep a file that is about to be overwritten; it stays as it is. Raises LibraryError."""
        item = self._take(path, kind, name, "overwritten", _link)
        most = MODEL_LIMIT if kind == "model" else OVERWRITTEN_LIMIT
        identities = identities_in(self.root)
        tables = [self._table(identity) for identity in identities] if len(identities) > most else []
        same = [one for one in tables if one.kind == kind and one.why == "overwritten"]
        for old in _latest_first(same)[most:]:
            self.remove(old)
        return item

    def items(self) -> list[Trashed]:
        """Return all items, the latest first."""
        return _latest_first(self._read(name) for name in identities_in(self.root))

    def find(self, key: str) -> Trashed:
        """Return the latest item with this ID or its end, this name, or the "last" one.

        Raises LibraryError.
        """
        items = self.items()
        exact = [item for item in items if key in (item.id, item.id.rpartition("-")[2])]
        found = items if key == "last" else exact or [item for item in items if same_name(item.name, key)]
        if not found:
            raise LibraryError(f"nothing called {key[:40]!r} in the trash: `distill trash list` shows what is there")
        return found[0]

    def restore(self, item: Trashed) -> Trashed | None:
        """Put an item back where it was.

        What has its place by now goes to the trash itself and is returned. Raises LibraryError.
        """
        if item.fault:
            raise LibraryError(f"{item.name}: {item.fault}")
        there = self.put(item.was, item.kind, item.name) if os.path.lexists(item.was) else None
        try:
            ensure(item.was.parent)
            _move(self._payload(item), item.was)
        except OSError as error:
            if there is not None:  # what had the place has it again
                with contextlib.suppress(OSError):
                    _move(self._payload(there), there.was)
                    self.remove(there)
            raise LibraryError(f"{item.was}: {write_advice(error, item.was)}") from None
        self.remove(item)
        return there

    def remove(self, item: Trashed) -> None:
        """Delete an item for good."""
        shutil.rmtree(self.root / item.id, ignore_errors=True)

    def empty(self, days: float = 0.0) -> list[Trashed]:
        """Delete for good what is older than some days, by default all; return it."""
        before = (datetime.now(UTC) - timedelta(days=days)).isoformat() if days > 0 else None
        going = [item for item in self.items() if before is None or item.time < before]
        for item in going:
            self.remove(item)
        if left := [item for item in going if (self.root / item.id).exists()]:
            raise LibraryError(f"{self.root / left[0].id} cannot be deleted: there is no permission to write there")
        return going

    def _take(self, path: Path, kind: str, name: str, why: str, act: Callable[[Path, Path], None]) -> Trashed:
        now = datetime.now(UTC)
        identity = new_identity(now, identities_in(self.root))
        folder = ensure(self.root / identity)
        table = {"version": VERSION, "kind": kind, "name": name, "was": str(path.absolute()), "why": why}
        try:
            write_file(folder / TABLE, json.dumps({**table, "time": now.isoformat()}, ensure_ascii=False).encode())
            sync_folder(self.root)
            act(path, folder / path.name)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise LibraryError(f"{path}: cannot be put into the trash: {write_advice(error, folder)}") from None
        return self._read(identity)

    def _payload(self, item: Trashed) -> Path:
        return self.root / item.id / item.was.name

    def _read(self, identity: str) -> Trashed:
        """Return an item with its size."""
        item = self._table(identity)
        if item.fault:
            return item
        try:
            return replace(item, size=_size(self._payload(item)))
        except FileNotFoundError:
            return _damaged(identity, item.was, GONE)
        except (OSError, ValueError) as error:
            return _damaged(identity, item.was, f"{item.was.name}: cannot be read ({reason_of(error)})")

    def _table(self, identity: str) -> Trashed:
        """Return what an item's table says."""
        path = self.root / identity / TABLE
        try:
            table = parse(read_small(path, TABLE_BYTES))
            if table["version"] > VERSION:
                raise ValueError("written by a newer Distill")
            kind, name, was, why, time = (_text(table[key]) for key in ("kind", "name", "was", "why", "time"))
            if "\0" in was or Path(was).name in ("", ".."):
                raise ValueError("it does not say where the file was")
        except FileNotFoundError:
            return _damaged(identity, path, GONE)
        except (OSError, ValueError, TypeError, KeyError) as error:
            return _damaged(identity, path, f"{path}: cannot be read ({reason_of(error)})")
        return Trashed(identity, kind, name, Path(was), why, time)


def _damaged(identity: str, path: Path, fault: str) -> Trashed:
    return Trashed(identity, "", identity, path, "", "", fault=fault)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not a text")
    return value


def _latest_first(items: Iterable[Trashed]) -> list[Trashed]:
    return sorted(items, key=lambda item: order(item.id, item.time), reverse=True)


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder. Raises FileNotFoundError."""
    files = [part for part in path.rglob("*") if part.is_file()] if path.is_dir() else [path]
    return sum(part.stat().st_size for part in files)


def _move(source: Path, target: Path) -> None:
    """Rename a file or folder; to another disk copy it, which appears whole or not at all."""
    try:
        os.rename(source, target)
        sync_folder(target.parent)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = target.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        _copy(source, partial)
        os.rename(partial, target)
    except OSError:
        _delete(partial)
        raise
    sync_folder(target.parent)  # the copy is on its disk before the original goes
    if source.is_dir() and not source.is_symlink():
        shutil.rmtree(source)
        return
    try:
        source.unlink()
    except OSError:
        _delete(target)  # one of both: the source stays where it is
        raise


def _copy(source: Path, target: Path) -> None:
    """Copy a file, a link or a folder, and flush that to the disk. Raises OSError."""
    if source.is_symlink():
        os.symlink(os.readlink(source), target)
    elif source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_copy_with_times)
        for folder, _, _ in os.walk(target):
            sync_folder(Path(folder))
    else:
        _copy_with_times(source, target)


def _copy_with_times(source: str | Path, target: str | Path) -> None:
    copy_file(Path(source), Path(target))
    shutil.copystat(source, target)


def _delete(path: Path) -> None:
    """Delete a file or folder as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _link(source: Path, target: Path) -> None:
    """Give a file a second name: what replaces it leaves that name the old contents."""
    try:
        os.link(source, target)
    except OSError:
        copy_file(source, target)
    sync_folder(target.parent)
