"""Voices of one instrument: made on demand, one of them in advance, so that a swap is quick."""

from __future__ import annotations

from distill_engine.synthesis.crossfade import DelayLine
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.voice import Voice


class VoicePool:
    """Makes voices of `instrument` and owns those that stand ready."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._ready: list[Voice] = []

    def prepare(self, block: int = 1) -> VoicePool:
        """Leave one voice ready for blocks of `block` hops; return the pool itself."""
        voice = self._new_voice()
        voice.warm(block)
        self._ready[:] = [voice]
        return self

    def voice(self, seed: int, selected: str = "drift", *, pad: int = 0) -> Voice:
        """Return a voice with warmed-up states, delayed by `pad` samples: at once if one stands ready.

        Raises ControlError if the instrument has no source `selected`.
        """
        voice = self._ready.pop() if self._ready else self._new_voice()
        voice.sources = self.instrument.sources(seed, selected)
        voice.steering = self.instrument.steering(seed)
        voice.line = DelayLine(pad)
        return voice

    def _new_voice(self) -> Voice:
        one = self.instrument
        return Voice(
            instrument=one,
            sources=one.sources(0),
            decoder=one.decoder(),
            vocoder=one.vocoder_stream(),
            steering=one.steering(0),
        )


def voices_of(source: Instrument | VoicePool) -> VoicePool:
    """Return the pool itself, or a new one for an instrument."""
    return source if isinstance(source, VoicePool) else VoicePool(source)
