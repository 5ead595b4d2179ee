"""Folders in which Distill keeps its files: the platform's usual ones, or all below `DISTILL_HOME`.

- Linux: `$XDG_DATA_HOME/distill` (`~/.local/share/distill`), `$XDG_CACHE_HOME/distill`
(`~/.cache/distill`) - macOS: `~/Library/Application Support/Distill`, `~/Library/Caches/Distill` -
Windows: `%LOCALAPPDATA%\\Distill`, and `Cache` in it

The functions return paths and create nothing: callers that write use `ensure`. They raise
LibraryError where the account has no home folder and DISTILL_HOME is not set.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from distill_engine.errors import LibraryError


def data_dir() -> Path:
    """Return the folder of the user's own files: models, presets, recordings, MIDI maps."""
    return _home("DATA")


def cache_dir() -> Path:
    """Return the folder of files that can be made again, such as cached mels."""
    return _home("CACHE")


def models_dir() -> Path:
    """Return the folder of models, which are found there by name."""
    return data_dir() / "models"


def presets_dir() -> Path:
    """Return the folder of presets, which has one folder per model."""
    return data_dir() / "presets"


def recordings_dir() -> Path:
    """Return the folder of recordings and takes."""
    return data_dir() / "recordings"


def renders_dir() -> Path:
    """Return the folder of what was rendered, one folder per entry."""
    return data_dir() / "renders"


def notes_dir() -> Path:
    """Return the folder of tags and notes on models, one file per digest."""
    return data_dir() / "notes"


def jobs_dir() -> Path:
    """Return the folder of the workshop's jobs, one folder per job."""
    return data_dir() / "jobs"


def codes_dir() -> Path:
    """Return the folder of code sequences that were saved while playing."""
    return data_dir() / "codes"


def maps_dir() -> Path:
    """Return the folder of MIDI maps, one TOML file per controller."""
    return data_dir() / "maps"


def vocoders_dir() -> Path:
    """Return the folder of published vocoder weights that the user added, one folder per name."""
    return data_dir() / "vocoders"


def versions_dir() -> Path:
    """Return the folder of the model files that takes were played with."""
    return data_dir() / "versions"


def reports_dir() -> Path:
    """Return the folder of reports on unexpected errors."""
    return data_dir() / "reports"


def ensure(folder: Path) -> Path:
    """Create `folder` and its parents if they are absent, and return it. Raises LibraryError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LibraryError(
            f"{folder}: cannot be created ({reason}): set DISTILL_HOME to a folder you can write to"
        ) from error
    return folder


def _home(kind: str) -> Path:
    """Return the root folder for "DATA" or "CACHE"."""
    override = os.environ.get("DISTILL_HOME")
    if override:
        root = Path(os.path.expanduser(override)).absolute()
        return root if kind == "DATA" else root / "cache"
    if sys.platform == "darwin":
        library = _user_home() / "Library"
        return library / ("Application Support" if kind == "DATA" else "Caches") / "Distill"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _user_home() / "AppData" / "Local") / "Distill"
        return base if kind == "DATA" else base / "Cache"
    given = os.environ.get(f"XDG_{kind}_HOME", "")
    if given.startswith("/"):
        return Path(given) / "distill"
    return _user_home() / (".local/share" if kind == "DATA" else ".cache") / "distill"


def _user_home() -> Path:
    """Return the user's home folder. Raises LibraryError where the account has none."""
    try:
        return Path.home()
    except RuntimeError:
        raise LibraryError("this account has no home folder: set DISTILL_HOME to a folder you can write to") from None
