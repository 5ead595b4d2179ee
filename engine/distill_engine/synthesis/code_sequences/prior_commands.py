"""Commands of a playing synth's prior: where its sounds begin."""

from __future__ import annotations

from collections.abc import Callable

from distill_engine.errors import ControlError
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.sources.prior_source import PriorSource
from distill_engine.system.names import printable
from distill_engine.takes.take_log import TakeLog

NO_PRIOR = "the model has no codes of its corpus, so it has no prior"
_NAMED = 3  # sounds that a refusal names


class PriorCommands:
    """Steers the `prior` source, in slot 0 and in the notes' voices, and records it.

    Args:
        mixer: whose first slot is steered.
        take: that records.
        tick: returns the time of the next hop, in ticks.
    """

    def __init__(self, mixer: Mixer, take: TakeLog, tick: Callable[[], int]) -> None:
        self._mixer, self._take, self._tick = mixer, take, tick

    def start(self, name: str) -> None:
        """Begin with the sounds of a name, now and later; with any for an empty name.

        Raises ControlError without a prior, or for a name that no sound has.
        """
        clips = self._clips(name) if name else []
        for source in self._sources():
            source.start_with(clips)
        self._take.command(self._tick(), "prior/start", {"name": name})

    def _sources(self) -> list[PriorSource]:
        voices = [self._mixer.main, *self._mixer.note_voices]
        found = [source for voice in voices if isinstance(source := voice.sources.of("prior"), PriorSource)]
        if not found:
            raise ControlError(NO_PRIOR)
        return found

    def _clips(self, name: str) -> list[int]:
        codes = self._mixer.main.instrument.codes
        if codes is None:
            raise ControlError(NO_PRIOR)
        if not (found := codes.clips_named(name)):
            some = ", ".join(printable(clip, 40) for clip in codes.clips[:_NAMED])
            raise ControlError(f"no sound of the corpus has {printable(name, 40)!r} in its name; there are {some} ...")
        return found
