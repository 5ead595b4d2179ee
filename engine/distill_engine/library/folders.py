"""Where Distill keeps things: one folder per platform's custom, or everything under `DISTILL_HOME`.

Linux: `$XDG_DATA_HOME/distill` (`~/.local/share/distill`) and `$XDG_CACHE_HOME/distill` (`~/.cache/distill`); macOS:
`~/Library/Application Support/Distill` and `~/Library/Caches/Distill`; Windows: `%LOCALAPPDATA%\\Distill` and `Cache` in it.
The functions only name folders: whoever writes calls `ensure`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from distill_engine.errors import LibraryError


def data_dir() -> Path:
    """Root of what the user would miss: models, presets, recordings, MIDI maps."""
    return _home("DATA")


def cache_dir() -> Path:
    """Root of what can be made again: features of corpora, downloaded weights."""
    return _home("CACHE")


def models_dir() -> Path:
    """Models that can be named instead of given as a path."""
    return data_dir() / "models"


def presets_dir() -> Path:
    """Presets, one folder per model."""
    return data_dir() / "presets"


def recordings_dir() -> Path:
    """Recordings and takes made while playing."""
    return data_dir() / "recordings"


def maps_dir() -> Path:
    """MIDI maps, one TOML file per controller."""
    return data_dir() / "maps"


def vocoders_dir() -> Path:
    """Published vocoder weights that were added, one folder per name."""
    return data_dir() / "vocoders"


def ensure(folder: Path) -> Path:
    """Create `folder` with its parents where it is absent. Raises LibraryError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"{folder}: cannot be created ({error.strerror or error}): set DISTILL_HOME to a folder you can write to"
        ) from error
    return folder


def _home(kind: str) -> Path:
    """Root for "DATA" or "CACHE"."""
    override = os.environ.get("DISTILL_HOME")
    if override:
        root = Path(override).expanduser().absolute()
        return root if kind == "DATA" else root / "cache"
    if sys.platform == "darwin":
        library = Path.home() / "Library"
        return library / ("Application Support" if kind == "DATA" else "Caches") / "Distill"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Distill"
        return base if kind == "DATA" else base / "Cache"
    given = os.environ.get(f"XDG_{kind}_HOME", "")
    default = Path.home() / (".local/share" if kind == "DATA" else ".cache")
    return (Path(given) if given.startswith("/") else default) / "distill"
