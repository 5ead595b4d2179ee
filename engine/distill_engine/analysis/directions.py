"""Paths through latent space, one per feature, that change the other features little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from distill_engine.analysis.controls import POSITIONS
from distill_engine.analysis.region import Region
from distill_engine.analysis.surrogate import Surrogate
from distill_engine.audio.arrays import Float64Array

REACH = 2.5  # path length at positions -1 and 1, in whitened units (sigma)
_RIDGE = 0.3  # ridge penalty, relative to the mean squared gradient of the feature
_LEAST_SLOPE = 0.35  # linear part added to the response, relative to its range: flat stretches are not skipped


@dataclass(frozen=True)
class Field:
    """Directions v(u) = direction + bend . u at whitened latents u [D].

    `direction` is [D], `bend` [D, D]; v has about unit length over the corpus.
    """

    direction: Float64Array
    bend: Float64Array

    def coloured(self, region: Region) -> tuple[Float64Array, Float64Array]:
        """Return direction [D] and bend [D, D] in latent space, as `Paths` stores them."""
        return region.colouring @ self.direction, region.colouring @ self.bend @ region.whitening

    def moved(self, points: Float64Array, s: float) -> Float64Array:
        """Return whitened latents [D, N] moved along their paths by length s."""
        start = self.direction[:, None] + self.bend @ points
        return points + s * start + (0.5 * s * s) * (self.bend @ start)


def feature_field(name: str, surrogates: Mapping[str, Surrogate], points: Float64Array, selective: float) -> Field:
    """Return the field that raises one feature, fitted to whitened latents [D, N].

    At each point the direction v minimises ridge |v|^2 + selective * sum over the other features of
    R^2 (change / sigma)^2 for a given rise of this feature: v = (ridge + selective * sum of R^2 g
    g^T)^-1 g_own with gradients g [D] and the surrogates' R^2. `selective` 0 follows the plain
    gradient. The field is the linear fit to these directions.
    """
    own = surrogates[name].gradients(points)
    ridge = _RIDGE * float(np.mean(np.sum(own**2, axis=0))) + 1e-9
    matrix = np.repeat(ridge * np.eye(len(points))[None], points.shape[1], axis=0)
    for other, surrogate in surrogates.items():
        if other != name and selective > 0:
            gradient = surrogate.gradients(points)
            matrix += selective * max(surrogate.fit, 0.0) * np.einsum("in,jn->nij", gradient, gradient)
    best = np.linalg.solve(matrix, own.T[:, :, None])[:, :, 0].T
    lengths = np.linalg.norm(best, axis=0)
    best = best / (lengths + 0.3 * float(np.median(lengths)) + 1e-12)
    direction, bend = _affine(best, points)
    fitted = direction[:, None] + bend @ points
    length = float(np.sqrt(np.mean(np.sum(fitted**2, axis=0))))
    return Field(direction / max(length, 1e-12), bend / max(length, 1e-12))


def _affine(vectors: Float64Array, points: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return direction [D] and bend [D, D] with vectors [D, N] ~ direction + bend . points [D, N].

    Ridge regression; the spectral norm of the bend is at most 0.3.
    """
    dimensions, count = points.shape
    centre = points.mean(axis=1)
    centred = points - centre[:, None]
    mean = vectors.mean(axis=1)
    gram = centred @ centred.T + 0.1 * count * np.eye(dimensions)
    bend = np.linalg.solve(gram, centred @ (vectors - mean[:, None]).T).T
    largest = float(np.linalg.norm(bend, 2))
    bend *= min(1.0, 0.3 / max(largest, 1e-12))
    return mean - bend @ centre, bend


def spearman(positions: Float64Array, values: Float64Array) -> float:
    """Return Spearman's rank correlation of positions [P] and values [P].

    0 if the values are all equal; NaN if fewer than four are defined.
    """
    defined = np.isfinite(values)
    if np.count_nonzero(defined) < 4:
        return float("nan")
    if np.ptp(values[defined]) < 1e-9:
        return 0.0
    return float(np.corrcoef(rankdata(positions[defined]), rankdata(values[defined]))[0, 1])


def even_warp(positions: Float64Array, response: Float64Array, reach: float = REACH) -> Float64Array:
    """Return path lengths s [9] at `POSITIONS` that make a response about linear in the position.

    `response` [P] is the median feature at `positions` [P], made monotonic first. Each side of 0 is
    warped by itself. The slope of s is at most 1.6 times the linear one, so flat stretches are
    crossed faster but not skipped. Without a rising response, s is linear.
    """
    if not np.isfinite(response).all() or response[-1] <= response[0]:
        return reach * POSITIONS
    rising = np.maximum.accumulate(response)
    warp = np.zeros(len(POSITIONS))
    for side in (-1.0, 1.0):
        fine = np.linspace(0.0, 1.0, 61)
        rise = side * (np.interp(side * fine, positions, rising) - np.interp(0.0, positions, rising))
        share = rise / rise[-1] if rise[-1] > 1e-9 else fine
        target = 0.5 * (share + fine)
        target += _LEAST_SLOPE * fine
        target /= target[-1]
        on_side = POSITIONS * side > 0
        warp[on_side] = side * reach * np.interp(np.abs(POSITIONS[on_side]), target, fine)
    return warp


def character_axes(latents: Float64Array, taken: Float64Array, most: int) -> tuple[Float64Array, Float64Array]:
    """Return the principal axes [n, D] of latents [D, N] that directions [K, D] leave, and shares.

    The axes are orthogonal to `taken` [K, D], strongest first, each one standard deviation long;
    their largest entry is positive. The shares [n] are those of the whole variance; axes below 2 %
    are left out, and there are at most `most`.
    """
    centred = latents - latents.mean(axis=1, keepdims=True)
    total = float(np.sum(centred**2))
    residual = centred
    if len(taken):
        basis, upper = np.linalg.qr(taken.T)
        basis = basis[:, np.abs(np.diag(upper)) > 1e-9]
        residual = centred - basis @ (basis.T @ centred)
    variances, axes = np.linalg.eigh(residual @ residual.T)
    order = np.argsort(-variances, kind="stable")[:most]
    shares = np.maximum(variances[order], 0.0) / max(total, 1e-12)
    order, shares = order[shares >= 0.02], shares[shares >= 0.02]
    chosen = axes[:, order].T * np.sqrt(np.maximum(variances[order], 0.0) / latents.shape[1])[:, None]
    signs = np.sign(np.take_along_axis(chosen, np.abs(chosen).argmax(axis=1)[:, None], axis=1))
    return chosen * np.where(signs == 0, 1.0, signs), shares
