"""All sources of one voice, and the cross-fade in latent space between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ControlError
from distill_engine.state import StateDict
from distill_engine.synthesis.sources.codes_source import CodesSource
from distill_engine.synthesis.sources.latent_sources import (
    JUMP_HOPS,
    Latent,
    LatentSource,
    Levelled,
    OfPath,
    SourceSettings,
    Struck,
)
from distill_engine.synthesis.sources.skeleton_input import SkeletonInput
from distill_engine.takes.take import LED_SINCE, VERSION

OF_ONE_MODEL = ("input", "codes", "prior")  # sources whose states mean nothing to another model
TAKEN_OVER = ("corpus", "input", "codes")  # sources that the map replaces by the walk


@dataclass(frozen=True)
class SourceBankState:
    """The state of a `SourceBank`.

    `selected` is the name of the selected source, `sources` the states of all. The cross-fade
    starts from the `last` latent [D] with the difference `step` [D]; `left` of its `length` hops
    remain. `taken` is true while the map plays in place of the selected source. `gain` is that of
    the last hop, `gain_step` its difference at the beginning of the cross-fade, in nats.
    """

    selected: str
    sources: dict[str, StateDict]
    last: Latent | None
    step: Latent | None
    length: int
    left: int
    taken: bool | None = None
    gain: float | None = None
    gain_step: float | None = None


class SourceBank:
    """All sources of one voice, and the cross-fade between them. Call `next` once per hop.

    `sources` are those that the instrument offers. Selecting another raises ControlError with the
    reason that `why` gives for its name. `gain` is what the latent of the last hop needs behind the
    vocoder, in nats (see `Levelled`).
    """

    def __init__(
        self, sources: dict[str, LatentSource], *, selected: str, why: Callable[[str], str] | None = None
    ) -> None:
        self._sources, self._why = sources, why or (lambda name: f"the model has no {name}")
        self._strikable = {name: source for name, source in sources.items() if isinstance(source, Struck)}
        self.check(selected)
        self.selected = selected
        self._last: Latent | None = None
        self._step: Latent | None = None
        self._length = self._left = 0
        self.gain = self._gain_step = 0.0
        self._taken = False
        self._rules = VERSION  # of the last hop

    def of(self, name: str) -> LatentSource | None:
        """Return a source by its name, None if there is none."""
        return self._sources.get(name)

    def put(self, name: str, source: LatentSource) -> None:
        """Let another source play under a name."""
        self._sources[name] = source

    def check(self, name: str) -> None:
        """Raise ControlError if a source cannot be selected."""
        if name not in self._sources:
            raise ControlError(f"source {name}: {self._why(name)}; there are {', '.join(self._sources)}")

    def select(self, name: str, fade_hops: int) -> None:
        """Cross-fade to another source over `fade_hops` hops. Raises ControlError."""
        self.check(name)
        if name != self.selected:
            self.selected = name
            self._bridge(fade_hops)

    def restart(self, fade_hops: int = JUMP_HOPS) -> None:
        """Restart all sources and cross-fade over `fade_hops` hops."""
        for source in self._sources.values():
            source.restart()
        self._bridge(fade_hops)

    @property
    def pitch(self) -> float:
        """The pitch of the place that plays, a MIDI note number; 0 if it has none."""
        source = self._struck()
        return source.pitch if source is not None else 0.0

    @property
    def before(self) -> Latent | None:
        """What the corpus has [D, n] before the attack that began at the last hop; None without."""
        source = self._struck()
        return source.before if source is not None and not self._left else None

    def strike(self) -> None:
        """Begin a sound at the next hop, if the source can."""
        source = self._struck()
        if source is not None:
            source.strike()

    def _struck(self) -> Struck | None:
        return self._strikable.get("walk" if self._taken else self.selected)

    def continue_from(self, other: SourceBank, *, same_model: bool) -> None:
        """Continue where another bank is.

        Banks of different models share the states of all sources but OF_ONE_MODEL. In a version of
        a model whose path differs, the sound that plays is found again.
        """
        for name, source in self._sources.items():
            old = other._sources.get(name)
            if old is not None and (same_model or name not in OF_ONE_MODEL):
                source.restore(old.state())
            if same_model and other._rules >= LED_SINCE and isinstance(source, OfPath) and isinstance(old, OfPath):
                source.find_again(old)
        if other.selected in self._sources:
            self.selected = other.selected
        if same_model and other._last is not None:
            self._last, self._step = other._last.copy(), None if other._step is None else other._step.copy()
            self._length, self._left = other._length, other._left
            self.gain, self._gain_step = other.gain, other._gain_step

    def begin_like(self, other: SourceBank) -> None:
        """Begin with the sequence of codes that another bank of the instrument was given."""
        own, given = self._sources.get("codes"), other._sources.get("codes")
        if isinstance(own, CodesSource) and isinstance(given, CodesSource):
            own.begin_like(given)

    def bridge_from(self, other: SourceBank, fade_hops: int, *, hears: bool = False) -> None:
        """Start from the last latent of another bank and cross-fade to this bank's own path.

        Both are of one instrument, and what the other was given to play is kept. `hears`: what
        its input has heard, too.
        """
        self.begin_like(other)
        if other._last is not None and self._last is None:
            own, given = self._sources.get("input"), other._sources.get("input")
            if hears and isinstance(own, SkeletonInput) and isinstance(given, SkeletonInput):
                own.hear_on(given)
            self._last, self.gain = other._last.copy(), other.gain
            self._bridge(fade_hops)

    def _bridge(self, hops: int) -> None:
        self._step, self._length, self._left = None, max(1, hops), max(1, hops)

    def next(self, settings: SourceSettings, samples: Float32Array | None = None) -> Latent:
        """Return the latent [D] of this hop (sigma).

        `samples` [hop] is this hop of live input, mono; None without one.
        """
        source = self._sources[self._playing(settings)]
        latent, fade = source.next(settings, samples)
        gain = source.gain if isinstance(source, Levelled) else 0.0
        if fade and self._last is not None:
            # An attack cuts the rest of a leap's fade, not that of a change of source.
            self._bridge(1 if fade == 1 and self._left < JUMP_HOPS else max(fade, self._left))
        if self._left:
            if self._step is None:
                self._step = (self._last - latent) if self._last is not None else np.zeros_like(latent)
                self._gain_step = self.gain - gain if self._last is not None else 0.0
            self._left -= 1
            latent = latent + self._step * (self._left / self._length)
            gain += self._gain_step * (self._left / self._length)
        self._last, self.gain = latent, gain
        return latent

    def _playing(self, settings: SourceSettings) -> str:
        """Return the source that plays: the walk where the map takes over from others."""
        self._rules = settings.rules
        taken = settings.place is not None and self.selected in TAKEN_OVER and "walk" in self._sources
        taken = taken and (self.selected != "codes" or settings.rules >= LED_SINCE)
        if taken != self._taken:
            self._taken = taken
            self._bridge(JUMP_HOPS)
        return "walk" if taken else self.selected

    def state(self) -> SourceBankState:
        """Return the state."""
        return SourceBankState(
            selected=self.selected,
            sources={name: source.state() for name, source in self._sources.items()},
            last=None if self._last is None else self._last.copy(),
            step=None if self._step is None else self._step.copy(),
            length=self._length,
            left=self._left,
            taken=self._taken or None,
            gain=self.gain or None,
            gain_step=self._gain_step or None,
        )

    def restore(self, state: SourceBankState) -> None:
        """Continue from a `state`. Raises ControlError if its selected source is absent here."""
        for name, source in self._sources.items():
            if state.sources.get(name):
                source.restore(state.sources[name])
        self.check(state.selected)
        self.selected = state.selected
        self._last = None if state.last is None else state.last.astype(np.float64)
        self._step = None if state.step is None else state.step.astype(np.float64)
        self._length, self._left, self._taken = state.length, state.left, bool(state.taken)
        self.gain, self._gain_step = state.gain or 0.0, state.gain_step or 0.0
