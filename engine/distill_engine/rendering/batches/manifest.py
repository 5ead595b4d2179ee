"""`manifest.jsonl` of a batch: a line for each file, with all that is needed to make it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distill_engine.audio.finishing.loops import Loop
from distill_engine.errors import ConfigError
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.file_lock import turn
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small, reason_of

NAME = "manifest.jsonl"
LOOP = "loop"  # key of a line: the first sample of the sound's loop, and the one after it
SAVE_EVERY = 200  # files between two writes; an interrupted batch writes it as well
FILE_BYTES = 256 << 20  # of a manifest, at most: some 300,000 files


class Manifest:
    """The lines of a folder's manifest, by file name. A line that cannot be read is dropped.

    Raises ConfigError for a manifest that cannot be read at all.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.lines = self._stored()
        self._added: dict[str, Mapping[str, Any]] = {}

    def _stored(self) -> dict[str, Mapping[str, Any]]:
        try:
            data = read_small(self.path, FILE_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ConfigError(
                f"{self.path}: cannot be read ({reason_of(error)}): move it away, or choose another folder"
            ) from None
        lines: dict[str, Mapping[str, Any]] = {}
        for text in data.splitlines():
            try:
                line = parse(text)
                lines[str(line["file"])] = line
            except (ValueError, TypeError, KeyError):
                continue
        return lines

    def has(self, line: Mapping[str, Any]) -> bool:
        """Return whether the file of a line is there, made as the line says."""
        name = line["file"]
        stored = {key: value for key, value in self.lines.get(name, {}).items() if key != LOOP}
        return stored == line and (self.path.parent / name).is_file()

    def sounds(self, model: str) -> list[tuple[Path, Loop | None]]:
        """Return a model's files that are there, in order of their names, with their loops."""
        names = sorted(name for name, line in self.lines.items() if line.get("model") == model)
        paths = {name: self.path.parent / name for name in names}
        return [(path, _loop(self.lines[name].get(LOOP))) for name, path in paths.items() if path.is_file()]

    def changes(self, line: Mapping[str, Any]) -> set[str]:
        """Return the names of the values with which the file of a line was made otherwise.

        It is empty if there is no such file, and {"manifest"} if no line says how it was made.
        """
        name = line["file"]
        if not (self.path.parent / name).is_file():
            return set()
        old = self.lines.get(name)
        if old is None:
            return {"manifest"}
        keys = {*old, *line} - {LOOP}
        return {key.removesuffix("_digest") for key in keys if old.get(key) != line.get(key)}

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Add lines of files that are done; they replace those of the same name."""
        self._added |= {str(line["file"]): line for line in lines}

    def save(self) -> None:
        """Write all lines, by file name, with those that another batch has added meanwhile.

        Raises ConfigError if that is impossible; then the file is as it was.
        """
        if not self._added:
            return
        with turn(self.path, ConfigError):
            self.lines = self._stored() | self._added
            text = "".join(json.dumps(self.lines[name], ensure_ascii=False) + "\n" for name in sorted(self.lines))
            try:
                write_file(self.path, text.encode())
            except OSError as error:
                raise ConfigError(f"{self.path}: {write_advice(error, self.path)}") from None


def _loop(value: object) -> Loop | None:
    """Return what a line has as its loop, None without one."""
    match value:
        case [int(start), int(end)]:
            return Loop(start, end)
    return None
