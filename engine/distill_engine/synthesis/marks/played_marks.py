"""The marks that a playing synth follows: they steer latents and controls, and takes hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from distill_engine.state import to_arrays
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.steering import HopValues
from distill_engine.takes.take_log import TakeLog
from distill_engine.vocabulary.table import index_of

_X, _Y, _AMOUNT = (index_of(f"/distill/marks/{name}") for name in ("x", "y", "amount"))


class PlayedMarks:
    """Moves the values of each hop to what the marks say, by `/distill/marks/amount`.

    Args:
        take: that records.
        tick: returns the time of the next hop, in ticks.
    """

    def __init__(self, take: TakeLog, tick: Callable[[], int]) -> None:
        self._take, self._tick = take, tick
        self.plane: MarkPlane | None = None

    def replace(self, plane: MarkPlane | None) -> None:
        """Follow other marks from the next hop on; None: none. Raises ControlError."""
        if plane is not None:
            plane.check()
        self.plane = plane
        self._take.marks(self._tick(), {} if plane is None else to_arrays(plane))

    def restore(self, plane: MarkPlane | None) -> None:
        """Follow the marks of a state. Raises ControlError if they are damaged."""
        if plane is not None:
            plane.check()
        self.plane = plane

    def follow_model(self, space: str, origins: Sequence[int | None]) -> None:
        """Let another model play: its control i was number `origins[i]`; None for a new control.

        Marks of another space are dropped: their latents mean nothing to it.
        """
        plane = self.plane
        if plane is None or plane.space != space:
            self.plane = None
            return
        numbered = np.stack(
            [np.zeros(plane.places.shape[1]) if origin is None else plane.controls[origin] for origin in origins]
        )
        self.plane = replace(plane, controls=numbered)

    def applied(self, values: HopValues, bank: ParameterBank) -> HopValues:
        """Return the values of a hop as the marks move them."""
        amount = bank.at(_AMOUNT)
        if self.plane is None or amount <= 0.0:
            return values
        marked = self.plane.at(bank.at(_X), bank.at(_Y))
        share = amount * marked.control_share
        controls = values.controls + share * (marked.controls - values.controls)
        marked = replace(marked, latent_share=amount * marked.latent_share)
        return replace(values, controls=controls, marked=marked if marked.latent_share > 0.0 else None)
