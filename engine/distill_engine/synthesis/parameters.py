"""Every parameter's present value, gliding at hop boundaries: what the shared memory's latest values become inside the synth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import PARAMETERS, Parameter, default_values, index_of

ADDRESSES = tuple(parameter.address for parameter in PARAMETERS)


@dataclass(frozen=True)
class GlideState:
    """A glide under way to `address`: a straight line from `start` to `target` over `hops` hops, `done` of them gone."""

    address: str
    start: float
    target: float
    hops: int
    done: int


@dataclass(frozen=True)
class ParameterState:
    """`values` [n] of the parameters at `addresses`, and the glides under way."""

    addresses: tuple[str, ...]
    values: Float64Array
    glides: tuple[GlideState, ...] = ()


@dataclass
class _Glide:
    """A straight line from `start` to `target` over `hops` hops, `done` of them gone."""

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
    """Values of all parameters. `apply` sets a target, `advance` moves every glide on by one hop.

    A change without glide is there from the next hop on; one with a glide of g seconds arrives after round(g * frame_rate)
    hops, in equal steps. A new change starts from the value that is sounding. `frame_rate` is hops per second.
    """

    def __init__(self, frame_rate: float) -> None:
        self._frame_rate = frame_rate
        self._values = np.array(default_values(), np.float64)
        self._glides: dict[int, _Glide] = {}

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> float:
        """Sets the target of a parameter, clipped to its range; returns what was kept. Raises ControlError for NaN or no such parameter."""
        parameter = _parameter(parameter_index)
        if not math.isfinite(value) or not math.isfinite(glide_seconds):
            raise ControlError(f"{parameter.address}: {value} over {glide_seconds} s is not a number")
        target = parameter.clip(value)
        hops = round(max(0.0, glide_seconds) * self._frame_rate) if parameter.ramped else 0
        if hops <= 1:
            self._glides.pop(parameter_index, None)
            self._values[parameter_index] = target
        else:
            self._glides[parameter_index] = _Glide(float(self._values[parameter_index]), target, hops)
        return target

    def rearrange(self, first: int, origins: Sequence[int | None]) -> None:
        """Neighbouring parameters take the values and glides of others among them (None: 0), as when names move to other numbers."""
        values, glides = self._values.copy(), self._glides
        span = range(first, first + len(origins))
        self._glides = {index: glide for index, glide in glides.items() if index not in span}
        for index, origin in zip(span, origins, strict=True):
            self._values[index] = 0.0 if origin is None else values[first + origin]
            if origin is not None and first + origin in glides:
                self._glides[index] = glides[first + origin]

    def advance(self) -> None:
        """One hop passes."""
        for index, glide in list(self._glides.items()):
            self._values[index] = glide.advance()
            if glide.done >= glide.hops:
                del self._glides[index]

    @property
    def moving(self) -> bool:
        """Whether any glide is under way."""
        return bool(self._glides)

    def value(self, address: str) -> float:
        """Present value of an address. Raises ControlError if it is no parameter."""
        return float(self._values[index_of(address)])

    def at(self, parameter_index: int) -> float:
        """Present value of a parameter."""
        return float(self._values[parameter_index])

    def family(self, first: int, count: int) -> np.ndarray:
        """Present values [count] of neighbouring parameters (a view: copy it to keep it)."""
        return self._values[first : first + count]

    def target(self, parameter_index: int) -> float:
        """Where a parameter is heading (its value, if it stands)."""
        glide = self._glides.get(parameter_index)
        return glide.target if glide else float(self._values[parameter_index])

    def state(self) -> ParameterState:
        """Return a copy of all values and glides."""
        glides = (GlideState(PARAMETERS[i].address, g.start, g.target, g.hops, g.done) for i, g in self._glides.items())
        return ParameterState(ADDRESSES, self._values.copy(), tuple(glides))

    def restore(self, state: ParameterState) -> None:
        """Go on from a `state`; a parameter that it does not know keeps its default.

        Raises ControlError for an address that is no parameter here.
        """
        if state.values.shape != (len(state.addresses),) or not np.isfinite(state.values).all():
            raise ControlError(f"this state has {state.values.size} values for {len(state.addresses)} parameters")
        self._values = np.array(default_values(), np.float64)
        self._values[[index_of(address) for address in state.addresses]] = state.values
        self._glides = {index_of(g.address): _Glide(g.start, g.target, g.hops, g.done) for g in state.glides}


def _parameter(parameter_index: int) -> Parameter:
    if not 0 <= parameter_index < len(PARAMETERS):
        raise ControlError(f"there is no parameter {parameter_index}; they are 0 to {len(PARAMETERS) - 1}")
    return PARAMETERS[parameter_index]
