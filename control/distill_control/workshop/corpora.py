"""Corpora by name: folders that the page filled, and folders of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from distill_engine.audio.encoding import write_audio
from distill_engine.audio.files import read_audio
from distill_engine.dataset.discovery import FoundFile, find_files
from distill_engine.dataset.left_out import CORPUS_FILE, read_left_out, write_left_out
from distill_engine.errors import ControlError, DistillError, LibraryError
from distill_engine.library.folders import cache_dir, data_dir, ensure
from distill_engine.library.lookup import safe_name
from distill_engine.library.pictures import outline
from distill_engine.system.atomic_write import folder_lock, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small, reason_of

FILE_LIMIT = 500  # of one corpus
THUMBNAIL_COLUMNS = 200  # of a file's outline
OUTLINE_BYTES = 1 << 16  # of its file, at most
TABLE_BYTES = 1 << 20  # of `corpora.json`, at most
DEPTH_LIMIT = 4  # folders of an uploaded file's name
PLAYABLE = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus"})  # by every browser, as they are


class Corpora:
    """The corpora of the library.

    Those that the page filled lie in the folder `corpora`; `corpora.json` names other folders.
    """

    def __init__(self) -> None:
        self.root = data_dir() / "corpora"
        self._table = data_dir() / "corpora.json"

    def folders(self) -> dict[str, Path]:
        """Return the folder of every corpus by name. Raises LibraryError."""
        own = {path.name: path for path in sorted(self.root.iterdir())} if self.root.is_dir() else {}
        return {name: path for name, path in own.items() if path.is_dir() and not name.startswith(".")} | self._told()

    def folder(self, name: str) -> Path:
        """Return the folder of a corpus. Raises LibraryError."""
        folders = self.folders()
        if name not in folders:
            raise LibraryError(f"no corpus {name[:80]!r}")
        return folders[name]

    def create(self, name: str, folder: str | None) -> Path:
        """Make an empty corpus, or name a folder of this machine. Raises LibraryError."""
        if safe_name(name) in self.folders():
            raise LibraryError(f"there is a corpus {name!r} already: choose another name")
        if folder is None:
            return ensure(self.root / safe_name(name))
        path = Path(folder).expanduser()
        if not path.is_absolute() or not path.is_dir():
            raise LibraryError(f"{folder}: no such folder: give its whole path")
        with folder_lock(ensure(data_dir())):
            self._write({**self._told(), safe_name(name): path})
        return path

    def forget(self, name: str) -> None:
        """Delete a corpus that the page filled, or forget a folder, which stays as it is.

        Raises LibraryError.
        """
        folder = self.folder(name)
        try:
            if self.is_own(name):
                folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
                return
        except OSError as error:
            raise LibraryError(f"{name}: cannot be deleted whole ({reason_of(error)})") from None
        with folder_lock(ensure(data_dir())):
            self._write({known: path for known, path in self._told().items() if known != name})

    def is_own(self, name: str) -> bool:
        """Return whether the page filled a corpus, and may change its files.

        A folder that was named is never such a one, wherever it lies.
        """
        return name not in self._told() and (self.root / name).is_dir()

    def files(self, name: str) -> list[FoundFile]:
        """Return the files of a corpus. Raises LibraryError, CorpusError."""
        return find_files(self.folder(name))

    def file(self, corpus: str, name: str) -> Path:
        """Return a file by the name that a check shows: one that was found, never a path."""
        for one in self.files(corpus):
            if one.name == name:
                return one.path
        raise LibraryError(f"no file {name[:80]!r} in the corpus {corpus}")

    def clip(self, name: str, sounds: Collection[str]) -> Path:
        """Return a sound of a model by its name, from the corpus that has most of its `sounds`.

        Raises LibraryError if no corpus here has it.
        """
        found: dict[str, list[FoundFile]] = {}
        for corpus, folder in self.folders().items():
            with contextlib.suppress(DistillError):  # a folder that is not there now
                found[corpus] = find_files(folder)
        alike = sorted(found.values(), key=lambda files: -sum(file.name in sounds for file in files))
        for file in (file for files in alike for file in files):
            if file.name == name:
                return file.path
        raise LibraryError(f"the recording {name[:80]!r} is in no corpus on this machine")

    def place(self, corpus: str, name: str) -> Path:
        """Return where an uploaded file goes. Raises LibraryError, ControlError."""
        folder = self.folder(corpus)
        if not self.is_own(corpus):
            raise ControlError(f"{corpus} is a folder of this machine: put the file there yourself")
        parts = [safe_name(part) for part in name.split("/")]
        if len(parts) > DEPTH_LIMIT:
            raise ControlError(f"at most {DEPTH_LIMIT - 1} folders within each other")
        path = folder.joinpath(*parts)
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise LibraryError(f"{name[:80]!r} leads out of the corpus")
        if path.exists():
            raise ControlError(f"{name} is there already: nothing is overwritten")
        if _count(folder) >= FILE_LIMIT:
            raise ControlError(f"a corpus has at most {FILE_LIMIT} files here: give a folder of this machine instead")
        return path

    def remove(self, corpus: str, name: str) -> None:
        """Delete an uploaded file. Raises LibraryError."""
        if not self.is_own(corpus):
            raise ControlError(f"{corpus} is a folder of this machine: nothing is deleted there; leave the file out")
        self.file(corpus, name).unlink()

    def leave_out(self, corpus: str, name: str, *, out: bool) -> None:
        """Leave a file out of the corpus, or take it in again. Raises LibraryError, CorpusError."""
        folder, path = self.folder(corpus), self.file(corpus, name)
        if not path.exists():
            raise LibraryError(f"no file {name[:80]!r}")
        left = read_left_out(folder)
        write_left_out(folder, left | {name} if out else left - {name})

    def _told(self) -> dict[str, Path]:
        try:
            table = parse(read_small(self._table, TABLE_BYTES))
            return {safe_name(name): Path(folder) for name, folder in table.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise LibraryError(f"{self._table}: cannot be read ({reason_of(error)}): delete it") from None

    def _write(self, table: Mapping[str, Path]) -> None:
        data = {name: str(path) for name, path in table.items()}
        write_file(self._table, json.dumps(data, ensure_ascii=False, indent=1).encode())


def _count(folder: Path) -> int:
    """Return how many files lie in a folder, without looking into them: each upload asks."""
    names = (name for _, _, files in os.walk(folder) for name in files)
    return sum(not name.startswith(".") and name != CORPUS_FILE for name in names)


def outline_of(path: Path) -> Any:
    """Return the outline of a sound file, from the cache if it is there. Raises AudioFileError."""
    kept = _cached(path, ".outline.json")
    with contextlib.suppress(OSError, ValueError):
        return parse(read_small(kept, OUTLINE_BYTES))
    drawn = outline(read_audio(path).samples, THUMBNAIL_COLUMNS)
    with contextlib.suppress(OSError):  # without a cache it is drawn again
        write_file(kept, json.dumps(drawn).encode())
    return drawn


def playable(path: Path) -> Path:
    """Return a file that a browser plays: the file itself, or a FLAC of it in the cache."""
    if path.suffix.lower() in PLAYABLE:
        return path
    kept = _cached(path, ".flac")
    if not kept.exists():
        sound = read_audio(path)
        write_audio(kept, sound.samples, sound.sample_rate, bit_depth=16)
    return kept


def _cached(path: Path, suffix: str) -> Path:
    """Return where something made of a file is kept: by path, size and time of change."""
    status = path.stat()
    key = hashlib.sha256(f"{path}:{status.st_size}:{status.st_mtime_ns}".encode()).hexdigest()
    return ensure(cache_dir() / "heard") / f"{key}{suffix}"
