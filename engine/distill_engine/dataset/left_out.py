"""Sounds that a corpus leaves out: `exclude` in the file `corpus.toml` of its folder."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from distill_engine.errors import CorpusError
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.regular_files import read_small, reason_of

CORPUS_FILE = "corpus.toml"
LEFT_OUT = f"left out in {CORPUS_FILE}"
FILE_BYTES = 4 << 20  # of the file, at most: some 100,000 names
DOT_LIMIT = 1000  # of a key or name


def read_left_out(folder: Path) -> frozenset[str]:
    """Return the names, as a check of the corpus shows them, that are left out.

    Raises CorpusError if the file cannot be understood.
    """
    table = _table(folder)
    names = table.get("exclude", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CorpusError(f'{folder / CORPUS_FILE}: write exclude = ["one.wav", "two.wav"]')
    return frozenset(names)


def write_left_out(folder: Path, names: Collection[str]) -> None:
    """Leave these sounds out from now on, and no others. Raises CorpusError."""
    path = folder / CORPUS_FILE
    if _table(folder).keys() - {"exclude"}:
        raise CorpusError(f"{path}: holds more than `exclude`: change it by hand")
    listed = "".join(f"  {json.dumps(name, ensure_ascii=False)},\n" for name in sorted(names))
    text = f"# Sounds of this folder that are not trained on.\nexclude = [\n{listed}]\n"
    try:
        write_file(path, text.replace("\x7f", "\\u007f").encode("utf-8", "replace"))
    except OSError as error:
        raise CorpusError(f"{path}: {write_advice(error, path)}") from None


def _table(folder: Path) -> dict[str, Any]:
    path = folder / CORPUS_FILE
    try:
        text = read_small(path, FILE_BYTES).decode("utf-8")
        if any(part.count(".") > DOT_LIMIT for part in re.split(r"[\n,=]", text)):
            raise ValueError(f"a key or name has over {DOT_LIMIT} dots")  # whose time grows with their square
        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except RecursionError:
        reason = "it is nested too deeply"
    except (OSError, ValueError) as error:
        reason = reason_of(error)
    raise CorpusError(f"{path}: cannot be read ({reason}): mend it, or delete it")
