"""A playable map of the corpus: regions of sound as points of a plane, scaled from latent space.

Classical scaling (Torgerson 1952) gives the start, SMACOF (de Leeuw 1977: stress majorisation) the
refinement. Both preserve distances, large ones too, so that a direction means the same all over the
map; UMAP would not do that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import KEY_LATENTS
from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import AnalysisError, ArgumentError
from distill_engine.system.checked_values import checked_number

MOST_REGIONS = 400  # points of a map
REGION_LATENTS = 8  # latents of a region (0.37 s)
_ITERATIONS = 60  # of SMACOF


@dataclass(frozen=True)
class LatentMap:
    """Regions of the corpus on a plane.

    Attributes:
        points: [2, N], x and y in -1..1.
        latents: the regions' mean latents [D, N] in sigma units.
        clips: index of the clip [N] that each region comes from.
        seconds: where in that clip it begins [N].
        stress: normalised stress of the map, 0 (all distances preserved) to 1.
    """

    points: Float64Array
    latents: Float64Array
    clips: npt.NDArray[np.int64]
    seconds: Float64Array
    stress: float = 0.0

    def latent_at(self, x: float, y: float) -> Float64Array:
        """Return the latent [D] at a point: the regions around it, with Gaussian weights.

        Coordinates beyond -1..1 are clipped, NaN counts as 0. The Gaussian's width is half the
        distance of the third nearest region, so every point of the map has a sound. Raises
        ArgumentError for what is no number.
        """
        given = checked_number(x, "x"), checked_number(y, "y")
        point = np.array([np.clip(np.nan_to_num(v), -1.0, 1.0) for v in given])
        squared = np.sum((self.points - point[:, None]) ** 2, axis=0)
        nearest = np.partition(squared, min(2, len(squared) - 1))[: min(3, len(squared))]
        variance = 0.25 * float(nearest.max()) + 1e-4
        weights = np.exp((nearest.min() - squared) / (2.0 * variance))
        return np.asarray(self.latents @ (weights / weights.sum()))

    def place_of(self, latent: npt.NDArray[Any]) -> tuple[float, float]:
        """Return the point of a latent [D or more]: the mean of the three regions most like it.

        Each counts by the inverse of its squared distance. Raises ArgumentError for another shape.
        """
        try:
            z = np.asarray(latent, np.float64)
        except (ValueError, TypeError):
            raise ArgumentError(f"latent: {type(latent).__name__} is not an array of numbers: expected [D]") from None
        if z.ndim != 1 or len(z) < len(self.latents):
            raise ArgumentError(f"latent: the shape is {list(z.shape)}: expected [D], D of {len(self.latents)} or more")
        z = z[: len(self.latents)]
        squared = np.sum((self.latents - z[:, None]) ** 2, axis=0)
        nearest = np.argsort(squared)[:3]
        weights = 1.0 / (squared[nearest] + 1e-6)
        x, y = self.points[:, nearest] @ (weights / weights.sum())
        return float(x), float(y)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the part "analysis".

        map_points [2, N], map_latents [D, N], map_regions [2, N] (clip and seconds), map_stress
        [1].
        """
        regions = np.stack([self.clips.astype(np.float64), self.seconds])
        arrays = {"map_points": self.points, "map_latents": self.latents, "map_regions": regions}
        stress = np.array([self.stress], np.float32)
        return {name: array.astype(np.float32) for name, array in arrays.items()} | {"map_stress": stress}

    @staticmethod
    def from_part(arrays: Mapping[str, npt.NDArray[Any]]) -> LatentMap:
        """Return the map from the arrays of `to_arrays` ([2, N], [D, N], [2, N] and [1]).

        Raises:
            AnalysisError: the model has no map, or a damaged one.
        """
        if "map_points" not in arrays:
            raise AnalysisError("this model has no map of its corpus: run `distill analyse MODEL CORPUS`")
        try:
            points, latents = (np.asarray(arrays[name], np.float64) for name in ("map_points", "map_latents"))
            clips, seconds = np.asarray(arrays["map_regions"], np.float64)
            stress = float(arrays["map_stress"][0])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise AnalysisError(f"the model's map is damaged ({error!r}): run `distill analyse` again") from error
        count = clips.size
        region = np.size(arrays["region_centre"]) if "region_centre" in arrays else latents.size // max(1, count)
        region = min(region, KEY_LATENTS) if "path_keys" in arrays else region
        shapes = [array.shape for array in (points, latents, clips)]
        if shapes != [(2, count), (region, count), (count,)] or not latents.size:
            raise AnalysisError("the model's map is damaged (its arrays do not fit): run `distill analyse` again")
        return LatentMap(points, latents, clips.astype(np.int64), seconds, stress)


def make_map(
    latents: Sequence[npt.NDArray[np.floating[Any]]],
    audible: Sequence[npt.NDArray[np.bool_]],
    seconds_per_latent: float,
    region_latents: int = REGION_LATENTS,
) -> LatentMap:
    """Make the map of clips' latents [D, L] each, with the masks `audible` [L].

    It shows the regions in which at least half of the latents are audible. If no region has that
    many (a corpus of short hits), it shows all regions with audible latents, without their silence.

    Raises:
        AnalysisError: no latent is audible.
    """
    starts = [(clip, start) for clip, mask in enumerate(audible) for start in range(0, len(mask), region_latents)]
    shares = [float(audible[clip][start : start + region_latents].mean()) for clip, start in starts]
    whole = max(shares, default=0.0) >= 0.5
    regions = [start for start, share in zip(starts, shares, strict=True) if (share >= 0.5 if whole else share > 0)]
    if not regions:
        raise AnalysisError("a map needs audible sound, and the corpus has none")
    if len(regions) > MOST_REGIONS:
        regions = [regions[i] for i in np.linspace(0, len(regions) - 1, MOST_REGIONS).round().astype(int)]
    means = np.stack(
        [
            _mean(latents[clip], audible[clip], slice(start, start + region_latents), whole=whole)
            for clip, start in regions
        ],
        axis=1,
    )
    points, stress = scale_to_plane(means)
    clips = np.array([clip for clip, _ in regions], np.int64)
    return LatentMap(points, means, clips, np.array([start for _, start in regions]) * seconds_per_latent, stress)


def _mean(
    latents: npt.NDArray[np.floating[Any]], audible: npt.NDArray[np.bool_], frames: slice, *, whole: bool
) -> Float64Array:
    """Return the mean latent [D] of the region of these latents, or of those that are audible."""
    region = latents[:, frames].astype(np.float64)
    return np.asarray((region if whole else region[:, audible[frames]]).mean(axis=1))


def scale_to_plane(latents: Float64Array) -> tuple[Float64Array, float]:
    """Return points [2, N] within -1..1 for latents [D, N], and their normalised stress.

    The stress compares distances on the plane with those in latent space.
    """
    count = latents.shape[1]
    distances = _distances(latents)
    centred = latents - latents.mean(axis=1, keepdims=True)
    left, scale, right = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((2, count))
    rank = min(2, len(scale))
    points[:rank] = scale[:rank, None] * right[:rank]
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(left.shape[1])])[:rank]
    points[:rank] *= np.where(signs == 0, 1.0, signs)[:, None]
    if count > 2 and distances.max() > 1e-9:
        points = _smacof(points, distances)
    on_map = _distances(points)
    stress = float(np.sqrt(np.sum((on_map - distances) ** 2) / max(float(np.sum(distances**2)), 1e-12)))
    points -= (points.max(axis=1, keepdims=True) + points.min(axis=1, keepdims=True)) / 2
    return points / max(float(np.abs(points).max()), 1e-9), stress


def _smacof(points: Float64Array, distances: Float64Array) -> Float64Array:
    """Refine points [2, N] towards distances [N, N]; return them.

    Guttman transforms with equal weights; none of them increases the stress.
    """
    count = points.shape[1]
    for _ in range(_ITERATIONS):
        on_map = _distances(points)
        ratio = -np.divide(distances, on_map, out=np.zeros_like(on_map), where=on_map > 1e-9)
        ratio[np.diag_indices(count)] -= ratio.sum(axis=1)
        points = points @ ratio / count
    return points


def _distances(points: Float64Array) -> Float64Array:
    """Return the Euclidean distances [N, N] of points [2 or D, N]."""
    squares = np.sum(points**2, axis=0)
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * points.T @ points, 0.0)))
