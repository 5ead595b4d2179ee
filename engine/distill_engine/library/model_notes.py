"""Tags and a note on each model, in one file per digest: they follow a model that is renamed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from distill_engine.codes.sizes import LEVELS
from distill_engine.errors import LibraryError
from distill_engine.library.folders import ensure, notes_dir
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small, reason_of

VERSION = 1
NOTE_CHARACTERS = 10_000  # of a note, at most
TAG_CHARACTERS = 64  # of a tag, at most
TAG_LIMIT = 50  # tags of a model
FILE_BYTES = 1 << 20  # of notes, at most
_DIGEST = re.compile(r"[0-9a-f]{16,128}")


@dataclass(frozen=True)
class ModelNotes:
    """What the user wrote on a model: tags, a note, own names of the levels of its codes."""

    tags: tuple[str, ...] = ()
    note: str = ""
    levels: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the notes as values for JSON."""
        return asdict(self)


def read_notes(digest: str, root: Path | None = None) -> ModelNotes:
    """Return the notes on a model, empty ones if there are none. Raises LibraryError."""
    path = _path(digest, root)
    try:
        table = parse(read_small(path, FILE_BYTES))
        if table["version"] > VERSION:
            raise LibraryError(f"{path}: written by a newer Distill")
        return ModelNotes(tuple(map(str, table["tags"])), str(table["note"]), tuple(map(str, table.get("levels", ()))))
    except FileNotFoundError:
        return ModelNotes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(f"{path}: cannot be read ({reason_of(error)}): delete it") from None


def write_notes(digest: str, tags: Iterable[str], note: str, root: Path | None = None) -> ModelNotes:
    """Replace tags and note of a model, and return what is kept. Raises LibraryError."""
    kept = tuple(dict.fromkeys(filter(None, (" ".join(tag.split()) for tag in tags))))
    if len(kept) > TAG_LIMIT or any(len(tag) > TAG_CHARACTERS for tag in kept):
        raise LibraryError(f"a model has at most {TAG_LIMIT} tags of at most {TAG_CHARACTERS} characters each")
    if len(note) > NOTE_CHARACTERS:
        raise LibraryError(f"a note has at most {NOTE_CHARACTERS} characters, this one has {len(note)}")
    return _write(digest, replace(read_notes(digest, root), tags=kept, note=note.strip()), root)


def name_levels(digest: str, names: Iterable[str], root: Path | None = None) -> ModelNotes:
    """Replace the names of a model's levels of codes; none: the usual ones. Raises LibraryError."""
    kept = tuple(" ".join(name.split()) for name in names)
    if len(kept) > max(LEVELS) or any(not 0 < len(name) <= TAG_CHARACTERS for name in kept):
        raise LibraryError(f"give each of at most {max(LEVELS)} levels a name of 1 to {TAG_CHARACTERS} characters")
    return _write(digest, replace(read_notes(digest, root), levels=kept), root)


def _write(digest: str, notes: ModelNotes, root: Path | None) -> ModelNotes:
    path = _path(digest, root)
    ensure(path.parent)
    try:
        write_file(path, json.dumps({"version": VERSION, **notes.to_dict()}, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise LibraryError(f"{path}: {write_advice(error, path, 'set DISTILL_HOME to another disk')}") from None
    return notes


def _path(digest: str, root: Path | None) -> Path:
    if not _DIGEST.fullmatch(digest):
        raise LibraryError(f"{digest[:40]!r} is no digest of a model")
    return (root if root is not None else notes_dir()) / f"{digest}.json"
