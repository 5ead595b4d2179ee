"""Measuring what controls do: positions are played at base points that the fit never saw, and the sound is listened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.controls import ControlInfo, Controls, Kind, Paths
from distill_engine.analysis.corpus import CorpusView, excerpt
from distill_engine.analysis.directions import REACH, Field, spearman
from distill_engine.analysis.features.table import FEATURES, NAMES, Feature
from distill_engine.analysis.model_prober import LEAD, TAIL, Prober
from distill_engine.analysis.region import Region

FloatArray = npt.NDArray[np.float64]

SAFE_SHARE = 0.9


@dataclass(frozen=True)
class Response:
    """Features [bases, positions, features] heard at `positions` [P], from -1 to 1 with 0 in the middle."""

    positions: FloatArray
    heard: FloatArray

    def rhos(self, feature: int) -> FloatArray:
        """Spearman's rho [bases] between the positions and a feature; NaN where the feature is mostly undefined."""
        return np.array([spearman(self.positions, row) for row in self.heard[:, :, feature]])

    def medians(self, feature: int) -> FloatArray:
        """Median over the bases [P] of a feature: each base's change from its centre, added to the median centre.

        Where the feature is undefined at a position, the nearest one speaks for it; zeros where it is so everywhere.
        """
        rows = self.heard[:, :, feature]
        middle = rows[:, [len(self.positions) // 2]]
        changes = rows - middle
        defined = np.isfinite(changes).any(axis=0)
        if not defined.any():
            return np.zeros(len(self.positions))
        medians = np.nanmedian(changes[:, defined], axis=0) + np.nanmedian(middle)
        return np.asarray(np.interp(self.positions, self.positions[defined], medians))

    def change(self, feature: int) -> float:
        """Median over the bases of the rise from the first to the last position; 0 where it is never defined."""
        rises = self.heard[:, -1, feature] - self.heard[:, 0, feature]
        return float(np.nanmedian(rises)) if np.isfinite(rises).any() else 0.0

    def rho(self, feature: int, quantile: float = 0.5) -> float:
        """Quantile over the bases of rho; 0 where the feature is undefined at more than half of them."""
        rhos = self.rhos(feature)
        defined = rhos[np.isfinite(rhos)]
        return float(np.quantile(defined, quantile)) if 2 * len(defined) >= len(rhos) else 0.0


def paths_of(fields: Sequence[Field], warps: Sequence[FloatArray], region: Region) -> Paths:
    """Paths of controls that move the sound through latent space."""
    coloured = [field.coloured(region) for field in fields]
    count, dims = len(fields), region.dimensions
    directions = np.array([direction for direction, _ in coloured]).reshape(count, dims)
    bends = np.array([bend for _, bend in coloured]).reshape(count, dims, dims)
    return Paths(directions, bends, np.array(warps).reshape(count, 9), np.zeros((count, 2, 5)))


def listen(
    prober: Prober, paths: Paths, region: Region, bases: FloatArray, positions: FloatArray, stage: str
) -> list[Response]:
    """What each of K controls alone does, at bases [D, N]; the position 0 is synthesised once for all of them."""
    count = len(paths.directions)
    controls = Controls([_nameless(k) for k in range(count)], paths, region)
    moved = positions[positions != 0.0]
    points = [
        base + controls.offset(base, row) for k in range(count) for base in bases.T for row in _single(count, k, moved)
    ]
    heard = prober.held(np.stack([*bases.T, *points], axis=1), stage)
    number = bases.shape[1]
    centres, rest = heard[:number], heard[number:].reshape(count, number, len(moved), len(FEATURES))
    half = len(moved) // 2
    whole = [np.concatenate([rest[k][:, :half], centres[:, None], rest[k][:, half:]], axis=1) for k in range(count)]
    return [Response(positions, responses) for responses in whole]


def _single(count: int, k: int, positions: FloatArray) -> FloatArray:
    rows = np.zeros((len(positions), count))
    rows[:, k] = positions
    return rows


def _nameless(k: int) -> ControlInfo:
    return ControlInfo(str(k), "feature", "", "", 0.0, 0.0, 0.0, 0.0, 0.0, {}, (-1.0, 1.0))


def listen_moving(
    prober: Prober, motion: FloatArray, view: CorpusView, region: Region, places: Sequence[tuple[int, float]],
    positions: FloatArray, hops: int, reduction: int, seed: int, stage: str,
) -> list[Response]:  # fmt: skip
    """What each of K temporal controls (`motion` [K, 2, 5]) does to the corpus played from `places` (clip, latent)."""
    count = len(motion)
    paths = Paths(np.zeros((count, region.dimensions)), np.zeros((count, region.dimensions, region.dimensions)),
                  np.zeros((count, 9)), motion)  # fmt: skip
    controls = Controls([_nameless(k) for k in range(count)], paths, region)
    trajectories = []
    for k in range(count):
        for clip, start in places:
            for row in _single(count, k, positions):
                modulation, shaper = controls.source_modulation(row), controls.motion(seed)
                path = excerpt(view, clip, start, modulation.speed, hops + LEAD + TAIL, reduction)
                trajectories.append(np.stack([shaper.step(z, modulation) for z in path.T], axis=1))
    heard = prober.moving(trajectories, stage).reshape(count, len(places), len(positions), len(FEATURES))
    return [Response(positions, responses) for responses in heard]


def describe(
    name: str, kind: Kind, feature: Feature, response: Response, spreads: Mapping[str, float],
    safe: tuple[float, float], description: str,
) -> ControlInfo:  # fmt: skip
    """The figures of a control for one feature."""
    index = NAMES.index(feature.name)
    medians = response.medians(index)
    own = response.change(index) / max(spreads[feature.name], feature.audible_step)
    leakage = {}
    for other, entry in enumerate(FEATURES):
        if other != index and (entry.kind == "steady" or kind == "temporal"):
            moved = response.medians(other)
            change = float(moved[-1] - moved[0]) / max(spreads[entry.name], entry.audible_step)
            leakage[entry.name] = round(change / own, 3) if abs(own) > 1e-9 else 0.0
    low, centre, high = (round(float(medians[i]), 3) for i in (0, len(medians) // 2, -1))
    rho, rho_low = round(response.rho(index), 3), round(response.rho(index, 0.1), 3)
    return ControlInfo(name, kind, feature.unit, description, rho, rho_low, low, centre, high, leakage, safe)


def safe_range(field: Field, warp: FloatArray, region: Region, points: FloatArray) -> tuple[float, float]:
    """Positions (from, to) at which nine tenths of the corpus' whitened latents [D, N] stay within the region's limit."""
    grid = np.linspace(0.0, 1.0, 21)
    ends = []
    for side in (-1.0, 1.0):
        reached = 0.0
        for position in grid[1:]:
            s = float(np.interp(side * position, np.linspace(-1, 1, len(warp)), warp))
            if np.mean(np.linalg.norm(field.moved(points, s), axis=0) <= region.limit) < SAFE_SHARE:
                break
            reached = position
        ends.append(round(side * float(reached), 2))
    return ends[0], ends[1]


def linear_warp() -> FloatArray:
    """Path length in proportion to the position."""
    return REACH * np.linspace(-1.0, 1.0, 9)
