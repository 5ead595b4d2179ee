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
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.folders import data_dir, ensure
from distill_engine.library.history.identities import identities_in, new_identity, order
from distill_engine.system.atomic_write import TEMPORARY_SUFFIX, write_advice, write_file
from distill_engine.system.names import same_name
from distill_engine.system.plain_json import parse

VERSION = 1
TABLE = "trash.json"
OVERWRITTEN_LIMIT = 100  # overwritten versions of one kind; the oldest go first
MODEL_LIMIT = 10  # of these, models: they take megabytes


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
        same = [old for old in self.items() if old.kind == kind and old.why == "overwritten"]
        for old in same[MODEL_LIMIT if kind == "model" else OVERWRITTEN_LIMIT :]:
            self.remove(old)
        return item

    def items(self) -> list[Trashed]:
        """Return all items, the latest first."""
        found = [self._read(name) for name in identities_in(self.root)]
        return sorted(found, key=lambda item: order(item.id, item.time), reverse=True)

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
            act(path, folder / path.name)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise LibraryError(f"{path}: cannot be put into the trash: {write_advice(error, folder)}") from None
        return self._read(identity)

    def _payload(self, item: Trashed) -> Path:
        return self.root / item.id / item.was.name

    def _read(self, identity: str) -> Trashed:
        path = self.root / identity / TABLE
        try:
            table = parse(path.read_bytes())
            if table.pop("version") > VERSION:
                raise ValueError("written by a newer Distill")
            item = Trashed(identity, table["kind"], table["name"], Path(table["was"]), table["why"], table["time"])
            payload = self._payload(item)
            size = _size(payload)
        except FileNotFoundError:
            return Trashed(identity, "", identity, path, "", "", fault="its file is gone: empty the trash")
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            return Trashed(identity, "", identity, path, "", "", fault=f"{path}: cannot be read ({error})")
        return Trashed(identity, item.kind, item.name, item.was, item.why, item.time, size)


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder. Raises FileNotFoundError."""
    files = [part for part in path.rglob("*") if part.is_file()] if path.is_dir() else [path]
    return sum(part.stat().st_size for part in files)


def _move(source: Path, target: Path) -> None:
    """Rename a file or folder; to another disk copy it, which appears whole or not at all."""
    try:
        os.rename(source, target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = target.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        if source.is_dir():
            shutil.copytree(source, partial, symlinks=True)
        else:
            shutil.copy2(source, partial, follow_symlinks=False)
        os.rename(partial, target)
    except OSError:
        _delete(partial)
        raise
    if source.is_dir() and not source.is_symlink():
        shutil.rmtree(source)
        return
    try:
        source.unlink()
    except OSError:
        _delete(target)  # one of both: the source stays where it is
        raise


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
        shutil.copyfile(source, target)
