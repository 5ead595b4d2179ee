"""Models that ship with the product: the starter, and the base vocoders for training."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from distill_engine.errors import LibraryError, VocoderError

STARTER = "starter"
_STARTER_FILE = "starter.distillgan"
_BASE_FILE = "base.distillgan"
_STATISTICS_FILE = "base_mel.npz"
_KINDS = ("hifigan", "vocos")


def assets_dir() -> Path:
    """Return the folder of the shipped files, inside the installed package."""
    return Path(str(files("distill_engine"))) / "assets"


def starter_path() -> Path:
    """Return the built-in model, for use if none is named. Raises LibraryError if it is missing."""
    path = assets_dir() / _STARTER_FILE
    if not path.is_file():
        raise LibraryError(f"{path}: this installation lacks the starter model: install Distill again, or name a model")
    return path


def base_vocoder_path(kind: str) -> Path:
    """Return the shipped file with the base vocoder of `kind` ("hifigan", "vocos").

    The vocoder is its part "vocoder/<kind>". Raises VocoderError for another kind, or if the file
    is missing.
    """
    if kind not in _KINDS:
        raise VocoderError(f"vocoder {kind!r} has no base to start from: choose one of {', '.join(_KINDS)}")
    path = assets_dir() / _BASE_FILE
    if not path.is_file():
        raise VocoderError(f"{path}: this installation lacks the base vocoders: install Distill again")
    return path


def base_statistics_path() -> Path:
    """Return the shipped statistics of the base corpus's mel frames. Raises LibraryError."""
    path = assets_dir() / _STATISTICS_FILE
    if not path.is_file():
        raise LibraryError(f"{path}: this installation lacks the base corpus's statistics: install Distill again")
    return path
