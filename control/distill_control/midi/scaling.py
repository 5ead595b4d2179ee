"""From a controller's position to a parameter's value and back: range, curve, inversion."""

import math
from dataclasses import dataclass
from typing import Literal

from distill_engine.errors import ControlError

Curve = Literal["linear", "exponential", "logarithmic", "s"]
CURVES: tuple[Curve, ...] = ("linear", "exponential", "logarithmic", "s")

_STEEPNESS = 4.0


@dataclass(frozen=True)
class Scale:
    """Maps a position 0..1 onto `low`..`high`.

    `exponential` is fine at the low end, `logarithmic` at the high end, `s` at both ends. `invert` turns the control round.

    Raises:
        ControlError: if the range is empty or not finite.
    """

    low: float = 0.0
    high: float = 1.0
    curve: Curve = "linear"
    invert: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low == self.high:
            raise ControlError(f"range [{self.low}, {self.high}] is empty or not finite: give two different numbers")

    def value(self, position: float) -> float:
        """Parameter value at a position 0..1.

        >>> [round(Scale(-60.0, 6.0, curve).value(0.5), 1) for curve in CURVES]
        [-27.0, -52.1, -1.9, -27.0]
        """
        position = min(max(position, 0.0), 1.0)
        shaped = _shape(self.curve, 1.0 - position if self.invert else position)
        if shaped == 1.0:
            return self.high
        return self.low + (self.high - self.low) * shaped

    def position(self, value: float) -> float:
        """Position 0..1 at which `value` is reached (the nearest end, outside the range)."""
        share = (value - self.low) / (self.high - self.low)
        share = _unshape(self.curve, min(max(share, 0.0), 1.0))
        return 1.0 - share if self.invert else share


def _shape(curve: Curve, x: float) -> float:
    if curve == "exponential":
        return math.expm1(_STEEPNESS * x) / math.expm1(_STEEPNESS)
    if curve == "logarithmic":
        return 1.0 - math.expm1(_STEEPNESS * (1.0 - x)) / math.expm1(_STEEPNESS)
    if curve == "s":
        return 0.5 - 0.5 * math.cos(math.pi * x)
    return x


def _unshape(curve: Curve, y: float) -> float:
    if curve == "exponential":
        return math.log1p(y * math.expm1(_STEEPNESS)) / _STEEPNESS
    if curve == "logarithmic":
        return 1.0 - math.log1p((1.0 - y) * math.expm1(_STEEPNESS)) / _STEEPNESS
    if curve == "s":
        return math.acos(1.0 - 2.0 * y) / math.pi
    return y
