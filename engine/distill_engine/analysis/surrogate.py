"""A surrogate of the model: features as quadratic polynomials of whitened latents.

They are fitted by ridge regression; five-fold cross-validation chooses the penalty. A surrogate
only proposes directions: their effect is then measured on synthesised sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array

_RIDGES = 10.0 ** np.arange(-1.0, 4.1, 0.5)  # ridge penalties to choose from
_FOLDS = 5  # of the cross-validation
_QUADRATIC_PENALTY = 3.0  # factor by which quadratic regressors are scaled down


@dataclass(frozen=True)
class Surrogate:
    """One feature as linear . u + u . quadratic . u / 2 + bias, in units of `scale`.

    u [D] is a whitened latent, `linear` [D], `quadratic` [D, D] symmetric; `fit` is R^2 on held-out
    points.
    """

    linear: Float64Array
    quadratic: Float64Array
    bias: float
    scale: float
    fit: float

    def gradients(self, points: Float64Array) -> Float64Array:
        """Return the gradients [D, N] at whitened latents [D, N], in units of `scale`."""
        return self.linear[:, None] + self.quadratic @ points


def fit_surrogate(points: Float64Array, values: Float64Array, weights: Float64Array, scale: float) -> Surrogate | None:
    """Fit values [N] (NaN: undefined) at whitened latents [D, N] with weights [N].

    None if too few values are defined or they are all equal.
    """
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
    """Return the regressors [N, D + D (D + 1) / 2] of latents [D, N], and the index pairs.

    The quadratic ones are scaled down, which penalises them more.
    """
    pairs = np.triu_indices(len(u))
    return np.concatenate([u, u[pairs[0]] * u[pairs[1]] / _QUADRATIC_PENALTY]).T, pairs


def _ridge(x: Float64Array, y: Float64Array) -> tuple[Float64Array, float]:
    """Return coefficients [C] and cross-validated R^2 of y [N] on x [N, C] with the best penalty.

    Each fold is every fifth point.
    """
    fold = np.arange(len(y)) % _FOLDS
    errors = np.zeros(len(_RIDGES))
    for k in range(_FOLDS):
        training, held_out = fold != k, fold == k
        variances, axes = np.linalg.eigh(x[training].T @ x[training])
        rotated, projected = x[held_out] @ axes, axes.T @ (x[training].T @ y[training])
        for i, ridge in enumerate(_RIDGES):
            errors[i] += np.sum((y[held_out] - rotated @ (projected / (np.maximum(variances, 0) + ridge))) ** 2)
    best = _RIDGES[int(errors.argmin())]
    coefficients = np.linalg.solve(x.T @ x + best * np.eye(x.shape[1]), x.T @ y)
    return coefficients, 1.0 - float(errors.min()) / max(float(y @ y), 1e-12)
