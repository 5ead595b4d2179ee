"""Models that ship with the product: the starter, and the base vocoders that training starts from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from distill_engine.errors import LibraryError, VocoderError

STARTER = "starter"
_STARTER_FILE = "starter.distillgan"
_BASE_FILE = "base.distillgan"
_KINDS = ("hifigan", "vocos")


def assets_dir() -> Path:
    """Folder of the shipped files, inside the installed package."""
    return Path(str(files("distill_engine"))) / "assets"


def starter_path() -> Path:
    """The built-in model that plays when none is named. Raises LibraryError where this build has none."""
    path = assets_dir() / _STARTER_FILE
    if not path.is_file():
        raise LibraryError(f"{path}: this installation lacks the starter model: install Distill again, or name a model")
    return path


def base_vocoder_path(kind: str) -> Path:
    """The shipped file that holds the base vocoder of `kind` ("hifigan", "vocos") as its part "vocoder/<kind>".

    Raises VocoderError for a kind that has none, or where this installation lacks the file.
    """
    if kind not in _KINDS:
        raise VocoderError(f"vocoder {kind!r} has no base to start from: choose one of {', '.join(_KINDS)}")
    path = assets_dir() / _BASE_FILE
    if not path.is_file():
        raise VocoderError(f"{path}: this installation lacks the base vocoders: install Distill again")
    return path
