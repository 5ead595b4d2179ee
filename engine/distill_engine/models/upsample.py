"""Latents from their own rate to the mel rate. Numpy only."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array


def upsample_latents(latents: Float32Array, reduction: int = 4) -> Float32Array:
    """Latents [D, L] -> [D, L * reduction], linear between the centres of the regions; the ends are held."""
    count = latents.shape[1]
    position = (np.arange(count * reduction) - (reduction - 1) / 2) / reduction
    position = np.clip(position, 0, count - 1)
    left = np.floor(position).astype(np.int64)
    right = np.minimum(left + 1, count - 1)
    weight = (position - left).astype(np.float32)
    return latents[:, left] * (1 - weight) + latents[:, right] * weight
