"""Bounds for the samples of a live input, which may hold anything."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array

LOUDEST = 4.0  # amplitude: 12 dB over full scale


def bounded(samples: Float32Array) -> Float32Array:
    """Return device samples [n], NaN and infinity set to 0, the rest clipped to +-LOUDEST."""
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)
