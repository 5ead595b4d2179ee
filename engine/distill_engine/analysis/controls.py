"""The controls of a model as they are played: values -1..1 in, an offset in latent space out, once per hop.

A control's path from the base latent z is s * v(z) + s^2 / 2 * B v(z) with v(z) = d + B (z - centre): it starts in a
direction that depends on where the sound is and bends as it goes; B = 0 is a straight line. s is a monotone function of the
position (`warp`), so that equal steps of the control are about equal steps of what is heard. Numpy only.
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

POSITIONS = np.linspace(-1.0, 1.0, 9)


@dataclass(frozen=True)
class ControlInfo:
    """What is known about one control. Figures are measured on synthesised sound.

    Attributes:
        name: what it is called, for instance "brightness" or "character-1".
        kind: "feature" and "character" move the sound through latent space, "temporal" steers how the source moves.
        unit: of `low`, `centre` and `high`.
        description: one sentence.
        rho: median over base points of Spearman's rank correlation between position and feature (characters: 0).
        rho_low: its tenth percentile.
        low, centre, high: median feature value at -1, 0 and 1 (characters: 0).
        leakage: for other features, their change relative to this one's, each in its spread over the corpus.
        safe: positions (from, to) that keep nearly all of the corpus' sounds inside the learned region.
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

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "leakage": dict(self.leakage), "safe": list(self.safe)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ControlInfo:
        """From JSON; raises AnalysisError where it is not what `to_dict` gives."""
        try:
            numbers = {key: float(data[key]) for key in ("rho", "rho_low", "low", "centre", "high")}
            texts = {key: str(data[key]) for key in ("name", "kind", "unit", "description")}
            leakage = {str(name): float(value) for name, value in dict(data["leakage"]).items()}
            low, high = data["safe"]
            info = ControlInfo(**texts, **numbers, leakage=leakage, safe=(float(low), float(high)))  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as error:
            raise AnalysisError(f"the model's controls are damaged ({error!r}): run `distill analyse` again") from error
        if info.kind not in ("feature", "temporal", "character"):
            raise AnalysisError(f"the model's control {info.name} is of the unknown kind {info.kind}")
        return info


@dataclass(frozen=True)
class Paths:
    """The numbers of K controls: `directions` [K, D], `bends` [K, D, D], `warp` [K, 9] (s at `POSITIONS`) and
    `motion` [K, 2, 5] (amounts of source modulation at -1 and at 1)."""

    directions: Float64Array
    bends: Float64Array
    warp: Float64Array
    motion: Float64Array

    def select(self, index: Sequence[int]) -> Paths:
        """Only these controls, in this order."""
        chosen = list(index)
        return Paths(self.directions[chosen], self.bends[chosen], self.warp[chosen], self.motion[chosen])


def no_paths(dimensions: int) -> Paths:
    """Paths of no controls at all."""
    return Paths(
        np.zeros((0, dimensions)), np.zeros((0, dimensions, dimensions)), np.zeros((0, 9)), np.zeros((0, 2, 5))
    )


class Controls:
    """All controls of one model. Stateless and immutable: safe to share between voices."""

    def __init__(self, infos: Sequence[ControlInfo], paths: Paths, region: Region) -> None:
        self.infos = tuple(infos)
        self.names = tuple(info.name for info in infos)
        self.paths = paths
        self.region = region

    def __len__(self) -> int:
        return len(self.infos)

    @property
    def dimensions(self) -> int:
        """Latent dimensions D."""
        return self.region.dimensions

    def index(self, name: str) -> int:
        """Place of a control by name.

        Raises:
            AnalysisError: the model has no such control; the message lists those it has.
        """
        if name in self.names:
            return self.names.index(name)
        known = ", ".join(self.names) if self.names else "none (run `distill analyse`)"
        raise AnalysisError(f"no control named {name!r} in this model; it has {known}")

    def values(self, named: Mapping[str, float]) -> Float64Array:
        """Values [K] from names; those not named are 0.

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
        """Offset [D] to add to the base latent [D] for control values [K]; zero where all values are zero."""
        return self.steer(base, values)[0]

    def strain(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> float:
        """How far the controls push out of the learned region: 0 inside, above 0 in the warning zone, 1 at the limit."""
        return self.steer(base, values)[1]

    def steer(self, base: npt.NDArray[Any], values: npt.NDArray[Any]) -> tuple[Float64Array, float]:
        """`offset` and `strain` in one go. Values beyond -1..1 are clipped, NaN counts as 0."""
        active = np.flatnonzero(values)
        if not len(active):
            return np.zeros(self.dimensions), 0.0
        z = np.asarray(base, np.float64)
        target = z.copy()
        for k in active:
            target += self._path(int(k), float(values[k]), z)
        limited, strain = self.region.limited(z, target)
        return limited - z, strain

    def _path(self, k: int, value: float, base: Float64Array) -> Float64Array:
        """Offset [D] of one control alone, without limit."""
        if not -1.0 <= value <= 1.0:
            value = 0.0 if np.isnan(value) else float(np.clip(value, -1.0, 1.0))
        s = np.interp(value, POSITIONS, self.paths.warp[k])
        bend = self.paths.bends[k]
        start = self.paths.directions[k] + bend @ (base - self.region.centre)
        return np.asarray(s * start + (0.5 * s * s) * (bend @ start))

    def source_modulation(self, values: npt.NDArray[Any]) -> SourceModulation:
        """How the source is to move for control values [K]: what the temporal controls do."""
        clean = np.clip(np.nan_to_num(np.asarray(values, np.float64)), -1.0, 1.0)
        amounts = np.maximum(-clean, 0.0) @ self.paths.motion[:, 0] + np.maximum(clean, 0.0) @ self.paths.motion[:, 1]
        return modulation_from(amounts)

    def motion(self, seed: int = 0) -> Motion:
        """A new shaper that applies `source_modulation` to the latents of a source; one per voice."""
        return Motion(self.region, seed=seed)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything `from_part` needs, as arrays for the model file."""
        return {
            "control_directions": self.paths.directions.astype(np.float32),
            "control_bends": self.paths.bends.astype(np.float32),
            "control_warp": self.paths.warp.astype(np.float32),
            "control_motion": self.paths.motion.astype(np.float32),
            "region_centre": self.region.centre.astype(np.float32),
            "region_whitening": self.region.whitening.astype(np.float32),
            "region_colouring": self.region.colouring.astype(np.float32),
            "region_radii": np.array([self.region.knee, self.region.limit], np.float32),
        }

    @staticmethod
    def from_part(arrays: Mapping[str, npt.NDArray[Any]], analysis: Mapping[str, Any]) -> Controls:
        """From the model file's part "analysis" and the table `analysis` of its manifest.

        Raises:
            AnalysisError: arrays are missing, of wrong shape or not finite.
        """
        listed = analysis.get("controls", [])
        if not isinstance(listed, list):
            raise AnalysisError("the model's list of controls is damaged: run `distill analyse` again")
        infos = [ControlInfo.from_dict(entry) for entry in listed]
        names = ("directions", "bends", "warp", "motion")
        try:
            paths = Paths(*(np.asarray(arrays[f"control_{name}"], np.float64) for name in names))
            centre, whitening, colouring, radii = (
                np.asarray(arrays[f"region_{name}"], np.float64)
                for name in ("centre", "whitening", "colouring", "radii")
            )
        except KeyError as error:
            raise AnalysisError(f"the model's analysis lacks {error}: run `distill analyse` again") from error
        count, dims = len(infos), centre.size
        found = (paths.directions, paths.bends, paths.warp, paths.motion, centre, whitening, colouring, radii)
        shapes, square = [a.shape for a in found], (dims, dims)
        expected = [(count, dims), (count, *square), (count, 9), (count, 2, 5), (dims,), square, square, (2,)]
        if shapes != expected:
            raise AnalysisError(f"the model's analysis has arrays of shapes {shapes}, not {expected}: analyse it again")
        return Controls(infos, paths, Region(centre, whitening, colouring, float(radii[0]), float(radii[1])))

    @staticmethod
    def none(dimensions: int) -> Controls:
        """No controls: what a model without an analysis plays with."""
        identity = np.eye(dimensions)
        return Controls((), no_paths(dimensions), Region(np.zeros(dimensions), identity, identity, 6.0, 10.0))
