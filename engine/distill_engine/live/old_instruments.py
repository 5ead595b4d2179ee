"""Instruments that no longer play are freed on a thread that is not the synth's."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.vocabulary.table import BLEND_SLOTS

LOOK_SECONDS = 1.0  # between two looks whether an old instrument has faded out

Played = tuple[Instrument, list[weakref.ref[Voice]]]
"""An instrument, and the voices that play it."""


class OldInstruments:
    """Holds replaced instruments until their last voice is gone, then drops them.

    The synth drops voices once they have faded out; as the instruments are held here, their
    networks stay until another thread drops these. That takes up to 10 ms, and Python's lock.

    Args:
        synth: that plays them.
        run: runs a function some time later on the thread that calls `hold`.
        brace: makes the ring full enough for the synth to wait.
    """

    def __init__(self, synth: Synth, run: Callable[[Callable[[], None]], None], brace: Callable[[], None]) -> None:
        self._synth, self._run, self._brace = synth, run, brace
        self._held: list[Played] = []

    def played(self, slot: int) -> list[Played]:
        """Return the instrument that plays in a blend slot, for `hold`; none if it is empty."""
        found = self._synth.instrument_at(slot) if 0 <= slot < BLEND_SLOTS else None
        return [] if found is None else [(found, [weakref.ref(voice) for voice in self._synth.voices_of(found)])]

    def hold(self, replaced: list[Played]) -> None:
        """Hold what is about to fade out."""
        if replaced and not self._held:
            self._look_later()
        self._held += replaced

    def _look(self) -> None:
        fading = self._synth.fading
        kept = [played for played in self._held if fading or any(voice() is not None for voice in played[1])]
        if len(kept) < len(self._held):
            self._brace()
            self._held = kept
        if self._held:
            self._look_later()

    def _look_later(self) -> None:
        timer = threading.Timer(LOOK_SECONDS, self._run, args=(self._look,))
        timer.daemon = True
        timer.start()
