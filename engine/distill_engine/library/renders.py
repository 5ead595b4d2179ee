"""What was rendered: one folder per entry, with the sound, `render.json`, outline and picture.

There is no index: the folders are the truth, and several processes may look and write at a time. An
entry appears with one rename, and its `render.json` is replaced whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from distill_engine.errors import DistillError, LibraryError
from distill_engine.library.folders import ensure, renders_dir
from distill_engine.library.history.identities import ID, identities_in, new_identity, order
from distill_engine.library.history.trash import Trash
from distill_engine.system.atomic_write import copy_file, folder_lock, sync_folder, write_advice, write_file
from distill_engine.system.names import same_name
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small, reason_of

VERSION = 1
UNFINISHED_SECONDS = 3600.0  # after which nobody makes or deletes an entry any more
TITLE_CHARACTERS = 200  # of an entry's name, at most
TABLE, OUTLINE, PICTURE = "render.json", "outline.json", "spectrogram.png"
TABLE_BYTES = 32 << 20  # of a table, at most: a batch names its files
_TYPES: dict[str, tuple[type, ...]] = {
    "seconds": (int, float),
    "starred": (bool,),
    "made": (dict,),
}  # all others are texts
_TABLES = ("model", "vocoder", "figures", "quality", "output", "settings", "parameters")  # of `made`, if they are there
FORGOTTEN = "the sound is no longer kept: its entry says how it was made"

Keep = Literal["copy", "move", "link", "path", "none"]
"""How an entry keeps its sound.

As a copy, the file itself, a second name of the same file, where it lies, or not at all.
"""


@dataclass(frozen=True)
class RenderEntry:
    """One entry of the history.

    Attributes:
        id: name of its folder: time in UTC and a random part.
        title: the user's name for it.
        created: time of the entry, ISO 8601 in UTC.
        sound: name of the sound file in the folder, "" if it is not kept.
        seconds: length of the sound.
        starred: whether the user marked it.
        made: all that is needed to make it again: `command`, `model` and `vocoder` with digests,
            `seed`, `parameters`, `take`, `version`, `machine`, `figures`. `output` says where the
            file was written and how it is kept, `samples` is the SHA-256 of its samples.
        fault: why the entry cannot be read, "" if it can.
    """

    id: str
    title: str = ""
    created: str = ""
    sound: str = ""
    seconds: float = 0.0
    starred: bool = False
    made: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as values for JSON."""
        return asdict(self)


class RenderStore:
    """All entries below `root`, the library's folder by default."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else renders_dir()

    def entries(self) -> list[RenderEntry]:
        """Return all entries, the newest first; one that cannot be read has its `fault`."""
        found = [self._read(name) for name in identities_in(self.root)]
        return sorted(found, key=lambda entry: order(entry.id, entry.created), reverse=True)

    def get(self, identity: str) -> RenderEntry:
        """Return an entry. Raises LibraryError if there is none or it cannot be read."""
        entry = self._read(identity) if ID.fullmatch(identity) and self.folder(identity).is_dir() else None
        if entry is None:
            raise LibraryError(f"no render {identity[:40]!r} in {self.root}")
        if entry.fault:
            raise LibraryError(entry.fault)
        return entry

    def folder(self, identity: str) -> Path:
        """Return an entry's folder."""
        return self.root / identity

    def sound(self, identity: str) -> Path:
        """Return an entry's sound file. Raises LibraryError if it is not there."""
        entry = self.get(identity)
        path = self.folder(identity) / entry.sound
        output = entry.made.get("output") or {}
        if output.get("keep") == "path":
            path = Path(str(output.get("path", "")))
            if not path.is_file():
                raise LibraryError(f"{entry.title}: its file {path} is gone: `distill history again` makes it anew")
        elif not entry.sound or not path.is_file():
            raise LibraryError(f"{entry.title}: {FORGOTTEN}")
        return path

    def find(self, key: str) -> RenderEntry:
        """Return the entry with this ID or its end, this name, or the "last" one.

        Raises LibraryError if there is none, or more than one.
        """
        entries = self.entries()
        if key == "last" and (whole := [entry for entry in entries if not entry.fault]):
            return self.get(whole[0].id)
        found = [entry for entry in entries if entry.id == key or entry.id.rpartition("-")[2] == key]
        found = found or [entry for entry in entries if same_name(entry.title, key)]
        if len(found) == 1:
            return self.get(found[0].id)
        if found:
            raise LibraryError(f"{len(found)} renders are called {key[:40]!r}: give an ID, such as {found[0].id}")
        raise LibraryError(f"no render {key[:40]!r} in the history: `distill history list` shows what is there")

    def add(self, sound: Path, title: str, made: Mapping[str, Any], keep: Keep = "copy") -> RenderEntry:
        """Make an entry of a sound file. Raises LibraryError, AudioFileError."""
        from distill_engine.library.history.listening import listen  # numpy and scipy, which a list need not load

        heard = listen(sound)
        kept = "" if keep in ("none", "path") else f"sound{sound.suffix.lower()}"
        figures = {**made.get("figures", {}), "quality": heard.quality.to_dict()}
        output = {} if keep == "move" else {"output": {"path": str(sound.absolute()), "keep": keep}}
        whole = {**made, "figures": figures, "samples": heard.digest, **output}
        drawn = {OUTLINE: json.dumps(heard.outline).encode(), PICTURE: heard.picture}
        entry = self._new(_title(title), whole, kept, round(heard.seconds, 3))
        self._write(entry, drawn, lambda folder: _keep(sound, folder / kept, keep))
        if keep == "move":
            sound.unlink(missing_ok=True)
        return entry

    def note(self, title: str, made: Mapping[str, Any]) -> RenderEntry:
        """Make an entry without a sound, as of a batch. Raises LibraryError."""
        entry = self._new(_title(title), made)
        self._write(entry, {}, lambda folder: None)
        return entry

    def _new(self, title: str, made: Mapping[str, Any], sound: str = "", seconds: float = 0.0) -> RenderEntry:
        now = datetime.now(UTC)
        identity = new_identity(now, identities_in(self.root))
        return RenderEntry(identity, title, now.isoformat(), sound, seconds, made=dict(made))

    def _write(self, entry: RenderEntry, files: Mapping[str, bytes], fill: Callable[[Path], object]) -> None:
        """Make an entry's folder with files by name and what `fill` adds; it appears whole."""
        making = ensure(self.root) / f".{entry.id}"
        self._forget_unfinished()
        try:
            making.mkdir()
            for name, data in {**files, TABLE: _table(entry)}.items():
                write_file(making / name, data, sweep=False)
            fill(making)
            sync_folder(making)
            making.rename(self.folder(entry.id))
            sync_folder(self.root)
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            raise _unwritten(error, making) from None

    def change(
        self,
        identity: str,
        *,
        title: str | None = None,
        starred: bool | None = None,
        sound: str | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> RenderEntry:
        """Rename an entry, mark it, or change what else is given; return it as it is now.

        `made` is added to what is there. Raises LibraryError.
        """
        try:
            with folder_lock(self.root):
                entry = self.get(identity)
                changed = replace(
                    entry,
                    title=entry.title if title is None else _title(title),
                    starred=entry.starred if starred is None else starred,
                    sound=entry.sound if sound is None else sound,
                    made={**entry.made, **(made or {})},
                )
                write_file(self.folder(identity) / TABLE, _table(changed))
        except OSError as error:
            raise _unwritten(error, self.folder(identity)) from None
        return changed

    def delete(self, identity: str) -> None:
        """Move an entry and its sound to the trash; a damaged one, too. Raises LibraryError."""
        if not ID.fullmatch(identity) or not self.folder(identity).is_dir():
            raise LibraryError(f"no render {identity[:40]!r} in {self.root}")
        Trash().put(self.folder(identity), "render", self._read(identity).title or identity)

    def _forget_unfinished(self) -> None:
        """Delete what a killed process has left of entries that it was making or deleting."""
        for folder in self.root.glob(".*"):
            with suppress(OSError):
                if ID.match(folder.name[1:]) and time.time() - folder.stat().st_mtime > UNFINISHED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _read(self, identity: str) -> RenderEntry:
        path = self.folder(identity) / TABLE
        try:
            table = parse(read_small(path, TABLE_BYTES))
            if table.pop("version") > VERSION:
                return RenderEntry(identity, fault=f"{path}: written by a newer Distill")
            entry = _checked(RenderEntry(**{**table, "id": identity}))
            return replace(entry, sound=Path(entry.sound).name)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            return RenderEntry(identity, fault=f"{path}: cannot be read ({reason_of(error)}): delete the entry")


def _checked(entry: RenderEntry) -> RenderEntry:
    """Return the entry; raise TypeError where a value is none of its field's."""
    kinds: dict[str, tuple[Any, tuple[type, ...]]] = {
        name: (value, _TYPES.get(name, (str,))) for name, value in vars(entry).items()
    }
    if isinstance(entry.made, dict):
        figures = entry.made.get("figures")
        within = {**entry.made, "quality": figures.get("quality") if isinstance(figures, dict) else None}
        kinds |= {name: (within.get(name), (dict, type(None))) for name in _TABLES}
        kinds["command"] = within.get("command", []), (list,)
    for name, (value, types) in kinds.items():
        if type(value) not in types:
            raise TypeError(f"{name} is {value!r:.40}")
    return entry


def _title(title: str) -> str:
    line = " ".join(title.split())
    if not line or len(line) > TITLE_CHARACTERS:
        raise LibraryError(f"a render's name has 1 to {TITLE_CHARACTERS} characters, not {len(line)}")
    return line


def _table(entry: RenderEntry) -> bytes:
    values = {name: value for name, value in entry.to_dict().items() if name != "fault"}
    return json.dumps({"version": VERSION, **values}, ensure_ascii=False, indent=1, default=str).encode()


def _keep(sound: Path, target: Path, keep: Keep) -> None:
    """Put the sound into the new folder; one that moves is deleted once its entry stands."""
    if keep == "link":
        with contextlib.suppress(OSError):  # another disk, or a file system without links: a copy is as good
            os.link(sound, target)
            return
    if keep in ("copy", "move", "link"):
        copy_file(sound, target)


def _unwritten(error: OSError, path: Path) -> DistillError:
    return LibraryError(f"{path}: {write_advice(error, path, 'set DISTILL_HOME to another disk')}")
