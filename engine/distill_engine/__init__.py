"""Distill's engine: audio, models, vocoders, training, streaming synthesis and rendering.

Importing this package imports neither torch nor numpy; each name below is loaded on first use. It
turns the telemetry of ONNX Runtime and of the hub library off for this process and its children.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill_engine.system.telemetry import turn_off

if TYPE_CHECKING:
    from distill_engine.rendering.loaded_model import LoadedModel, load_model

__all__ = ["LoadedModel", "__version__", "load_model"]
__version__ = "0.1.0"

turn_off()


def __getattr__(name: str) -> Any:
    if name in ("LoadedModel", "load_model"):
        from distill_engine.rendering import loaded_model as loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
