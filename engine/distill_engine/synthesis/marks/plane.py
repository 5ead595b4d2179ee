"""Interpolate latents and controls between marks that a player has placed on a plane.

The weights of the marks at a point come from radial basis functions: multiquadrics (Hardy 1971)
and a constant. One linear system of the size n + 1 makes them, so learning takes milliseconds.
Weights below 0 are left out and the rest is scaled to the sum 1: what is interpolated stays
between what the marks hold, also beyond the outermost of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import CONTROL_COUNT, MOST_MARKS

_ROUNDING = 0.2  # of the multiquadrics, as a distance on the plane, whose sides are 2 long
_RIDGE = 1e-9  # added to the diagonal, so that marks at one place share it; no unit
HOLDS = 2  # rows of `held`: latents, controls


@dataclass(frozen=True)
class Marked:
    """What the marks say at a point: `latent` [K] (sigma) and `controls` [32], from -1 to 1.

    The shares (0 to 1) say how far each counts: 0 where the marks nearby hold none. `space` is that
    of the plane.
    """

    space: str
    latent: Float64Array
    latent_share: float
    controls: Float64Array
    control_share: float


@dataclass(frozen=True)
class MarkPlane:
    """Marks by their numbers, n of them.

    Attributes:
        space: the `Instrument.latent_space` that the latents belong to.
        places: [2, n], x and y in -1..1.
        latents: [K, n], zeros for a mark that holds none.
        controls: [32, n] by control number, zeros for a mark that holds none.
        held: [2, n], 1 where a mark holds a latent (row 0) or controls (row 1), else 0.
    """

    space: str
    places: Float64Array
    latents: Float64Array
    controls: Float64Array
    held: Float64Array

    def check(self) -> None:
        """Raise ControlError for arrays that are no plane, as those of a damaged take."""
        count = self.places.shape[-1]
        arrays = (self.places, self.latents, self.controls, self.held)
        shapes = [array.shape for array in arrays]
        wanted = [(2, count), (len(self.latents), count), (CONTROL_COUNT, count), (HOLDS, count)]
        if shapes != wanted or not 1 <= count <= MOST_MARKS or not all(np.isfinite(array).all() for array in arrays):
            raise ControlError("the marks are damaged")

    @cached_property
    def _solved(self) -> Float64Array:
        """Solution [n + 1, n] that turns the basis functions at a point into weights."""
        count = self.places.shape[1]
        system = np.ones((count + 1, count + 1))
        apart = self.places[:, :, None] - self.places[:, None, :]
        system[:count, :count] = _basis(apart) - _RIDGE * np.eye(count)
        system[count, count] = 0.0
        return np.asarray(np.linalg.inv(system)[:, :count])

    def learn(self) -> MarkPlane:
        """Solve the system now, and not at the first hop; return the plane."""
        self.weights(0.0, 0.0)
        return self

    def weights(self, x: float, y: float) -> Float64Array:
        """Return the weights [n] of the marks at a point: from 0 to 1, of the sum 1."""
        basis = _basis(np.array([[x], [y]]) - self.places)
        weights = np.maximum(np.append(basis, 1.0) @ self._solved, 0.0)
        return np.asarray(weights / weights.sum())

    def at(self, x: float, y: float) -> Marked:
        """Return what the marks say at a point."""
        weights = self.held * self.weights(x, y)
        shares = weights.sum(axis=1)
        latent, controls = (
            values @ row / max(share, 1e-12)
            for values, row, share in zip((self.latents, self.controls), weights, shares, strict=True)
        )
        return Marked(self.space, latent, float(shares[0]), controls, float(shares[1]))


def _basis(apart: npt.NDArray[Any]) -> Float64Array:
    """Return the basis functions [...] of distances whose x and y are `apart` [2, ...]."""
    return np.asarray(-np.sqrt(np.sum(np.square(apart), axis=0) + _ROUNDING**2))
