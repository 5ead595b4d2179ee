"""Upsampling of latents to the mel rate. Numpy only."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array


def upsample_latents(latents: Float32Array, reduction: int = 4) -> Float32Array:
    """Interpolate latents [D, L] linearly to the mel rate [D, L * reduction].

    Each latent stands at the centre of its `reduction` frames. Before the first centre and after
    the last one the value is constant.
    """
    count = latents.shape[1]
    position = (np.arange(count * reduction) - (reduction - 1) / 2) / reduction
    position = np.clip(position, 0, count - 1)
    left = np.floor(position).astype(np.int64)
    right = np.minimum(left + 1, count - 1)
    weight = (position - left).astype(np.float32)
    return latents[:, left] * (1 - weight) + latents[:, right] * weight
