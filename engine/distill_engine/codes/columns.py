"""Columns: four latents of a skeleton as one vector in nats, and its principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.sizes import COMPONENTS

COLUMN_HOPS = 4  # latents of a column


def columns_of(latents: npt.NDArray[np.floating[Any]], spread: Float32Array) -> Float64Array:
    """Return the columns [4 * D, C] in nats of latents [D, T] in sigma; the end is held to fill."""
    dimensions, count = latents.shape
    padded = np.pad(latents.astype(np.float64), ((0, 0), (0, -count % COLUMN_HOPS)), mode="edge")
    inner = (padded * spread.astype(np.float64)[:, None]).reshape(dimensions, -1, COLUMN_HOPS)
    return np.asarray(inner.transpose(2, 0, 1).reshape(COLUMN_HOPS * dimensions, -1))


def frames_of_columns(offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the frames [C, 4] of the columns of clips with `offsets`; ends are held to fill."""
    counts = -(-np.diff(offsets) // COLUMN_HOPS)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.repeat(offsets[:-1], counts) + COLUMN_HOPS * within
    last = np.repeat(offsets[1:] - 1, counts)
    return np.asarray(np.minimum(first[:, None] + np.arange(COLUMN_HOPS), last[:, None]))


def latents_of(columns: Float64Array, spread: Float32Array) -> Float64Array:
    """Return the latents [D, 4 * C] in sigma of columns [4 * D, C] in nats."""
    dimensions = len(spread)
    inner = columns.reshape(COLUMN_HOPS, dimensions, -1).transpose(1, 2, 0).reshape(dimensions, -1)
    return np.asarray(inner / spread.astype(np.float64)[:, None])


@dataclass(frozen=True)
class Projection:
    """Principal components of columns.

    Attributes:
        mean: of the columns [4 * D], in nats.
        basis: orthonormal columns [4 * D, K], by variance.
    """

    mean: Float32Array
    basis: Float32Array

    def halved(self) -> Projection:
        """Return the projection rounded to half precision, as it is stored."""
        return Projection(halved(self.mean), halved(self.basis))

    def down(self, columns: Float64Array) -> Float32Array:
        """Return the components [C, K] of columns [4 * D, C]."""
        centred = columns - self.mean[:, None].astype(np.float64)
        return np.asarray(centred.T @ self.basis.astype(np.float64), np.float32)

    def up(self, components: Float32Array) -> Float64Array:
        """Return the columns [4 * D, C] of components [C, K]."""
        raised = self.basis.astype(np.float64) @ components.astype(np.float64).T
        return np.asarray(raised + self.mean[:, None])


def halved(array: Float32Array) -> Float32Array:
    """Return an array [...] rounded to half precision."""
    return array.astype(np.float16).astype(np.float32)


def fit_projection(columns: Float64Array, components: int = COMPONENTS) -> Projection:
    """Return the principal components of columns [4 * D, C]; the signs are those of their sums."""
    mean = columns.mean(axis=1)
    centred = columns - mean[:, None]
    variances, axes = np.linalg.eigh(centred @ centred.T / max(1, columns.shape[1]))
    basis = axes[:, np.argsort(-variances, kind="stable")[: min(components, len(mean))]]
    basis = basis * np.where(basis.sum(axis=0) < 0, -1.0, 1.0)
    return Projection(mean.astype(np.float32), basis.astype(np.float32))
