"""The direction of latent space along which a model grows louder: a drift keeps off it, so that it holds its level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.region import Region

FloatArray = npt.NDArray[np.float64]
Decode = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]

PLACES, HELD, SETTLED = 400, 16, 8  # places of the region, frames that each is held, and those that are heard
LEAST_SHARE = 0.25


def level_axis(decode: Decode, region: Region, seed: int = 0) -> FloatArray | None:
    """Unit vector [D], in whitened latents, of the steepest rise of the level in dB: its linear regression on places of the region.

    None where that explains less than a quarter of the level's variance.

    Args:
        decode: latents [D, F] -> natural log-mel [bands, F].
        region: where the places are drawn, Gaussian as a drift's are.
    """
    places = np.random.default_rng([seed, 11]).standard_normal((region.dimensions, PLACES))
    held = np.repeat(region.centre[:, None] + region.colouring @ places, HELD, axis=1)
    energy = np.exp(2.0 * decode(held.astype(np.float32)).astype(np.float64)).sum(axis=0)
    level = 10 * np.log10(np.maximum(energy.reshape(PLACES, HELD)[:, SETTLED:].mean(axis=1), 1e-12))
    design = np.concatenate([np.ones((1, PLACES)), places]).T
    weights = np.linalg.lstsq(design, level, rcond=None)[0]
    steepness, variance = float(np.linalg.norm(weights[1:])), float(np.var(level))
    if variance < 1e-9 or float(np.var(design @ weights)) < LEAST_SHARE * variance:
        return None
    return np.asarray(weights[1:] / steepness)
