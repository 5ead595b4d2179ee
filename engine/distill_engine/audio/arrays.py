"""Array types that the whole engine uses, and a quantile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float16Array = npt.NDArray[np.float16]
"""Latents as a file stores them."""

Float32Array = npt.NDArray[np.float32]
"""Samples (full scale +-1), mels, latents and weights, as networks take and give them."""

Float64Array = npt.NDArray[np.float64]
"""Values of analysis, controls, mixing and output stage, where float32 would not do."""


def lower_quantile(values: npt.ArrayLike, share: float) -> float:
    """Return the largest of the values that the first `share` (0 to 1) of them reach.

    It is NumPy's quantile by the method "lower". That loads its masked arrays at the first call,
    which takes 30 ms: too long where sound is computed.

    >>> lower_quantile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    ordered = np.sort(np.asarray(values))
    return float(ordered[int(share * (len(ordered) - 1))])
