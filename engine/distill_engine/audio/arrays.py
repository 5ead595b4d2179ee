"""Array types that the whole engine uses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float16Array = npt.NDArray[np.float16]
"""Latents as a file stores them."""

Float32Array = npt.NDArray[np.float32]
"""Samples (full scale +-1), mels, latents and weights, as networks take and give them."""

Float64Array = npt.NDArray[np.float64]
"""Values of analysis, controls, mixing and output stage, where float32 would not do."""
