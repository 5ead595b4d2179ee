"""Sessions of ONNX Runtime: settings, and checks of a graph's inputs and outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.system.names import printable
from distill_engine.system.plain_json import parse
from distill_engine.system.telemetry import import_onnxruntime

ort = import_onnxruntime()
_TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


@dataclass(frozen=True)
class SessionSettings:
    """Settings of ONNX Runtime.

    `threads` compute one operator. `spinning` lets idle threads spin: faster, but it uses a core
    fully.
    """

    threads: int = 1
    spinning: bool = False

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ConfigError(f"threads must be at least 1, not {self.threads}")


def session_options(settings: SessionSettings) -> Any:
    """Return the options of a session: sequential, `threads` per operator, denormals as zero."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if settings.spinning else "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return options


def channel_count(item: Any) -> int:
    """Return the channels C of an input or output of shape [1 or any, C, time].

    Raises ModelFileError for another shape or type.
    """
    shape = item.shape
    if (
        len(shape) != 3
        or not (shape[0] == 1 or isinstance(shape[0], str))
        or not isinstance(shape[1], int)
        or item.type != "tensor(float)"
    ):
        raise ModelFileError(f"the graph's {item.name} has the shape {shape}, not [1, channels, time]; train it again")
    return shape[1]


def initial_values(text: str) -> dict[str, Any]:
    """Return the initial values, by name, of the states that do not start from zeros.

    `text` is the graph's metadata, JSON. Raises ModelFileError if it is damaged.
    """
    try:
        starts = parse(text)
    except ValueError:
        starts = None
    if not isinstance(starts, dict):
        raise ModelFileError("the graph's first states are damaged; train it again")
    return starts


def initial_state(item: Any, value: Any) -> np.ndarray:
    """Return the initial array of a state: its fixed shape [1, ...], filled with `value`.

    Raises ModelFileError if its shape is not fixed, is too large, or its type is unknown.
    """
    shape = [1 if axis == 0 and isinstance(size, str) else size for axis, size in enumerate(item.shape)]
    fixed = all(isinstance(size, int) and 0 < size < 2**20 for size in shape)
    if not fixed or item.type not in _TYPES or math.prod(shape) > 2**26 or not isinstance(value, int | float):
        raise ModelFileError(f"the graph's {printable(item.name, 80)} has no fixed shape; train it again")
    return np.full(shape, value, _TYPES[item.type])
