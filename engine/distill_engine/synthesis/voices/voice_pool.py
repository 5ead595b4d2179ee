"""Voices of one instrument, made on demand, or in advance so that a swap is quick."""

from __future__ import annotations

from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.voices.crossfade import DelayLine
from distill_engine.synthesis.voices.priming import Primed
from distill_engine.synthesis.voices.voice import Voice


class VoicePool:
    """Makes voices of `instrument` and keeps those that are ready."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._ready: list[Voice] = []
        self._primed: Primed | None = None  # that of the first voice, for all

    def prepare(self, block: int = 1, count: int = 1) -> VoicePool:
        """Make `count` voices ready for blocks of `block` hops; return the pool itself."""
        while len(self._ready) < count:
            voice = self._new_voice()
            voice.warm(block)
            self._ready.append(voice)
        return self

    def voice(self, seed: int, selected: str = "drift", *, pad: int = 0) -> Voice:
        """Return a voice with primed networks, delayed by `pad` samples: at once if one is ready.

        Raises ControlError if the instrument has no source `selected`.
        """
        voice = self._ready.pop() if self._ready else self._new_voice()
        voice.sources = self.instrument.sources(seed, selected)
        voice.steering = self.instrument.steering(seed)
        voice.line = DelayLine(pad)
        return voice

    def _new_voice(self) -> Voice:
        instrument = self.instrument
        voice = Voice(
            instrument=instrument,
            sources=instrument.sources(0),
            decoder=instrument.decoder(),
            vocoder=instrument.vocoder_stream(),
            steering=instrument.steering(0),
            given=self._primed,
        )
        self._primed = voice.primed
        return voice


def voices_of(source: Instrument | VoicePool) -> VoicePool:
    """Return the pool itself, or a new one for an instrument."""
    return source if isinstance(source, VoicePool) else VoicePool(source)
