"""Commands of a playing synth's prior: where its sounds begin, and what it goes on from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.prior import Context
from distill_engine.codes.prior_corpus import PriorCorpus
from distill_engine.errors import ControlError
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.sources.latent_sources import JUMP_HOPS
from distill_engine.synthesis.sources.prior_source import PriorSource
from distill_engine.system.names import printable
from distill_engine.takes.take_log import TakeLog

NO_PRIOR = "the model has no codes of its corpus, so it has no prior: `distill analyse MODEL CORPUS` makes them"
_NAMED = 3  # sounds that a refusal names


class PriorCommands:
    """Steers the `prior` source, in slot 0 and in the notes' voices, and records it.

    Args:
        mixer: whose first slot is steered.
        take: that records.
        tick: returns the time of the next hop, in ticks.
        select: lets a source play, with a fade in seconds.
    """

    def __init__(
        self, mixer: Mixer, take: TakeLog, tick: Callable[[], int], select: Callable[[str, float], None]
    ) -> None:
        self._mixer, self._take, self._tick, self._select = mixer, take, tick, select

    def start(self, name: str) -> None:
        """Begin with the sounds of a name, now and later; with any for an empty name.

        Raises ControlError without a prior, or for a name that no sound has.
        """
        sources = self._sources()
        clips = self._clips(name) if name else []
        for source in sources:
            source.start_with(clips)
        self._take.command(self._tick(), "prior/start", {"name": name})

    def place_after(self, latents: npt.NDArray[np.floating[Any]]) -> tuple[int, int, int]:
        """Return what `go_on` needs to go on from the end of latents [D, n].

        Any thread may call it. Raises ControlError without a prior, or for less than a column.
        """
        if latents.shape[1] < COLUMN_HOPS:
            raise ControlError("less than a column of sound has played yet")
        column, context = self.corpus.place_like(latents)
        return column, context.code, context.run

    def go_on(self, column: int, code: int, run: int) -> None:
        """Play the prior as after a column of the corpus, where a code has lasted for a run.

        Raises ControlError without a prior, or for a place that its corpus does not have.
        """
        shared, source = self.corpus, self._sources()[0]
        if not (0 <= column < len(shared.codes) and 0 <= code < shared.prior.end and run >= 1):
            raise ControlError(f"the prior has no column {column} or no code {code} to go on from")
        source.go_on(column, Context(code, run))
        self._take.command(self._tick(), "prior/continue", {"column": column, "code": code, "run": run})
        self._select("prior", JUMP_HOPS / self._mixer.main.instrument.frame_rate)

    @property
    def moved(self) -> int:
        """How often the prior moved on by itself, because one code had lasted for too long."""
        return sum(source.moved for source in self._found())

    @property
    def corpus(self) -> PriorCorpus:
        """What the prior plays. Raises ControlError without a prior."""
        if (shared := self._mixer.main.instrument.prior) is None:
            raise ControlError(NO_PRIOR)
        return shared

    def _sources(self) -> list[PriorSource]:
        if not (found := self._found()):
            raise ControlError(NO_PRIOR)
        return found

    def _found(self) -> list[PriorSource]:
        voices = [self._mixer.main, *self._mixer.note_voices]
        return [source for voice in voices if isinstance(source := voice.sources.of("prior"), PriorSource)]

    def _clips(self, name: str) -> list[int]:
        codes = self._mixer.main.instrument.codes
        if codes is None:
            raise ControlError(NO_PRIOR)
        if not (found := codes.clips_named(name)):
            some = ", ".join(printable(clip, 40) for clip in codes.clips[:_NAMED])
            raise ControlError(f"no sound of the corpus has {printable(name, 40)!r} in its name; there are {some} ...")
        return found
