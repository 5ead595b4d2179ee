"""A small model of what is heard as a function of where in latent space it comes from.

Features are quadratic polynomials of the whitened latents, fitted by ridge regression; the strength of the ridge is chosen by
five-fold cross-validation. It only proposes directions: what they do is then measured on synthesised sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array

_RIDGES = 10.0 ** np.arange(-1.0, 4.1, 0.5)
_FOLDS = 5
_QUADRATIC_PENALTY = 3.0


@dataclass(frozen=True)
class Surrogate:
    """One feature as bias + linear . u + u . quadratic . u / 2, in units of `scale`; `fit` is R^2 on points left out."""

    linear: Float64Array
    quadratic: Float64Array
    bias: float
    scale: float
    fit: float

    def gradients(self, points: Float64Array) -> Float64Array:
        """Gradients [D, N] at whitened latents [D, N]."""
        return self.linear[:, None] + self.quadratic @ points


def fit_surrogate(points: Float64Array, values: Float64Array, weights: Float64Array, scale: float) -> Surrogate | None:
    """Fits values [N] (NaN: undefined) at whitened latents [D, N], each with a weight; None where too few are defined."""
    defined = np.isfinite(values)
    dimensions = len(points)
    if np.count_nonzero(defined) < max(24, 2 * dimensions) or np.ptp(values[defined]) < 1e-9:
        return None
    u, y, w = points[:, defined], values[defined] / scale, np.sqrt(weights[defined])
    columns, pairs = _columns(u)
    means = np.average(columns, axis=0, weights=w**2)
    centre = float(np.average(y, weights=w**2))
    x, target = (columns - means) * w[:, None], (y - centre) * w
    coefficients, fit = _ridge(x, target)
    linear = coefficients[:dimensions]
    quadratic = np.zeros((dimensions, dimensions))
    quadratic[pairs] = coefficients[dimensions:] / _QUADRATIC_PENALTY
    bias = centre - float(means @ coefficients)
    return Surrogate(linear, quadratic + quadratic.T, bias, scale, fit)


def _columns(u: Float64Array) -> tuple[Float64Array, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Regressors [N, D + D (D + 1) / 2]; the quadratic ones are scaled down, which penalises them more."""
    pairs = np.triu_indices(len(u))
    return np.concatenate([u, u[pairs[0]] * u[pairs[1]] / _QUADRATIC_PENALTY]).T, pairs


def _ridge(x: Float64Array, y: Float64Array) -> tuple[Float64Array, float]:
    """Coefficients and cross-validated R^2 with the best of the ridges; folds are every fifth point."""
    fold = np.arange(len(y)) % _FOLDS
    errors = np.zeros(len(_RIDGES))
    for k in range(_FOLDS):
        inside, outside = fold != k, fold == k
        variances, axes = np.linalg.eigh(x[inside].T @ x[inside])
        rotated, projected = x[outside] @ axes, axes.T @ (x[inside].T @ y[inside])
        for i, ridge in enumerate(_RIDGES):
            errors[i] += np.sum((y[outside] - rotated @ (projected / (np.maximum(variances, 0) + ridge))) ** 2)
    best = _RIDGES[int(errors.argmin())]
    coefficients = np.linalg.solve(x.T @ x + best * np.eye(x.shape[1]), x.T @ y)
    return coefficients, 1.0 - float(errors.min()) / max(float(y @ y), 1e-12)
