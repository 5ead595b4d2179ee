"""The present values of all parameters in the synth, with glides that advance step by step.

Gain, width, gate and places act in the output stage: their step is a tick. All others have hops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.takes.take import OUTPUT_ADDRESSES
from distill_engine.vocabulary.table import PARAMETERS, Parameter, default_values, index_of

LONGEST_FADE_SECONDS = 3600.0
ADDRESSES = tuple(parameter.address for parameter in PARAMETERS)
OUTPUT_PARAMETERS = frozenset(index_of(address) for address in OUTPUT_ADDRESSES)


@dataclass(frozen=True)
class GlideState:
    """A glide of the parameter at `address`: a straight line from `start` to `target`.

    It takes `hops` steps, of which `done` have passed: hops, or ticks of the output stage.
    """

    address: str
    start: float
    target: float
    hops: int
    done: int


@dataclass(frozen=True)
class ParameterState:
    """Values [n] of the parameters at `addresses`, and the glides under way."""

    addresses: tuple[str, ...]
    values: Float64Array
    glides: tuple[GlideState, ...] = ()


@dataclass
class _Glide:
    """A straight line from `start` to `target` over `hops` steps, of which `done` have passed."""

    start: float
    target: float
    hops: int
    done: int = 0

    def advance(self) -> float:
        self.done += 1
        return (
            self.target if self.done >= self.hops else self.start + (self.target - self.start) * self.done / self.hops
        )


class ParameterBank:
    """The values of all parameters. `apply` sets a target; glides advance in equal steps.

    `advance` moves by one hop, `advance_output` those of the output stage by one tick. A change
    without a glide takes effect at the next step. A new change starts from the present value.
    `frame_rate` is hops per second; a hop has `ticks` ticks.
    """

    def __init__(self, frame_rate: float, ticks: int = 1) -> None:
        self._frame_rate, self._ticks = frame_rate, ticks
        self._values = np.array(default_values(), np.float64)
        self._glides: dict[int, _Glide] = {}
        self._output_glides: dict[int, _Glide] = {}

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> float:
        """Set the target of a parameter, clipped to its range; return the clipped target.

        Raises ControlError if a number is NaN or infinite, or if there is no such parameter.
        """
        parameter = _parameter(parameter_index)
        if not math.isfinite(value) or not math.isfinite(glide_seconds):
            raise ControlError(f"{parameter.address}: {value} over {glide_seconds} s is not a number")
        target = parameter.clip(value)
        glides, rate = self._glides, self._frame_rate
        if parameter_index in OUTPUT_PARAMETERS:
            glides, rate = self._output_glides, self._frame_rate * self._ticks
        steps = round(max(0.0, glide_seconds) * rate) if parameter.ramped else 0
        if steps <= 1:
            glides.pop(parameter_index, None)
            self._values[parameter_index] = target
        else:
            glides[parameter_index] = _Glide(float(self._values[parameter_index]), target, steps)
        return target

    def rearrange(self, first: int, origins: Sequence[int | None]) -> None:
        """Permute the values and glides of neighbouring parameters.

        Parameter `first` + i takes the value and glide of parameter `first` + `origins[i]`; 0 for
        None. This is for a model that has other control numbers.
        """
        values, glides = self._values.copy(), self._glides
        span = range(first, first + len(origins))
        self._glides = {index: glide for index, glide in glides.items() if index not in span}
        for index, origin in zip(span, origins, strict=True):
            self._values[index] = 0.0 if origin is None else values[first + origin]
            if origin is not None and first + origin in glides:
                self._glides[index] = glides[first + origin]

    def advance(self) -> None:
        """Advance the glides of all but the output stage by one hop."""
        self._advance(self._glides)

    def advance_output(self) -> None:
        """Advance the glides of the output stage by one tick."""
        self._advance(self._output_glides)

    def _advance(self, glides: dict[int, _Glide]) -> None:
        for index, glide in list(glides.items()):
            self._values[index] = glide.advance()
            if glide.done >= glide.hops:
                del glides[index]

    @property
    def moving(self) -> bool:
        """Whether any glide is under way."""
        return bool(self._glides or self._output_glides)

    def value(self, address: str) -> float:
        """Return the present value of an address. Raises ControlError if it is not a parameter."""
        return float(self._values[index_of(address)])

    def at(self, parameter_index: int) -> float:
        """Return the present value of a parameter."""
        return float(self._values[parameter_index])

    def values(self) -> list[float]:
        """Return the present values of all parameters."""
        values: list[float] = self._values.tolist()
        return values

    def family(self, first: int, count: int) -> np.ndarray:
        """Return the present values [count] of neighbouring parameters, as a view."""
        return self._values[first : first + count]

    def several(self, parameter_indices: npt.NDArray[np.integer]) -> np.ndarray:
        """Return the present values [n] of parameters [n]."""
        return np.asarray(self._values[parameter_indices])

    def target(self, parameter_index: int) -> float:
        """Return the target of a parameter's glide, or its value if it does not glide."""
        glide = self._glides.get(parameter_index) or self._output_glides.get(parameter_index)
        return glide.target if glide else float(self._values[parameter_index])

    def fade_hops(self, seconds: float | None) -> int:
        """Return the length of a fade in hops; None is `/distill/source/fade`.

        Raises ControlError for a fade that is negative or too long.
        """
        seconds = self.value("/distill/source/fade") if seconds is None else seconds
        if not 0 <= seconds <= LONGEST_FADE_SECONDS:
            raise ControlError(f"a fade of {seconds} s is not possible; give 0 to {LONGEST_FADE_SECONDS:.0f}")
        return max(1, round(seconds * self._frame_rate))

    def state(self) -> ParameterState:
        """Return a copy of all values and glides."""
        both = (*self._glides.items(), *self._output_glides.items())
        glides = (GlideState(PARAMETERS[i].address, g.start, g.target, g.hops, g.done) for i, g in both)
        return ParameterState(ADDRESSES, self._values.copy(), tuple(glides))

    def restore(self, state: ParameterState) -> None:
        """Continue from a `state`. Parameters that it lacks get their defaults.

        Raises ControlError for an address that is not a parameter, or values that do not fit.
        """
        if state.values.shape != (len(state.addresses),) or not np.isfinite(state.values).all():
            raise ControlError(f"this state has {state.values.size} values for {len(state.addresses)} parameters")
        self._values = np.array(default_values(), np.float64)
        self._values[[index_of(address) for address in state.addresses]] = state.values
        glides = {index_of(g.address): _Glide(g.start, g.target, g.hops, g.done) for g in state.glides}
        self._output_glides = {index: glide for index, glide in glides.items() if index in OUTPUT_PARAMETERS}
        self._glides = {index: glide for index, glide in glides.items() if index not in OUTPUT_PARAMETERS}


def _parameter(parameter_index: int) -> Parameter:
    if not 0 <= parameter_index < len(PARAMETERS):
        raise ControlError(f"there is no parameter {parameter_index}; they are 0 to {len(PARAMETERS) - 1}")
    return PARAMETERS[parameter_index]
