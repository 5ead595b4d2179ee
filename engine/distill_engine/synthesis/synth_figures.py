"""What can be read of a synth while it plays."""

from __future__ import annotations

from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.render_loop import RenderLoop
from distill_engine.synthesis.voices.reports import Report
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.takes.take_log import TakeLog


class SynthFigures:
    """The readings of a `Synth`."""

    loop: RenderLoop
    _mixer: Mixer
    _take: TakeLog

    @property
    def instrument(self) -> Instrument:
        """The instrument in slot 0."""
        return self._mixer.main.instrument

    def instrument_at(self, slot: int) -> Instrument | None:
        """Return the instrument in a blend slot, None if it is empty."""
        blend_slot = self._mixer.slots[slot]
        return blend_slot.voice.instrument if blend_slot.voices else None

    def voices_of(self, instrument: Instrument) -> list[Voice]:
        """Return the voices of slots and notes that play an instrument, those that fade out too."""
        voices = [*self._mixer.note_voices, *(voice for slot in self._mixer.slots for voice in slot.voices)]
        return [voice for voice in voices if voice.instrument is instrument]

    @property
    def fading(self) -> bool:
        """Whether a swap is under way."""
        return self._mixer.fading

    @property
    def voices(self) -> int:
        """The number of voices that are computed, including those that fade out."""
        return self._mixer.voices

    @property
    def voices_at_once(self) -> int:
        """How many of them are computed in parallel."""
        return self._mixer.at_once

    @property
    def strain(self) -> float:
        """How far the named controls push out of the corpus's region: 0 inside, 1 at the limit."""
        return self._mixer.main.steering.strain

    @property
    def blend_space(self) -> int:
        """How the slots are blended, as an index into the vocabulary's `BLEND_SPACES`."""
        return self._mixer.space

    @property
    def recording(self) -> bool:
        """Whether a take is being recorded or waits to begin."""
        return self._take.active

    def take_reports(self) -> list[Report]:
        """Return the problems since the last call."""
        return self.loop.take_reports()
