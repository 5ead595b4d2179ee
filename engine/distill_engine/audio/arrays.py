"""Array types that the whole engine uses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
"""Samples (full scale is +-1), mels, latents and weights, as they are stored, played and fed to networks."""

Float64Array = npt.NDArray[np.float64]
"""The same where sums are long or filters recurse: analysis, control values, mixing and the output stage."""
