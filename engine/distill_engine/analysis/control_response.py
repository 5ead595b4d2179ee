"""Measurement of what controls do: features of the sound at positions from -1 to 1.

The final measurement uses held-out base points: latents that the search did not use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.controls import ControlInfo, Controls, Kind, Paths
from distill_engine.analysis.directions import REACH, Field, spearman
from distill_engine.analysis.features.table import FEATURES, NAMES, Feature
from distill_engine.analysis.model_prober import Prober
from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float64Array

SAFE_SHARE = 0.9  # of the corpus' latents that must stay in the region


@dataclass(frozen=True)
class Response:
    """Features measured along a control's range.

    Attributes:
        positions: [P], from -1 to 1 with 0 in the middle.
        values: features [bases, P, features]; NaN where undefined.
    """

    positions: Float64Array
    values: Float64Array

    def rhos(self, feature: int) -> Float64Array:
        """Return Spearman's rho [bases] between position and a feature.

        NaN at bases where the feature is defined at fewer than four positions.
        """
        return np.array([spearman(self.positions, row) for row in self.values[:, :, feature]])

    def medians(self, feature: int) -> Float64Array:
        """Return a feature's median over the bases [P]: median change plus median at the centre.

        A change is relative to the base's own centre. Where the feature is undefined at a position,
        the nearest defined ones are interpolated; if it is undefined everywhere, the result is
        zeros.
        """
        rows = self.values[:, :, feature]
        middle = rows[:, [len(self.positions) // 2]]
        changes = rows - middle
        defined = np.isfinite(changes).any(axis=0)
        if not defined.any():
            return np.zeros(len(self.positions))
        medians = np.nanmedian(changes[:, defined], axis=0) + np.nanmedian(middle)
        return np.asarray(np.interp(self.positions, self.positions[defined], medians))

    def change(self, feature: int) -> float:
        """Return the median over the bases of a feature's rise from the first to the last position.

        0 if it is undefined at all bases.
        """
        rises = self.values[:, -1, feature] - self.values[:, 0, feature]
        return float(np.nanmedian(rises)) if np.isfinite(rises).any() else 0.0

    def rho(self, feature: int, quantile: float = 0.5) -> float:
        """Return a quantile over the bases of Spearman's rho.

        0 if the feature is undefined at more than half of them.
        """
        rhos = self.rhos(feature)
        defined = rhos[np.isfinite(rhos)]
        return float(np.quantile(defined, quantile)) if 2 * len(defined) >= len(rhos) else 0.0


def paths_of(fields: Sequence[Field], warps: Sequence[Float64Array], region: Region) -> Paths:
    """Return the paths of K controls through latent space, from fields and warps [9].

    Their amounts of source modulation are zero.
    """
    coloured = [field.coloured(region) for field in fields]
    count, dims = len(fields), region.dimensions
    directions = np.array([direction for direction, _ in coloured]).reshape(count, dims)
    bends = np.array([bend for _, bend in coloured]).reshape(count, dims, dims)
    return Paths(directions, bends, np.array(warps).reshape(count, 9), np.zeros((count, 2, 5)))


def measure_responses(
    prober: Prober, paths: Paths, region: Region, bases: Float64Array, positions: Float64Array, stage: str
) -> list[Response]:
    """Measure each of K controls alone at bases [D, N] and positions [P].

    Position 0 is synthesised once for all of them. `stage` names the work in progress events.
    """
    count = len(paths.directions)
    controls = Controls([unnamed_control(k) for k in range(count)], paths, region)
    moved = positions[positions != 0.0]
    points = [
        base + controls.offset(base, row)
        for k in range(count)
        for base in bases.T
        for row in one_control_values(count, k, moved)
    ]
    features = prober.measure_held(np.stack([*bases.T, *points], axis=1), stage)
    base_count = bases.shape[1]
    centres, others = features[:base_count], features[base_count:].reshape(count, base_count, len(moved), len(FEATURES))
    half = len(moved) // 2
    joined = [
        np.concatenate([others[k][:, :half], centres[:, None], others[k][:, half:]], axis=1) for k in range(count)
    ]
    return [Response(positions, values) for values in joined]


def one_control_values(count: int, k: int, positions: Float64Array) -> Float64Array:
    """Return control values [P, count]: positions [P] of control k, zero for the others."""
    rows = np.zeros((len(positions), count))
    rows[:, k] = positions
    return rows


def unnamed_control(k: int) -> ControlInfo:
    """Return a placeholder for the facts about control k, which is only played."""
    return ControlInfo(str(k), "feature", "", "", 0.0, 0.0, 0.0, 0.0, 0.0, {}, (-1.0, 1.0))


def control_info(
    kind: Kind,
    feature: Feature,
    response: Response,
    spreads: Mapping[str, float],
    safe: tuple[float, float],
    description: str,
) -> ControlInfo:
    """Return the measured figures of the control named after a feature.

    Args:
        kind: "feature" or "temporal".
        feature: the control's own.
        response: measured along its range.
        spreads: of each feature over the corpus, by name, in its unit.
        safe: positions (from, to) that stay in the region.
        description: one sentence.
    """
    index = NAMES.index(feature.name)
    medians = response.medians(index)
    own_change = response.change(index) / max(spreads[feature.name], feature.audible_step)
    leakage = {}
    for other_index, other in enumerate(FEATURES):
        if other_index != index and (other.kind == "steady" or kind == "temporal"):
            other_medians = response.medians(other_index)
            change = float(other_medians[-1] - other_medians[0]) / max(spreads[other.name], other.audible_step)
            leakage[other.name] = round(change / own_change, 3) if abs(own_change) > 1e-9 else 0.0
    low, centre, high = (round(float(medians[i]), 3) for i in (0, len(medians) // 2, -1))
    rho, rho_low = round(response.rho(index), 3), round(response.rho(index, 0.1), 3)
    return ControlInfo(feature.name, kind, feature.unit, description, rho, rho_low, low, centre, high, leakage, safe)


def safe_range(field: Field, warp: Float64Array, region: Region, points: Float64Array) -> tuple[float, float]:
    """Return the positions (from, to) that keep SAFE_SHARE of the corpus inside the region.

    `points` are its whitened latents [D, N]; inside is within the region's limit. The result is
    rounded to steps of 0.05. `warp` [9] are path lengths.
    """
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


def linear_warp() -> Float64Array:
    """Return path lengths [9] in proportion to the position."""
    return REACH * np.linspace(-1.0, 1.0, 9)
