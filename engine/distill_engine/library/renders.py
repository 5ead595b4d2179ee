"""What was rendered: one folder per entry, with the sound, `render.json`, outline and picture.

There is no index: the folders are the truth, and several processes may look and write at a time. An
entry appears with one rename, and its `render.json` is replaced whole.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from distill_engine.audio.files import read_audio
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.errors import DistillError, LibraryError
from distill_engine.library.folders import ensure, renders_dir
from distill_engine.library.pictures import outline, spectrogram
from distill_engine.system.atomic_write import folder_lock, write_advice, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import reason_of

VERSION = 1
UNFINISHED_SECONDS = 3600.0  # after which nobody makes or deletes an entry any more
TITLE_CHARACTERS = 200  # of an entry's name, at most
TABLE, OUTLINE, PICTURE = "render.json", "outline.json", "spectrogram.png"
FORGOTTEN = "the sound is no longer kept: its entry says how it was made"
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")

Keep = Literal["copy", "move", "link", "none"]


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
            `seed`, `parameters`, `take`, `version`, `machine`, `figures`.
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
        names = [folder.name for folder in self.root.iterdir()] if self.root.is_dir() else []
        found = [self._read(name) for name in sorted(filter(_ID.fullmatch, names), reverse=True)]
        return sorted(found, key=lambda entry: (entry.created, entry.id), reverse=True)

    def get(self, identity: str) -> RenderEntry:
        """Return an entry. Raises LibraryError if there is none or it cannot be read."""
        entry = self._read(identity) if _ID.fullmatch(identity) and self.folder(identity).is_dir() else None
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
        if not entry.sound or not path.is_file():
            raise LibraryError(f"{entry.title}: {FORGOTTEN}")
        return path

    def add(self, sound: Path, title: str, made: Mapping[str, Any], keep: Keep = "copy") -> RenderEntry:
        """Make an entry of a sound file. Raises LibraryError, AudioFileError."""
        heard = read_audio(sound, sample_rate=DEFAULT_MEL.sample_rate)
        now = datetime.now(UTC)
        identity = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        kept = "" if keep == "none" else f"sound{sound.suffix.lower()}"
        seconds = round(heard.samples.shape[1] / DEFAULT_MEL.sample_rate, 3)
        entry = RenderEntry(identity, _title(title), now.isoformat(), kept, seconds, made=dict(made))
        making = ensure(self.root) / f".{identity}"
        self._forget_unfinished()
        try:
            making.mkdir()
            (making / OUTLINE).write_text(json.dumps(outline(heard.samples)), "utf-8")
            (making / PICTURE).write_bytes(spectrogram(heard.samples.mean(axis=0)))
            (making / TABLE).write_bytes(_table(entry))
            _keep(sound, making / kept, keep)
            making.rename(self.folder(identity))
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            raise _unwritten(error, making) from None
        if keep == "move":
            sound.unlink(missing_ok=True)
        return entry

    def change(self, identity: str, *, title: str | None = None, starred: bool | None = None) -> RenderEntry:
        """Rename an entry, or mark it; return it as it is now. Raises LibraryError."""
        try:
            with folder_lock(self.root):
                entry = self.get(identity)
                changed = replace(
                    entry,
                    title=entry.title if title is None else _title(title),
                    starred=entry.starred if starred is None else starred,
                )
                write_file(self.folder(identity) / TABLE, _table(changed))
        except OSError as error:
            raise _unwritten(error, self.folder(identity)) from None
        return changed

    def delete(self, identity: str) -> None:
        """Delete an entry and its sound; one that cannot be read, too. Raises LibraryError."""
        if not _ID.fullmatch(identity) or not self.folder(identity).is_dir():
            raise LibraryError(f"no render {identity[:40]!r} in {self.root}")
        going = self.root / f".{identity}-{secrets.token_hex(3)}"
        try:
            self.folder(identity).rename(going)
        except OSError as error:
            raise _unwritten(error, self.folder(identity)) from None
        shutil.rmtree(going, ignore_errors=True)

    def _forget_unfinished(self) -> None:
        """Delete what a killed process has left of entries that it was making or deleting."""
        for folder in self.root.glob(".*"):
            with suppress(OSError):
                if _ID.match(folder.name[1:]) and time.time() - folder.stat().st_mtime > UNFINISHED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _read(self, identity: str) -> RenderEntry:
        path = self.folder(identity) / TABLE
        try:
            table = parse(path.read_bytes())
            if table.pop("version") > VERSION:
                return RenderEntry(identity, fault=f"{path}: written by a newer Distill")
            entry = RenderEntry(**table)
            return replace(entry, id=identity, sound=Path(entry.sound).name, starred=bool(entry.starred))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            return RenderEntry(identity, fault=f"{path}: cannot be read ({reason_of(error)}): delete the entry")


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
        target.symlink_to(sound.absolute())
    elif keep != "none":
        shutil.copyfile(sound, target)


def _unwritten(error: OSError, path: Path) -> DistillError:
    return LibraryError(f"{path}: {write_advice(error, path, 'set DISTILL_HOME to another disk')}")
