"""Commands on notes, and fewer notes where a machine turns out too slow for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.note_commands import NoteCommands

RELIEF_SECONDS = 1.0  # between two times that fewer notes may sound: the first has to die


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
