"""A source of latents that a program supplies, played by the synth in the place of `hold`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.state import StateDict
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.system.checked_values import checked_array

LatentOf = Callable[[int], npt.ArrayLike]
"""Gives the latent [D] (sigma) of a hop, counted from 0."""


class OwnSource:
    """Ask a function for the latent [D] of each hop."""

    def __init__(self, latent_of: LatentOf, latent_dim: int) -> None:
        self._latent_of, self._latent_dim, self._hop = latent_of, latent_dim, 0

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        """Return the latent [D] of this hop. Raises ArgumentError for another shape."""
        given = checked_array(self._latent_of(self._hop), f"the source at hop {self._hop}", (self._latent_dim,))
        self._hop += 1
        return given.astype(np.float64), 0

    def restart(self) -> None:
        """Begin at hop 0 again."""
        self._hop = 0

    def state(self) -> StateDict:
        """Return the hop, as an array [1]."""
        return {"hop": np.array([self._hop], np.int64)}

    def restore(self, state: StateDict) -> None:
        """Go on at the hop of a state, an array [1]."""
        self._hop = int(state["hop"][0])


@dataclass(frozen=True)
class OwnInstrument(Instrument):
    """An instrument whose source `hold` is a program's own."""

    latent_of: LatentOf = np.zeros

    def sources(self, seed: int, selected: str = "drift") -> SourceBank:
        """Return new sources with the program's own in the place of `hold`."""
        bank = super().sources(seed, selected)
        bank.put("hold", OwnSource(self.latent_of, self.latent_dim))
        return bank


def with_own_source(instrument: Instrument, latent_of: LatentOf) -> OwnInstrument:
    """Return the instrument with another `hold`: what `latent_of` returns, hop by hop."""
    values = {field.name: getattr(instrument, field.name) for field in fields(instrument)}
    return OwnInstrument(**values, latent_of=latent_of)
