"""Saved sequences of codes by their names."""

from __future__ import annotations

from pathlib import Path

from distill_engine.codes import CODES_SUFFIX
from distill_engine.errors import LibraryError
from distill_engine.library.folders import codes_dir, ensure
from distill_engine.library.lookup import new_file
from distill_engine.system.names import normalised, same_name


def saved_codes() -> list[Path]:
    """Return the files of saved sequences, by name."""
    return sorted(path for path in codes_dir().glob(f"*{CODES_SUFFIX}") if path.is_file())


def find_codes(name: str) -> Path | None:
    """Return a saved sequence by its name, with or without suffix; None if there is none.

    Of names that differ only in case the one that is written alike is found.
    """
    files, stem = saved_codes(), _stem(name)
    alike = [path for path in files if same_name(path.stem, stem)]
    return next((path for path in alike if normalised(path.stem) == stem), alike[0] if alike else None)


def new_codes(name: str) -> Path:
    """Return the path for a new sequence. Raises LibraryError for a name that it cannot have."""
    stem = _stem(name)
    if not stem or "/" in stem:
        raise LibraryError("a sequence of codes needs a name, without folders")
    return new_file(ensure(codes_dir()), stem, CODES_SUFFIX, allow_paths=False)


def _stem(name: str) -> str:
    """Return a name in composed form, without the suffix in whatever case."""
    composed = normalised(name)
    return composed[: -len(CODES_SUFFIX)] if composed.casefold().endswith(CODES_SUFFIX) else composed
