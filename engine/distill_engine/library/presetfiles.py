"""The library's small JSON files: checked when read, replaced whole when written."""

import json
from pathlib import Path
from typing import Any

from distill_engine.errors import PresetError
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small

FILE_LIMIT_BYTES = 1_000_000


def read_json(path: Path) -> Any:
    """Return the contents of a JSON file.

    Raises:
        PresetError: if it cannot be read, is over FILE_LIMIT_BYTES, is not JSON or holds half a
            surrogate pair.
    """
    try:
        data = read_small(path, FILE_LIMIT_BYTES)
    except OSError as error:
        raise PresetError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        held = parse(data)
        json.dumps(held, ensure_ascii=False).encode("utf-8")
        return held
    except ValueError as error:
        raise PresetError(f"{path} is damaged: it is not JSON ({str(error)[:80]})") from None


def checked_table(data: Any, where: str, form: str, version: int, otherwise: str) -> dict[str, Any]:
    """Return JSON that is a table of this format, of a version up to `version`.

    Raises PresetError: `where` with `otherwise` for another format, or which version it has.
    """
    if not isinstance(data, dict) or data.get("format") != form:
        raise PresetError(f"{where} {otherwise}")
    held = data.get("version")
    if not isinstance(held, int) or not 1 <= held <= version:
        raise PresetError(f"{where} has format version {held!r:.20}, this Distill reads up to {version}: update it")
    return data


def write_json(path: Path, data: object) -> None:
    """Replace a file by `data` as JSON: whole, or not at all.

    Raises:
        PresetError: if it cannot be written.
    """
    try:
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        raise PresetError(f"{path} cannot be written: {write_advice(error, path)}") from None
    except UnicodeEncodeError:
        raise PresetError(f"{path} cannot be written: a name or text in it is not UTF-8") from None


def write_new(path: Path, data: object) -> None:
    """Write `data` as JSON to a new file. Raises PresetError, also if the file exists."""
    if path.exists():
        raise PresetError(f"{path} exists already: choose another name")
    write_json(path, data)


def remove(path: Path) -> None:
    """Delete a file, if it exists. Raises PresetError if that is not possible."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PresetError(f"{path} cannot be deleted: {error.strerror or error}") from None
