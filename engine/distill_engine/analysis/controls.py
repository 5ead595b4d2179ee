"""The controls of a model as they are played: values -1..1 in, a latent offset out, once per hop.

A control's path from the base latent z is s * v(z) + s^2 / 2 * B v(z) with v(z) = d + B (z -
centre): its direction depends on z, and it bends; B = 0 is a straight line. s is a monotonic
function of the control's position (`warp`), so that equal steps of the control are about equal
steps of the feature. Numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.motion import Motion, SourceModulation, modulation_from
from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import AnalysisError

Kind = Literal["feature", "temporal", "character"]

POSITIONS = np.linspace(-1.0, 1.0, 9)  # of a control, at which its warp is stored


@dataclass(frozen=True)
class ControlInfo:
    """Facts about one control, measured on synthesised sound.

    Attributes:
        name: for instance "brightness" or "character-1".
        kind: "feature" and "character" move the sound through latent space, "temporal" changes how
            the source moves.
        unit: of `low`, `centre` and `high`.
        description: one sentence.
        rho: median over base points of Spearman's rank correlation between position and feature;
            characters: 0.
        rho_low: its tenth percentile.
        low, centre, high: median feature at -1, 0 and 1; characters: 0.
        leakage: change of other features relative to this one's, each in its spread over the
            corpus.
        safe: positions (from, to) that keep nine tenths of the corpus inside the learned region.
        measured: whether the figures were measured on this model's sound.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    rho: float
    rho_low: float
    low: float
    centre: float
    high: float
    leakage: Mapping[str, float]
    safe: tuple[float, float]
    measured: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-compatible values under the field names."""
        return {**vars(self), "leakage": dict(self.leakage), "safe": list(self.safe)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ControlInfo:
        """Return the facts from `to_dict`'s values. Raises AnalysisError for other values."""
        try:
            numbers = {key: float(data[key]) for key in ("rho", "rho_low", "low", "centre", "high")}
            texts = {key: str(data[key]) for key in ("name", "kind", "unit", "description")}
            leakage = {str(name): float(value) for name, value in dict(data["leakage"]).items()}
            low, high = data["safe"]
            info = ControlInfo(
                **texts,  # type: ignore[arg-type]
                **numbers,  # type: ignore[arg-type]
                leakage=leakage,
                safe=(float(low), float(high)),
                measured=bool(data.get("measured", True)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AnalysisError(f"the model's controls are damaged ({error!r}): run `distill analyse` again") from error
        if info.kind not in ("feature", "temporal", "character"):
            raise AnalysisError(f"the model's control {info.name} is of the unknown kind {info.kind}")
        return info


@dataclass(frozen=True)
class Paths:
    """Numbers of K controls.

    Attributes:
        directions: d [K, D] in latent space, sigma units.
        bends: B [K, D, D].
        warp: path length s [K, 9] at `POSITIONS`.
        motion: amounts of source modulation [K, 2, 5] at -1 and 1.
    """

    directions: Float64Array
    bends: Float64Array
    warp: Float64Array
    motion: Float64Array

    def select(self, index: Sequence[int]) -> Paths:
        """Return the paths of these controls, in this order."""
        chosen = list(index)
        return Paths(self.directions[chosen], self.bends[chosen], self.warp[chosen], self.motion[chosen])


def no_paths(dimensions: int) -> Paths:
    """Return paths of zero controls."""
    return Paths(
        np.zeros((0, dimensions)), np.zeros((0, dimensions, dimensions)), np.zeros((0, 9)), np.zeros((0, 2, 5))
    )


class Controls:
    """All controls of one model. Stateless and immutable, so voices can share them.

    `paths` holds the numbers of the controls that `infos` describes, in the same order.
    """

    def __init__(self, infos: Sequence[ControlInfo], paths: Paths, region: Region) -> None:
        self.infos = tuple(infos)
        self.names = tuple(info.name for info in infos)
        self.paths = paths
        self.region = region

    def __len__(self) -> int:
        """Number of controls K."""
        return len(self.infos)

    @property
    def dimensions(self) -> int:
        """Latent dimensions D."""
        return self.region.dimensions

    def index(self, name: str) -> int:
        """Return the index of a control by name.

        Raises:
            AnalysisError: the model has no such control; the message lists those it has.
        """
        if name in self.names:
            return self.names.index(name)
        known = ", ".join(self.names) if self.names else "none (run `distill analyse`)"
        raise AnalysisError(f"no control named {name!r} in this model; it has {known}")

    def values(self, named: Mapping[str, float]) -> Float64Array:
        """Return values [K] of the controls by name; 0 for those not named.

        Raises:
            AnalysisError: a name is unknown or a value is not a number within -1..1.
        """
        values = np.zeros(len(self))
        for name, value in named.items():
            if not -1.0 <= value <= 1.0:  # NaN too
                raise AnalysisError(f"control {name} takes -1 to 1, not {value}")
            values[self.index(name)] = value
        return values

    def offset(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> Float64Array:
        """Return the offset [D] to add to the base latent [D], sigma units, for control values [K].

        Zero if all values are zero.
        """
        return self.steer(base, values)[0]

    def strain(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> float:
        """Return how far control values [K] push a base latent [D] out of the learned region.

        0 inside, above 0 in the warning zone, 1 at the limit.
        """
        return self.steer(base, values)[1]

    def steer(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> tuple[Float64Array, float]:
        """Return `offset` [D] and `strain` together. Clips values beyond -1..1; NaN counts as 0."""
        active = np.flatnonzero(values)
        if not len(active):
            return np.zeros(self.dimensions), 0.0
        z = np.asarray(base, np.float64)
        target = z.copy()
        for k in active:
            target += self._offset_of(int(k), float(values[k]), z)
        limited, strain = self.region.limited(z, target)
        return limited - z, strain

    def unlimited(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> Float64Array:
        """Return the offset [D] of control values [K] from a base latent [D], without any limit."""
        total = np.zeros(self.dimensions)
        for k in np.flatnonzero(values):
            total += self._offset_of(int(k), float(values[k]), base)
        return total

    def _offset_of(self, k: int, value: float, base: Float64Array) -> Float64Array:
        """Return the offset [D] of one control alone, without the region's limit."""
        if not -1.0 <= value <= 1.0:
            value = 0.0 if np.isnan(value) else float(np.clip(value, -1.0, 1.0))
        s = np.interp(value, POSITIONS, self.paths.warp[k])
        if self.region.along:
            return np.asarray(s * self.paths.directions[k])
        bend = self.paths.bends[k]
        start = self.paths.directions[k] + bend @ (base - self.region.centre)
        return np.asarray(s * start + (0.5 * s * s) * (bend @ start))

    def source_modulation(self, values: npt.NDArray[Any]) -> SourceModulation:
        """Return the source modulation that control values [K] ask for."""
        clean = np.clip(np.nan_to_num(np.asarray(values, np.float64)), -1.0, 1.0)
        amounts = np.maximum(-clean, 0.0) @ self.paths.motion[:, 0] + np.maximum(clean, 0.0) @ self.paths.motion[:, 1]
        return modulation_from(amounts)

    def motion(self, seed: int = 0) -> Motion:
        """Return a new `Motion`, which applies source modulation; each voice needs its own."""
        return Motion(self.region, seed=seed)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all numbers that `from_part` needs, as float32 arrays for the model file.

        control_directions, _bends, _warp and _motion as in `Paths` (a skeleton's controls are
        straight and have no bends); region_centre [D],
        region_whitening and _colouring [D, D], region_radii [2] (knee and limit).
        """
        bends = {} if self.region.along else {"control_bends": self.paths.bends.astype(np.float32)}
        return bends | {
            "control_directions": self.paths.directions.astype(np.float32),
            "control_warp": self.paths.warp.astype(np.float32),
            "control_motion": self.paths.motion.astype(np.float32),
            "region_centre": self.region.centre.astype(np.float32),
            "region_whitening": self.region.whitening.astype(np.float32),
            "region_colouring": self.region.colouring.astype(np.float32),
            "region_radii": np.array([self.region.knee, self.region.limit], np.float32),
        }

    @staticmethod
    def from_part(arrays: Mapping[str, npt.NDArray[Any]], analysis: Mapping[str, Any]) -> Controls:
        """Return the controls from the part "analysis" and the manifest's table `analysis`.

        `arrays` are those of `to_arrays`, with their shapes [K, D], [K, D, D] and so on.

        Raises:
            AnalysisError: arrays are missing or of wrong shape, or the table is damaged.
        """
        listed = analysis.get("controls", [])
        if not isinstance(listed, list):
            raise AnalysisError("the model's list of controls is damaged: run `distill analyse` again")
        infos = [ControlInfo.from_dict(entry) for entry in listed]
        names = ("directions", "bends", "warp", "motion")
        try:
            straight = "control_bends" not in arrays
            if straight:
                shape = np.shape(arrays["control_directions"])
                arrays = {**arrays, "control_bends": np.zeros((*shape, shape[-1]))}
            paths = Paths(*(np.asarray(arrays[f"control_{name}"], np.float64) for name in names))
            centre, whitening, colouring, radii = (
                np.asarray(arrays[f"region_{name}"], np.float64)
                for name in ("centre", "whitening", "colouring", "radii")
            )
        except KeyError as error:
            raise AnalysisError(f"the model's analysis lacks {error}: run `distill analyse` again") from error
        count, dims = len(infos), centre.size
        stored = (paths.directions, paths.bends, paths.warp, paths.motion, centre, whitening, colouring, radii)
        shapes, square = [a.shape for a in stored], (dims, dims)
        expected = [(count, dims), (count, *square), (count, 9), (count, 2, 5), (dims,), square, square, (2,)]
        if shapes != expected:
            raise AnalysisError(f"the model's analysis has arrays of shapes {shapes}, not {expected}: analyse it again")
        region = Region(centre, whitening, colouring, float(radii[0]), float(radii[1]), along=straight)
        return Controls(infos, paths, region)

    @staticmethod
    def none(dimensions: int) -> Controls:
        """Return zero controls in a wide isotropic region, for a model without analysis."""
        identity = np.eye(dimensions)
        return Controls((), no_paths(dimensions), Region(np.zeros(dimensions), identity, identity, 6.0, 10.0))
