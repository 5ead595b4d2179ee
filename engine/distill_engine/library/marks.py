"""Marks that a player has placed on a plane: saved with the presets of their model, under a name.

One JSON file each, in the model's folder of presets. They may come from strangers: sizes, types,
numbers and names are checked before use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from distill_engine.errors import PresetError
from distill_engine.library import folders
from distill_engine.library.presetfiles import checked_table, read_json, remove, write_json, write_new
from distill_engine.library.presetnames import (
    OLD_CHARACTERS,
    checked_name,
    file_stem,
    model_folder,
    old_name,
    same_model,
)
from distill_engine.system.file_lock import turn
from distill_engine.system.names import normalised, printable, same_name
from distill_engine.vocabulary.table import CONTROL_COUNT, MOST_MARKS

FORMAT = "distill-marks"
VERSION = 1
SUFFIX = ".marks.json"
KINDS = ("clip", "moment", "controls")
SAVED_LIMIT = 1000  # files of marks that are read
MOST_LATENTS = 512  # of a mark
LATENT_LIMIT_SIGMA = 100.0


@dataclass(frozen=True)
class Mark:
    """One mark: where it is (-1 to 1), and what it holds.

    `latent` [K] is in sigma, empty for none; `controls` are values by name (a name that it lacks is
    0), None where it leaves the controls free.
    """

    name: str
    kind: str
    x: float
    y: float
    latent: tuple[float, ...] = ()
    controls: Mapping[str, float] | None = None


@dataclass(frozen=True)
class MarkSet:
    """Marks in the order of their numbers; `space` is the `Instrument.latent_space` they mean."""

    name: str
    model: str
    digest: str = ""
    space: str = ""
    marks: tuple[Mark, ...] = field(default_factory=tuple)


class MarkStore:
    """All saved marks below `root` (the folder of presets by default)."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else folders.presets_dir()

    def all(self) -> list[MarkSet]:
        """Return all readable ones, by model and name."""
        found = (self._read(path) for path in self._paths())
        sets = [item for item in found if isinstance(item, MarkSet)]
        return sorted(sets, key=lambda item: (item.model, item.name.casefold()))

    def damaged(self) -> list[str]:
        """Return what is wrong with the files that cannot be read."""
        return [item for item in map(self._read, self._paths()) if isinstance(item, str)]

    def of_model(self, model: str, digest: str = "") -> list[MarkSet]:
        """Return those of a model."""
        return [item for item in self.all() if same_model(item.model, item.digest, model, digest)]

    def find(self, name: str, model: str, digest: str = "") -> MarkSet:
        """Return those of a name. Raises PresetError if there are none."""
        there = self.of_model(model, digest)
        for item in there:
            if same_name(item.name, name.strip()):
                return item
        names = ", ".join(item.name for item in there[:20]) or "none yet"
        raise PresetError(
            f"there are no marks '{printable(name)}' for the model {model or '(none)'}; there are: {names}"
        )

    def save(self, marks: MarkSet) -> MarkSet:
        """Save marks; those of the same name are replaced. Raises PresetError."""
        marks = replace(marks, name=_checked_name(marks.name))
        with self._turn(marks.model):
            self._remove_others(marks)
            write_json(self.path(marks), _to_json(marks))
        return marks

    def rename(self, name: str, new_name: str, model: str, digest: str = "") -> MarkSet:
        """Give saved marks another name. Raises PresetError if it is taken or not allowed."""
        marks = self.find(name, model, digest)
        renamed = replace(marks, name=_checked_name(new_name))
        with self._turn(marks.model):
            if not same_name(marks.name, renamed.name):
                self._check_free(renamed)
            write_json(self.path(renamed), _to_json(renamed))
            if self.path(renamed) != self.path(marks):
                remove(self.path(marks))
        return renamed

    def delete(self, name: str, model: str, digest: str = "") -> MarkSet:
        """Delete saved marks. Raises PresetError if there are none of this name."""
        marks = self.find(name, model, digest)
        remove(self.path(marks))
        return marks

    def export(self, marks: MarkSet, path: Path) -> None:
        """Write a copy to a new file. Raises PresetError, also if the file exists."""
        write_new(path, _to_json(marks))

    def take_in(self, marks: MarkSet, name: str | None = None) -> MarkSet:
        """Add marks from a file. Raises PresetError if their name is taken or not allowed."""
        marks = replace(marks, name=_checked_name(name or marks.name, ": give another --name"))
        with self._turn(marks.model):
            self._check_free(marks)
            write_json(self.path(marks), _to_json(marks))
        return marks

    def path(self, marks: MarkSet) -> Path:
        """Return the file of saved marks."""
        return model_folder(self.root, marks.model) / (file_stem(marks.name) + SUFFIX)

    def _check_free(self, marks: MarkSet) -> None:
        if any(same_name(other.name, marks.name) for other in self.of_model(marks.model, marks.digest)):
            raise PresetError(f"{marks.model} has marks {marks.name} already: delete them, or take another name")

    def _remove_others(self, marks: MarkSet) -> None:
        """Delete the file of marks that these replace, where its name is written otherwise."""
        for other in self.of_model(marks.model, marks.digest):
            if same_name(other.name, marks.name) and self.path(other) != self.path(marks):
                remove(self.path(other))

    def _turn(self, model: str) -> AbstractContextManager[None]:
        return turn(model_folder(self.root, model), PresetError)

    def _paths(self) -> list[Path]:
        return sorted(self.root.glob(f"*/*{SUFFIX}"))[:SAVED_LIMIT]

    def _read(self, path: Path) -> MarkSet | str:
        try:
            marks = read_marks(path)
        except PresetError as error:
            return str(error)
        if self.path(marks) != path:
            return f"{path} holds the marks {marks.name} of {marks.model}: import it instead"
        return marks


def read_marks(path: Path) -> MarkSet:
    """Read one file of marks. Raises PresetError if it is none, damaged or too new."""
    data = checked_table(read_json(path), str(path), FORMAT, VERSION, "holds no marks")
    try:
        name, model, digest, space = (_text(data[key]) for key in ("name", "model", "digest", "space"))
        marks = tuple(_mark(row) for row in data["marks"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise PresetError(f"{path} is damaged: a name, number or mark is wrong") from None
    if not 1 <= len(marks) <= MOST_MARKS:
        raise PresetError(f"{path} has {len(marks)} marks, 1 to {MOST_MARKS} are possible")
    return MarkSet(old_name(name), model, digest, space, marks)


def checked_mark_name(name: str) -> str:
    """Return a name for a mark. Raises PresetError if it is not allowed."""
    return checked_name(name, what="a mark's name")


def _checked_name(name: str, way: str = "") -> str:
    return checked_name(name, way=way, what="the name of saved marks")


def _mark(row: dict[str, Any]) -> Mark:
    """Return a mark from its row of a file. Raises as reading a row of any form does."""
    controls = row["controls"]
    latent = tuple(_number(value, LATENT_LIMIT_SIGMA) for value in row["latent"])
    if row["kind"] not in KINDS or len(latent) > MOST_LATENTS:
        raise ValueError
    if controls is not None:
        controls = {normalised(_text(name)): _number(value, 1.0) for name, value in controls.items()}
        if len(controls) > CONTROL_COUNT:
            raise ValueError
    return Mark(_text(row["name"]), row["kind"], _number(row["x"], 1.0), _number(row["y"], 1.0), latent, controls)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 2 * OLD_CHARACTERS:
        raise TypeError
    return value


def _number(value: object, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.fabs(value) <= limit:
        raise ValueError
    return float(value)


def _to_json(marks: MarkSet) -> dict[str, object]:
    return {"format": FORMAT, "version": VERSION, **asdict(marks)}
