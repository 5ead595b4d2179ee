"""One preset and its file format. Files may come from strangers: everything is checked."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from distill_engine.errors import PresetError
from distill_engine.library.presetfiles import checked_table, read_json
from distill_engine.library.presetnames import old_name, same_model
from distill_engine.system.names import name_fault, normalised, printable

FORMAT = "distill-preset"
VERSION = 1
VALUE_LIMIT = 1000  # values of a preset
TAG_LIMIT = 50  # tags of a preset
TAG_CHARACTERS = 64  # of a tag, at most
POSITION_LIMIT = 100_000  # of a position in the list, from 0, either way
NOTE_CHARACTERS = 10_000  # of a note, at most

Value = float | int | str


@dataclass(frozen=True)
class Preset:
    """One preset: `values` by address, the model's `digest`, and its `position` in the list.

    `folder` ("" for none), `tags` and `note` are the user's; numbers count across all folders.
    `skeleton` is the digest of the model's skeleton, which says what latents by number mean. It is
    empty for a model of version 1, and in the files of an earlier Distill.
    """

    name: str
    model: str
    digest: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    position: float = 0
    folder: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    skeleton: str = ""

    def fits(self, model: str, digest: str) -> bool:
        """Return whether it belongs to this model."""
        return same_model(self.model, self.digest, model, digest)


def read_preset(path: Path) -> Preset:
    """Read one preset file.

    Raises:
        PresetError: if it is not a preset, damaged or too new.
    """
    return preset_of(read_json(path), str(path))


def preset_of(data: Any, path: str) -> Preset:
    """Return the preset that JSON from `path` holds, checked. Raises PresetError."""
    data = checked_table(data, path, FORMAT, VERSION, "is not a preset")
    texts = [data.get(key, "") for key in ("name", "model", "digest", "skeleton")]
    position = data.get("position", 0)
    number = type(position) is int or (type(position) is float and math.isfinite(position))
    if not number or not all(isinstance(text, str) and len(text) <= 200 for text in texts):
        raise PresetError(f"{path} is damaged: its name, model, digest, skeleton or position is wrong")
    values = data.get("values")
    if not isinstance(values, dict):
        raise PresetError(f"{path} is damaged: it has no values")
    position = min(max(position, -POSITION_LIMIT), POSITION_LIMIT)
    values = checked_values(values, path)
    return Preset(old_name(texts[0]), texts[1], texts[2], values, position, *_described(data, path), texts[3])


def checked_words(folder: str, tags: Iterable[str], note: str) -> tuple[str, tuple[str, ...], str]:
    """Return a folder, tags and a note as they are kept. Raises PresetError for one too long."""
    kept = tuple(dict.fromkeys(filter(None, (" ".join(tag.split()) for tag in tags))))
    if fault := name_fault(folder) if folder else None:
        raise PresetError(f"a folder of presets cannot be '{printable(folder, 40)}': {fault}")
    if len(kept) > TAG_LIMIT or any(len(tag) > TAG_CHARACTERS for tag in kept):
        raise PresetError(f"a preset has at most {TAG_LIMIT} tags of at most {TAG_CHARACTERS} characters each")
    if len(note) > NOTE_CHARACTERS:
        raise PresetError(f"a note has at most {NOTE_CHARACTERS} characters, this one has {len(note)}")
    return normalised(folder), kept, note.strip()


def _described(data: Mapping[str, Any], path: str) -> tuple[str, tuple[str, ...], str]:
    folder, tags, note = data.get("folder", ""), data.get("tags", []), data.get("note", "")
    texts = isinstance(folder, str) and isinstance(note, str) and isinstance(tags, list)
    if not texts or not all(isinstance(tag, str) for tag in tags):
        raise PresetError(f"{path} is damaged: its folder, tags or note is wrong")
    return checked_words(folder, tags, note)


def checked_values(values: Mapping[str, object], where: str) -> dict[str, Value]:
    """Return the values, checked. Raises PresetError for all but finite numbers and short texts."""
    if len(values) > VALUE_LIMIT:
        raise PresetError(f"{where}: {len(values)} values, at most {VALUE_LIMIT} are allowed")
    checked: dict[str, Value] = {}
    for address, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
        text = isinstance(value, str) and len(value) <= 1000
        if not re.fullmatch(r"/distill/[^\s]{1,200}", address) or not (number or text):
            raise PresetError(f"{where} is damaged: '{printable(address, 60)}' = {value!r:.60}")
        checked[address] = value  # type: ignore[assignment]
        if isinstance(value, float) and not math.isfinite(value):
            raise PresetError(f"{where} is damaged: '{printable(address, 60)}' is not a finite number")
    return checked


def to_json(preset: Preset) -> dict[str, object]:
    """Return a preset as values for JSON."""
    return {"format": FORMAT, "version": VERSION, **asdict(replace(preset, values=dict(preset.values)))}


def room_at(positions: Sequence[float], at: int) -> tuple[int, list[float]]:
    """Make room for one more at index `at` of `positions`, which are in order.

    Return an index, and the positions from there on in the longer list: of the new one, and of
    those on either side that must give way because no number lies between them.

    >>> room_at([0, 1, 2], 1)
    (1, [0.5])
    >>> room_at([0, 1, 1, 3], 2)
    (1, [0.75, 1.5, 2.25])
    """
    width = 0
    while True:
        first, last = max(at - width, 0), min(at + width, len(positions))
        ends = positions[max(first - 1, 0) : first], positions[last : last + 1]
        places = _spread(*ends, last - first + 1)
        limits = [*ends[0], *places, *ends[1]]
        rises = all(before < after for before, after in itertools.pairwise(limits))
        fits = rises and all(abs(place) <= POSITION_LIMIT for place in places)
        if fits or width >= len(positions):
            return first, places
        width = 2 * width or 1


def _spread(before: Sequence[float], after: Sequence[float], count: int) -> list[float]:
    """Return `count` positions after the one of `before`, if any, and before that of `after`."""
    if before and after:
        step = (after[0] - before[0]) / (count + 1)
        return [before[0] + step * number for number in range(1, count + 1)]
    if before:
        return [before[0] + number for number in range(1, count + 1)]
    start = after[0] - count if after else 0
    return [start + number for number in range(count)]
