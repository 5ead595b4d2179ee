"""All sources of one voice, and the cross-fade in latent space from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ControlError
from distill_engine.state import StateDict
from distill_engine.synthesis.sources.latent_sources import Latent, LatentSource, SourceSettings

JUMP_HOPS = 4


@dataclass(frozen=True)
class SourceBankState:
    """The selected source by its name, the states of all, and the bridge from the `last` latent [D], `left` of `length` hops."""

    selected: str
    sources: dict[str, StateDict]
    last: Latent | None
    step: Latent | None
    length: int
    left: int


class SourceBank:
    """All sources of one voice, and the cross-fade from one to the next. `next` is called once per hop.

    `sources` are the ones the instrument offers; asking for another raises ControlError with `why` it is absent.
    """

    def __init__(
        self, sources: dict[str, LatentSource], *, selected: str, why: Callable[[str], str] | None = None
    ) -> None:
        self._sources, self._why = sources, why or (lambda name: f"the model has no {name}")
        self.check(selected)
        self.selected = selected
        self._last: Latent | None = None
        self._step: Latent | None = None
        self._length = self._left = 0

    def check(self, name: str) -> None:
        """Raises ControlError if a source cannot be selected."""
        if name not in self._sources:
            raise ControlError(f"source {name}: {self._why(name)}; there are {', '.join(self._sources)}")

    def select(self, name: str, fade_hops: int) -> None:
        """Cross-fades to another source over `fade_hops` hops."""
        self.check(name)
        if name != self.selected:
            self.selected = name
            self._bridge(fade_hops)

    def restart(self, fade_hops: int = JUMP_HOPS) -> None:
        """All sources from their beginning."""
        for source in self._sources.values():
            source.restart()
        self._bridge(fade_hops)

    def continue_from(self, other: SourceBank, *, same_model: bool) -> None:
        """Goes on where another bank is. Banks of different models share the walk and the place, not what they hear."""
        for name, source in self._sources.items():
            old = other._sources.get(name)
            if old is not None and (same_model or name != "input"):
                source.restore(old.state())
        if other.selected in self._sources:
            self.selected = other.selected
        if same_model and other._last is not None:
            self._last, self._step = other._last.copy(), None if other._step is None else other._step.copy()
            self._length, self._left = other._length, other._left

    def bridge_from(self, other: SourceBank, fade_hops: int) -> None:
        """Starts from the latent at which another bank is, and fades over to its own path."""
        if other._last is not None and self._last is None:
            self._last = other._last.copy()
            self._bridge(fade_hops)

    def _bridge(self, hops: int) -> None:
        self._step, self._length, self._left = None, max(1, hops), max(1, hops)

    def next(self, settings: SourceSettings, samples: Float32Array | None = None) -> Latent:
        """The latent [D] of this hop. `samples` [hop] is this hop of live input (mono), if there is any."""
        latent, leapt = self._sources[self.selected].next(settings, samples)
        if leapt and self._last is not None:
            self._bridge(max(JUMP_HOPS, self._left))
        if self._left:
            if self._step is None:
                self._step = (self._last - latent) if self._last is not None else np.zeros_like(latent)
            self._left -= 1
            latent = latent + self._step * (self._left / self._length)
        self._last = latent
        return latent

    def state(self) -> SourceBankState:
        """Return the state."""
        return SourceBankState(
            selected=self.selected,
            sources={name: source.state() for name, source in self._sources.items()},
            last=None if self._last is None else self._last.copy(),
            step=None if self._step is None else self._step.copy(),
            length=self._length,
            left=self._left,
        )

    def restore(self, state: SourceBankState) -> None:
        """Go on from a `state`. Raises ControlError if it has selected a source that is not here."""
        for name, source in self._sources.items():
            if state.sources.get(name):
                source.restore(state.sources[name])
        self.check(state.selected)
        self.selected = state.selected
        self._last = None if state.last is None else state.last.astype(np.float64)
        self._step = None if state.step is None else state.step.astype(np.float64)
        self._length, self._left = state.length, state.left
