"""The whole state of a synth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.blend_slot import BlendSlotState
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.synthesis.output_stage import OutputState
from distill_engine.synthesis.parameters import ParameterState
from distill_engine.synthesis.pitch.notes import NotesState
from distill_engine.synthesis.sources.beat_clock import BeatState
from distill_engine.synthesis.voices.polyphony import PolyphonyState


@dataclass(frozen=True)
class SynthState:
    """Everything that the sound depends on.

    `alignment_samples` is the delay to which all voices are aligned. `pinned` [n] are latent
    dimensions. `slots` has the slot numbers as text. `note_level` is the last value of the notes'
    level, None before the first hop; `waiting` [n] is computed sound that was not put out. `marks`
    are those that steer, None without any. `beats` is the clock of beats. `note_weight` is the last
    weight of the notes, that of slot 0; None before the first hop.
    """

    hops_done: int
    seed: int
    alignment_samples: int
    pinned: npt.NDArray[np.int64]
    parameters: ParameterState
    output: OutputState
    slots: dict[str, BlendSlotState]
    notes: NotesState | None = None
    note_level: float | None = None
    waiting: Float64Array | None = None
    polyphony: PolyphonyState | None = None
    marks: MarkPlane | None = None
    beats: BeatState | None = None
    note_weight: float | None = None
