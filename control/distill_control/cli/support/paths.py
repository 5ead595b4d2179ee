"""Paths that a command is given: checks before it computes anything, and the name of a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from distill_engine.errors import ConfigError

PICTURE_SUFFIXES = (".png", ".svg", ".pdf")


def model_name(text: str) -> str:
    """Return a model's name, given its name or its file."""
    return Path(text).stem if text.endswith(".distillgan") else text


def check_folder(path: Path, option: str) -> None:
    """Check that `path` is a folder, or can become one.

    Raises:
        ConfigError: if it, or a folder above it, is a file. The message names `option`.
    """
    for part in (path, *path.parents):
        if part.is_dir():
            return
        if part.exists():
            raise ConfigError(f"{part} is a file: name a folder with {option}")


def check_output_folder(path: Path, option: str = "-o") -> None:
    """Check that a file can be created beside `path`, by creating one without a name.

    Raises:
        ConfigError: if the folder is missing, a file or not writable. The message names `option`.
    """
    folder = path.parent
    check_folder(folder, option)
    if not folder.is_dir():
        raise ConfigError(f"{path}: the folder {folder} does not exist: create it, or choose another with {option}")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        raise ConfigError(f"{folder} cannot be written: choose another folder with {option}") from None


def output_folder(path: Path, option: str = "-o") -> Path:
    """Create a folder in which files can be written, and return it.

    Raises:
        ConfigError: if it cannot be created or written. The message names `option`.
    """
    check_folder(path, option)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be created ({error.strerror}): choose another folder with {option}"
        ) from None
    check_output_folder(path / "file", option)
    return path


def check_picture(path: Path) -> None:
    """Raise ConfigError if no picture can be written to `path`."""
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise ConfigError(f"{path}: the name of a picture ends in {', '.join(PICTURE_SUFFIXES[:-1])} or .pdf")
    check_output_folder(path)
