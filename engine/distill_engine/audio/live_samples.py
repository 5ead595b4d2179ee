"""Samples from a live input, made harmless."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOUDEST = 4.0  # amplitude: 12 dB over full scale


def bounded(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return device samples [n] with NaN and infinity set to 0 and the rest clipped to +-LOUDEST."""
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)
