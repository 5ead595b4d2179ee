"""Commands on notes, and what notes may cost beside the models that play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from distill_engine.live.realtime_check import note_budget
from distill_engine.synthesis.synth import Synth


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


def budget_beside(synth: Synth, factors: Mapping[int, float]) -> float:
    """Return how many hops the notes of slot 0 may cost beside what plays in the others.

    `factors` are those of the slots (see `Fit`).
    """
    host = synth.instrument
    beside = [
        factor
        for slot, factor in factors.items()
        if slot and (there := synth.instrument_at(slot)) is not None and not there.shares(host)
    ]
    return note_budget(factors[0], sum(beside))
