"""From what was measured at many places in latent space to paths: one for each feature, disturbing the others least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from distill_engine.analysis.controls import POSITIONS
from distill_engine.analysis.region import Region
from distill_engine.analysis.surrogate import Surrogate
from distill_engine.audio.arrays import Float64Array

REACH = 2.5
_RIDGE = 0.3
_LEAST_SLOPE = 0.35


@dataclass(frozen=True)
class Field:
    """Directions v(u) = direction + bend . u in whitened space, of about unit length over the corpus."""

    direction: Float64Array
    bend: Float64Array

    def coloured(self, region: Region) -> tuple[Float64Array, Float64Array]:
        """Direction [D] and bend [D, D] in latent space, as `controls.Paths` wants them."""
        return region.colouring @ self.direction, region.colouring @ self.bend @ region.whitening

    def moved(self, points: Float64Array, s: float) -> Float64Array:
        """Whitened latents [D, N] after a path of length s."""
        start = self.direction[:, None] + self.bend @ points
        return points + s * start + (0.5 * s * s) * (self.bend @ start)


def feature_field(name: str, surrogates: Mapping[str, Surrogate], points: Float64Array, selective: float) -> Field:
    """The field that raises one feature, fitted to the best local directions at whitened latents [D, N].

    At each point the direction minimises ridge |v|^2 + selective * sum over the other features of (change / sigma)^2 for a
    given rise of this feature, which gives v = (ridge + selective * sum of g g^T)^-1 g_own. `selective` 0 follows the
    plain gradient.
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
    moved = direction[:, None] + bend @ points
    length = float(np.sqrt(np.mean(np.sum(moved**2, axis=0))))
    return Field(direction / max(length, 1e-12), bend / max(length, 1e-12))


def _affine(vectors: Float64Array, points: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Least-squares direction [D] and bend [D, D] with vectors ~ direction + bend . points, ridged; |bend| is bounded."""
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
    """Spearman's rank correlation of two rows; 0 where the values are all equal, NaN where fewer than four are defined."""
    defined = np.isfinite(values)
    if np.count_nonzero(defined) < 4:
        return float("nan")
    if np.ptp(values[defined]) < 1e-9:
        return 0.0
    return float(np.corrcoef(rankdata(positions[defined]), rankdata(values[defined]))[0, 1])


def even_warp(positions: Float64Array, response: Float64Array, reach: float = REACH) -> Float64Array:
    """Path lengths s [9] at `POSITIONS` that make the median response [P] over `positions` [P] about even, each side by itself.

    The response is made monotone first; the slope of s against the position stays within a third to three times the
    linear one, so that a flat stretch is crossed quickly but not jumped.
    """
    if not np.isfinite(response).all() or response[-1] <= response[0]:
        return reach * POSITIONS
    rising = np.maximum.accumulate(response)
    warp = np.zeros(len(POSITIONS))
    for side in (-1.0, 1.0):
        fine = np.linspace(0.0, 1.0, 61)
        heard = side * (np.interp(side * fine, positions, rising) - np.interp(0.0, positions, rising))
        share = heard / heard[-1] if heard[-1] > 1e-9 else fine
        target = 0.5 * (share + fine)
        target += _LEAST_SLOPE * fine
        target /= target[-1]
        chosen = POSITIONS * side > 0
        warp[chosen] = side * reach * np.interp(np.abs(POSITIONS[chosen]), target, fine)
    return warp


def character_axes(latents: Float64Array, taken: Float64Array, most: int) -> tuple[Float64Array, Float64Array]:
    """Axes [n, D] of the variance of latents [D, N] that the directions `taken` [K, D] leave, and their shares of all.

    Principal components of what is orthogonal to `taken`, strongest first, each as long as one standard deviation.
    Components below 2 % of the whole variance are left out. Signs: the largest entry is positive.
    """
    centred = latents - latents.mean(axis=1, keepdims=True)
    total = float(np.sum(centred**2))
    rest = centred
    if len(taken):
        basis, triangle = np.linalg.qr(taken.T)
        basis = basis[:, np.abs(np.diag(triangle)) > 1e-9]
        rest = centred - basis @ (basis.T @ centred)
    variances, axes = np.linalg.eigh(rest @ rest.T)
    order = np.argsort(-variances, kind="stable")[:most]
    shares = np.maximum(variances[order], 0.0) / max(total, 1e-12)
    order, shares = order[shares >= 0.02], shares[shares >= 0.02]
    chosen = axes[:, order].T * np.sqrt(np.maximum(variances[order], 0.0) / latents.shape[1])[:, None]
    signs = np.sign(np.take_along_axis(chosen, np.abs(chosen).argmax(axis=1)[:, None], axis=1))
    return chosen * np.where(signs == 0, 1.0, signs), shares
