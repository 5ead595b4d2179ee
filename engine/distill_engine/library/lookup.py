"""Find models and name new files safely: names from the network stay in the library's folders.

A name is one or more plain parts joined by `/`, below a folder of the library. Absolute paths,
`..`, home folders and drive letters are refused unless paths are allowed, as they are on the
command line.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.assets import STARTER, starter_path
from distill_engine.library.folders import ensure, models_dir, recordings_dir
from distill_engine.system.names import name_fault, normalised, printable

MODEL_SUFFIX = ".distillgan"
TAKE_SUFFIX = ".take"
MAX_PART_CHARACTERS = 120  # of one part of a name
MAX_PART_BYTES = 220  # of the same, in UTF-8
MAX_DEPTH = 8  # parts of a name
_FORBIDDEN = set('/\\:*?"<>|')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class LibraryModel:
    """A model file of the library, and the name to find it by.

    `size` is in bytes, `modified` in seconds since 1970.
    """

    name: str
    path: Path
    size: int
    modified: float


def safe_name(name: str) -> str:
    """Return `name` in composed Unicode form.

    Raises LibraryError if it cannot be a file name on every system.
    """
    composed = normalised(name)
    too_long = len(composed) > MAX_PART_CHARACTERS or len(composed.encode("utf-8", "replace")) > MAX_PART_BYTES
    if not composed or composed != composed.strip() or too_long:
        raise LibraryError(
            f"name {_shown(name)}: give 1 to {MAX_PART_CHARACTERS} characters without spaces around them"
        )
    if composed.startswith((".", "~", "-")) or composed.endswith(".") or _RESERVED.fullmatch(composed):
        raise LibraryError(f"name {_shown(name)} is reserved by the system: choose another")
    if not composed.isprintable() or _FORBIDDEN & set(composed):
        raise LibraryError(f'name {_shown(name)}: characters / \\ : * ? " < > | and control characters are not allowed')
    return composed


def find_model(name_or_path: str | os.PathLike[str], *, allow_paths: bool) -> Path:
    """Return the model file of that name in the library, or at that path if `allow_paths` is set.

    The suffix may be left out; "starter" is the built-in model. Raises LibraryError with similar
    names.
    """
    text = os.fspath(name_or_path)
    candidates = _with_suffix(Path(os.path.expanduser(text))) if allow_paths and text else []
    if not (allow_paths and _is_path_only(text)):
        try:
            below = _below(models_dir(), text)
        except LibraryError as error:
            raise LibraryError(f"{error}; `distill model import PATH` puts a model there") from None
        candidates += [path for path in _with_suffix(below) if path.name.endswith(MODEL_SUFFIX)]
    for path in candidates:
        if _is_file(path):
            return path
    if text == STARTER:
        return starter_path()
    raise LibraryError(f"no model {_shown(text)}{_suggestion(text, allow_paths)}")


def find_take(path: Path) -> Path:
    """Return a take at this path, or else the one of that name in the library's recordings.

    A path that is nowhere is returned as it is: reading it says so.
    """
    text = os.fspath(path)
    if _is_file(path) or _is_path_only(text):
        return path
    named = recordings_dir() / text
    found = filter(_is_file, (named, named.with_name(named.name + TAKE_SUFFIX)))
    return next(found, path)


def list_models(folder: Path | None = None) -> tuple[LibraryModel, ...]:
    """Return all model files below `folder` (the library's by default), by name.

    A folder that does not exist holds none.
    """
    root = folder if folder is not None else models_dir()
    found = []
    for path in sorted(root.rglob(f"*{MODEL_SUFFIX}")) if root.is_dir() else []:
        name = path.relative_to(root).as_posix().removesuffix(MODEL_SUFFIX)
        try:
            status = path.stat()
        except OSError:
            continue
        if path.is_file() and not path.name.startswith("."):
            found.append(LibraryModel(name, path, status.st_size, status.st_mtime))
    return tuple(found)


def new_file(folder: Path, name: str | os.PathLike[str], suffix: str, allow_paths: bool) -> Path:
    """Return a path for a new file: `name` below `folder`, or any path if `allow_paths` is set.

    `suffix` (such as ".wav") is appended if `name` lacks it, and the folder is created. The file's
    own name follows the rule for names on any path; its folders are foreign names. Raises
    LibraryError if the name is not allowed or the file exists: nothing is overwritten.
    """
    text = os.fspath(name)
    if not text.lower().endswith(suffix.lower()):
        text += suffix
    if allow_paths and (_is_path_only(text) or "/" in text):
        path = Path(os.path.expanduser(text)).absolute()
        path = path.with_name(new_name(path) + path.suffix)
    else:
        path = _below(folder, text)
        _check_new(text[: -len(suffix)])
    if os.path.lexists(path):
        raise LibraryError(f"{path}: exists already, nothing is overwritten: choose another name")
    ensure(path.parent)
    return path


def new_name(path: Path) -> str:
    """Return the name of a new model, take or corpus that is written to `path`.

    Raises LibraryError if the file's name cannot be one.
    """
    _check_new(path.stem)
    return normalised(path.stem)


def _check_new(name: str) -> None:
    """Raise LibraryError if a part of the name cannot be an identifier."""
    for part in name.split("/"):
        if fault := name_fault(part):
            raise LibraryError(f"name {_shown(part)}: {fault}")


def _below(folder: Path, name: str) -> Path:
    """Return the path `name` in `folder`: its parts are safe names and no link leads out."""
    parts = name.split("/")
    if name.startswith(("/", "~")) or "\\" in name or ".." in parts or len(parts) > MAX_DEPTH:
        raise LibraryError(
            f"path {_shown(name)} is not allowed: give a name inside {folder}, or start with --allow-paths"
        )
    path = folder.joinpath(*(safe_name(part) for part in parts))
    inside = Path(os.path.realpath(folder))
    if not Path(os.path.realpath(path.parent)).is_relative_to(inside):
        raise LibraryError(f"path {_shown(name)} leads out of {folder}: give a name inside it")
    return path


def _with_suffix(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + MODEL_SUFFIX)] if path.name else [path]


def _is_path_only(text: str) -> bool:
    """Return whether `text` can only be a path: absolute, in a home folder, or with `.` or `..`."""
    return text.startswith("~") or "\\" in text or Path(text).is_absolute() or bool({".", ".."} & set(text.split("/")))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _suggestion(text: str, allow_paths: bool) -> str:
    names = [model.name for model in list_models()] + [STARTER]
    close = difflib.get_close_matches(text.removesuffix(MODEL_SUFFIX), names, n=3)
    if close:
        return f": did you mean {', '.join(close)}?"
    here = "there or " if allow_paths else ""
    return f" {here}in {models_dir()}: `distill model list` shows what is there"


def _shown(text: str) -> str:
    return f"'{printable(text, 80)}'"
