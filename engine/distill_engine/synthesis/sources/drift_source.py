"""The `drift` source: a smooth seeded random walk about the centre of the corpus."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings, seeded_noise


@dataclass(frozen=True)
class DriftState:
    """The number of points that a `DriftSource` has passed, with a fraction."""

    phase: float


class DriftSource:
    """A smooth seeded random walk about `centre` [D] (sigma).

    Catmull-Rom splines join standard normal points, `rate` of them a second; `range` scales the
    walk.

    Args:
        shape: matrix [D, D] or [D, n], a root of the corpus's covariance, that maps independent
            noise to the corpus; None keeps the noise independent.
        onto: moves a point [D] of the noise to a nearby point on the level surface. With a range
            below 1 the walk goes only that fraction of the way.
        held: does the same with a latent [D] of the walk.
    """

    def __init__(
        self,
        centre: Latent,
        seed: int,
        frame_rate: float,
        shape: Latent | None = None,
        onto: Callable[[Latent], Latent] | None = None,
        held: Callable[[Latent], Latent] | None = None,
    ) -> None:
        self._centre, self._dimensions = centre, len(centre) if shape is None else shape.shape[1]
        self._seed, self._frame_rate, self._shape, self._onto, self._held = seed, frame_rate, shape, onto, held
        self._phase = 0.0
        self._points: dict[int, Latent] = {}

    def _point(self, index: int) -> Latent:
        if index not in self._points:
            if len(self._points) > 16:
                self._points.clear()
            self._points[index] = seeded_noise(self._seed, index, 0)[: self._dimensions]
        return self._points[index]

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        index = math.floor(self._phase)
        t = self._phase - index
        before, left, right, after = (self._point(index + i) for i in (-1, 0, 1, 2))
        spline = left + 0.5 * t * (
            right - before + t * (2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before))
        )
        if not settings.freeze:
            beats = settings.tempo / 60.0 if settings.tempo > 0 else 1.0
            self._phase += settings.rate * beats / self._frame_rate
        point = settings.range * spline
        if self._onto is not None:
            point = point + min(1.0, settings.range) * (self._onto(point) - point)
        latent = self._centre + (point if self._shape is None else self._shape @ point)
        if self._held is not None:
            latent = latent + min(1.0, settings.range) * (self._held(latent) - latent)
        return latent, 0

    def restart(self) -> None:
        self._phase = 0.0

    def state(self) -> StateDict:
        return to_arrays(DriftState(self._phase))

    def restore(self, state: StateDict) -> None:
        self._phase = from_arrays(DriftState, state).phase


def corpus_correlations(corpus: Float32Array) -> Float64Array | None:
    """Return a Cholesky factor [D, D] of the corpus's correlations, None for a short corpus.

    `corpus` is [D, L]. The correlation matrix is shrunk by 10 % towards the identity. A drift that
    is coloured with the factor moves as the corpus does.
    """
    if corpus.shape[1] < 2 * corpus.shape[0]:
        return None
    spread = corpus - corpus.mean(axis=1, keepdims=True)
    spread = spread / np.maximum(np.sqrt(np.mean(np.square(spread), axis=1, keepdims=True)), 1e-6)
    matrix = (spread @ spread.T).astype(np.float64) / corpus.shape[1]
    factor: Float64Array = np.linalg.cholesky(0.9 * matrix + 0.1 * np.eye(len(corpus)))
    return factor
