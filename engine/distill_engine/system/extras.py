"""Optional parts (`distill-audio[train]`, `[cluster]`, `[link]`): whether they are installed."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec

from distill_engine.errors import MissingPartError

TRAINING_MODULES = ("torch", "onnxscript", "onnx_ir", "huggingface_hub", "tqdm", "matplotlib")
"""Modules that the player does without."""


def training_installed() -> bool:
    """Return whether the training part is installed. Imports nothing."""
    return find_spec(TRAINING_MODULES[0]) is not None


def install_command(extra: str = "[train]") -> str:
    """Return the command that installs Distill with an extra for this Python."""
    wanted = f"'distill-audio{extra}'" if extra else "distill-audio"
    if find_spec("pip") is not None:
        return f"{shlex.quote(sys.executable)} -m pip install {wanted}"
    if "/uv/" in sys.prefix.replace("\\", "/"):
        return f"uv tool install {wanted}"
    return f"uv pip install --python {shlex.quote(sys.executable)} {wanted}"


def need_training(what: str) -> None:
    """Check that the training part is installed, before `what` begins.

    Raises:
        MissingPartError: if it is not; the message holds the command that installs it.
    """
    if not training_installed():
        raise MissingPartError(_message(what))


def need_cluster(what: str) -> None:
    """Check that the part for clusters is installed, before `what` begins.

    Raises:
        MissingPartError: if it is not; the message holds the command that installs it.
    """
    if find_spec("distributed") is None:
        raise MissingPartError(_message(what, "cluster"))


def need_link(what: str) -> None:
    """Check that the part for Ableton Link is installed, before `what` begins.

    Raises:
        MissingPartError: if it is not; the message holds the command that installs it.
    """
    if find_spec("aalink") is None:
        raise MissingPartError(_message(what, "link"))


def missing_part(error: BaseException) -> str:
    """Return what to install if an import failed for want of the training part, "" otherwise."""
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return _message("this") if module in TRAINING_MODULES and find_spec(module) is None else ""


def _message(what: str, part: str = "train") -> str:
    name = {"train": "training", "cluster": "cluster", "link": "Link"}[part]
    return f"{what} needs the {name} part, which is not installed: {install_command(f'[{part}]')}"
