"""Sets of presets: many in one JSON file, to pass on; each is checked as a file of its own is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from distill_engine.errors import PresetError
from distill_engine.library.presetfiles import checked_table, read_json, write_new
from distill_engine.library.presetformat import Preset, preset_of, to_json

FORMAT = "distill-preset-set"
VERSION = 1
SET_LIMIT = 1000  # presets of a set


def write_set(path: Path, presets: Iterable[Preset]) -> int:
    """Write presets into a new file; return how many. Raises PresetError if there are none."""
    rows = [to_json(preset) for preset in presets]
    if not rows:
        raise PresetError("no preset fits: `distill preset list` shows all")
    if len(rows) > SET_LIMIT:
        raise PresetError(
            f"{len(rows)} presets fit, a set has at most {SET_LIMIT}: choose a --folder, --tag or --model"
        )
    write_new(path, {"format": FORMAT, "version": VERSION, "presets": rows})
    return len(rows)


def is_set(path: Path) -> bool:
    """Return whether a file holds a set. Raises PresetError if it cannot be read."""
    data = read_json(path)
    return isinstance(data, dict) and data.get("format") == FORMAT


def read_set(path: Path) -> list[Preset]:
    """Return the presets of a set. Raises PresetError if one is damaged: all or none."""
    rows = checked_table(read_json(path), str(path), FORMAT, VERSION, "is not a set of presets").get("presets")
    if not isinstance(rows, list) or len(rows) > SET_LIMIT:
        raise PresetError(f"{path} is damaged: its presets are no list of at most {SET_LIMIT}")
    return [preset_of(row, f"{path}, preset {number}") for number, row in enumerate(rows, 1)]
