"""Weights for graphs that carry none: each large initializer is found in a part by its name.

Three kinds of names: a tensor of the part (`decoder.embed.weight`), its transpose (`spectra.weight::T`), and constants that are
computed (`noise/<frames>/<bins>`, see `layers.constants`), or their transposes. Half precision becomes float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from distill_engine.errors import ModelFileError
from distill_engine.vocoders.vocos.constant_tables import computed

TRANSPOSED = "::T"
MOST_COMPUTED = 1 << 28  # bytes of constants with names that one graph may ask for


def external_names(graph: bytes) -> tuple[str, ...]:
    """Names of a graph's initializers that are not in it, in their order. Raises ModelFileError if it is no graph."""
    import onnx

    try:
        proto = onnx.load_model_from_string(graph)
    except Exception:  # protobuf's own error, whose package has no stable name
        raise ModelFileError("the graph is damaged; train the model again, or copy the file again") from None
    return tuple(t.name for t in proto.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL)


def find_weights(names: Sequence[str], part: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """`find_weight` of each, within bounds. Raises ModelFileError."""
    found, made = [], 0
    for name in names:
        found.append(find_weight(name, part))
        made += 0 if name.removesuffix(TRANSPOSED) in part else found[-1].nbytes
        if made > MOST_COMPUTED:
            raise ModelFileError("the graph asks for more constants than any needs: damaged or hostile, it was not run")
    return found


def find_weight(name: str, part: Mapping[str, np.ndarray]) -> np.ndarray:
    """The float32 (or integer) array that an external initializer stands for. Raises ModelFileError."""
    stem = name.removesuffix(TRANSPOSED)
    try:
        value = computed(stem)
    except ValueError as error:
        raise ModelFileError(f"the graph asks for {error}; train it again") from None
    if value is None and stem not in part:
        raise ModelFileError(f"the graph needs the weight {name[:80]!r}, which the file lacks; train it again")
    value = part[stem] if value is None else value
    value = value.T if name.endswith(TRANSPOSED) else value
    return np.ascontiguousarray(value, np.float32 if value.dtype.kind == "f" else value.dtype)
