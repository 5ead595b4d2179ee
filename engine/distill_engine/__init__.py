"""Distill's engine: audio, models, vocoders, training, streaming synthesis and rendering.

Importing this package imports neither torch nor numpy; each name below is loaded on first use. It
turns the telemetry of ONNX Runtime and of the hub library off for this process and its children.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from distill_engine.system.telemetry import turn_off

if TYPE_CHECKING:
    from distill_engine.program.model import Model, load_model
    from distill_engine.program.training import train

__all__ = ["Model", "__version__", "load_model", "train"]
__version__ = "0.1.0"

_PLACES = {"Model": "program.model", "load_model": "program.model", "train": "program.training"}

turn_off()


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
