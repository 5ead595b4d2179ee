"""Find the weights of graphs that store none: each large initializer has a name in a file's part.

A name is that of a tensor of the part (`decoder.embed.weight`), of its transpose
(`spectra.weight::T`), or of a computed constant (`noise/<frames>/<bins>`, see
`vocoders.vocos.constant_tables`) or its transpose. Half precision becomes float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from distill_engine.errors import ModelFileError
from distill_engine.system.names import printable
from distill_engine.vocoders.vocos.constant_tables import computed

TRANSPOSED = "::T"
MOST_COMPUTED = 1 << 28  # bytes of computed constants that one graph may use


def find_weights(names: Sequence[str], part: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return the arrays, of any shape [...], that `find_weight` gives for each name.

    Raises ModelFileError if one is missing or the computed constants exceed MOST_COMPUTED bytes.
    """
    found, computed_bytes = [], 0
    for name in names:
        found.append(find_weight(name, part))
        computed_bytes += 0 if name.removesuffix(TRANSPOSED) in part else found[-1].nbytes
        if computed_bytes > MOST_COMPUTED:
            raise ModelFileError(
                "the graph uses more constants than any needs; it is damaged or hostile and was not run"
            )
    return found


def find_weight(name: str, part: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the float32 or integer array, of any shape [...], that an initializer name stands for.

    Raises ModelFileError if there is none.
    """
    stem = name.removesuffix(TRANSPOSED)
    try:
        value = computed(stem)
    except ValueError as error:
        raise ModelFileError(f"the graph asks for {error}; train it again") from None
    if value is None and stem not in part:
        raise ModelFileError(
            f"the graph needs the weight '{printable(name, 80)}', which the file lacks; train it again"
        )
    value = part[stem] if value is None else value
    value = value.T if name.endswith(TRANSPOSED) else value
    return np.ascontiguousarray(value, np.float32 if value.dtype.kind == "f" else value.dtype)
