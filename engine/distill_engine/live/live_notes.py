"""Commands on notes, and how many notes a machine can play: that is measured before they play."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from distill_engine.errors import VocoderError
from distill_engine.live.realtime_check import COMFORTABLE_FACTOR
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.note_commands import NoteCommands

MEASURED_HOPS, WARM_HOPS = 24, 6  # hops that are timed, and those before them
RELIEF_SECONDS = 1.0  # between two times that fewer notes may sound: the first has to die
FIRST_KEY, KEYS_APART = 52, 3  # MIDI note numbers of the chord that is timed


class LiveNotes:
    """The commands on notes of a synth that plays.

    Attributes:
        quick: commands by name that run on the synth thread.
    """

    def __init__(self, synth: Synth) -> None:
        keys = synth.keys
        self.quick: dict[str, Callable[..., Any]] = {
            "note": lambda key, velocity: keys.press(float(key), float(velocity)),
            "note/detune": lambda key, value: keys.express("detune", float(key), float(value)),
            "note/pressure": lambda key, value: keys.express("pressure", float(key), float(value)),
            "note/control": lambda key, name, value: keys.express("control", float(key), float(value), str(name)),
        }


class FewerNotes:
    """Lets fewer notes sound at once after underruns, at most one less a second."""

    def __init__(self, keys: NoteCommands) -> None:
        self._keys, self._after = keys, -math.inf

    def after_underrun(self, now: float) -> str:
        """Let a note less sound; return that in words, or "" where nothing changes.

        For the synth thread, after an underrun that the model caused. `now` is a time in seconds.
        """
        if now - self._after < RELIEF_SECONDS or (budget := self._keys.relieve()) is None:
            return ""
        self._after = now
        notes = "1 note" if budget < 2.0 else f"{int(budget)} notes"
        return f"; {notes} at once from now on, until /distill/voices is sent again"


def note_budget(instrument: Instrument, voices: int) -> float:
    """Return how many hops the vocoder may compute a hop, for so many notes at once.

    It plays them, apart from what sounds, and takes the lower quartile of a hop's time, because
    other programs may be busy.
    """
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(voices)
    for number in range(voices):
        synth.note(FIRST_KEY + KEYS_APART * number, 100)
    synth.render(WARM_HOPS)
    times = []
    for _ in range(MEASURED_HOPS):
        began = time.perf_counter()
        synth.render(1)
        times.append(time.perf_counter() - began)
    seconds_a_hop = float(np.percentile(times, 25)) / synth.keys.cost
    return COMFORTABLE_FACTOR / instrument.frame_rate / seconds_a_hop


def checked_budget(instrument: Instrument, voices: int) -> float:
    """Return the budget of so many notes. Raises VocoderError if it does not hold them.

    One voice needs none.
    """
    if voices == 1:
        return 1.0
    budget, name = note_budget(instrument, voices), instrument.name
    if voices > budget:
        share = COMFORTABLE_FACTOR * voices / budget
        most = int(budget)
        way = f"give at most {most}" if most > 1 else "play one note at a time"
        raise VocoderError(
            f"{voices} voices of {name} would be too much here: they take {share:.0%} of the time that there is; "
            f"{way}, or choose a cheaper vocoder"
        )
    return budget
