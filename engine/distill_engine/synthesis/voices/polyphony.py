"""Several notes at once: which voice plays which key, within a budget of computing time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from distill_engine.errors import ControlError
from distill_engine.synthesis.pitch.notes import Notes
from distill_engine.synthesis.voices.note_voice import NoteVoice, NoteVoiceState
from distill_engine.synthesis.voices.voice import Voice

UNLIMITED = 1e9  # hops: a budget that no notes reach


@dataclass(frozen=True)
class PolyphonyState:
    """The state of a `Polyphony`: of its notes, its budget in hops, and the notes played so far."""

    notes: tuple[NoteVoiceState, ...]
    budget: float
    order: int


class Polyphony:
    """The note voices of one instrument.

    A new key takes a silent voice. Where none is silent, or the sounding ones cost the `budget`, it
    takes the voice of the quietest released note, else of the oldest: that note fades for a hop. A
    note costs a hop of the vocoder, and more where it is transposed up; the budget is in hops.
    """

    def __init__(self, hop: int, voices: Sequence[Voice], budget: float = UNLIMITED) -> None:
        self.notes = [NoteVoice(hop, voice) for voice in voices]
        self.budget = budget
        self._order = 0

    @property
    def sounding(self) -> list[NoteVoice]:
        """The voices that are computed at this hop."""
        return [note for note in self.notes if note.sounding]

    @property
    def exchanging(self) -> bool:
        """Whether notes are about to go on with other voices."""
        return any(note.exchanging for note in self.notes)

    @property
    def cost(self) -> float:
        """The hops of the vocoder that the voices in use take a hop."""
        return sum(max(1.0, note.ratio) for note in self.notes if note.busy)

    def press(self, key: float, velocity: float) -> None:
        """Play a key (MIDI note number), or let it go with velocity 0. Raises ControlError."""
        Notes.check(key, velocity)
        if velocity <= 0:
            for note in self._of(key):
                note.release()
            return
        self._order += 1
        same = self._of(key)
        (same[0] if same else self._free() or self._stolen()).press(key, velocity, self._order)

    def _of(self, key: float) -> list[NoteVoice]:
        """Return the voices that play a key or are about to."""
        return [note for note in self.notes if note.busy and note.pressed_key == key]

    def _free(self) -> NoteVoice | None:
        """Return a silent voice, None if there is none or the budget is spent."""
        silent = [note for note in self.notes if not note.busy]
        return silent[0] if silent and (self.cost + 1.0 <= self.budget or len(silent) == len(self.notes)) else None

    def _stolen(self) -> NoteVoice:
        return _least([note for note in self.notes if note.busy])

    def end_one(self) -> None:
        """End the note whose voice a new key would take."""
        if sounding := [note for note in self.notes if note.held or note.level > 0.0]:
            _least(sounding).end()

    def free(self) -> None:
        """Let all keys go: they die in their release time."""
        for note in self.notes:
            note.drop()

    def express(self, name: str, key: float, value: float, control: int | None = None) -> None:
        """Set a note's own detune, pressure or control (see `NoteVoice`). Raises ControlError."""
        found = self._of(key)
        if not found:
            raise ControlError(f"no note sounds at key {key:g}")
        for note in found:
            note.express(name, value, control)

    def exchange(self, voices: Sequence[Voice]) -> None:
        """Let each note go on with another voice, which may be of another model."""
        for note, voice in zip(self.notes, voices, strict=True):
            note.exchange(voice)

    def advance(self, release_seconds: float, frame_rate: float, *, hold: bool) -> None:
        """Move all levels by one hop. With `hold` notes sound on after their keys were let go."""
        for note in self.notes:
            note.advance(release_seconds, frame_rate, hold=hold)

    def settle(self) -> None:
        """Complete what fades at once. For use while the output is silent."""
        for note in self.notes:
            note.settle()

    def state(self) -> PolyphonyState:
        """Return the state."""
        return PolyphonyState(tuple(note.state() for note in self.notes), self.budget, self._order)

    def restore(self, state: PolyphonyState, *, networks: bool) -> None:
        """Continue from a `state` of as many notes. Raises ControlError."""
        if not state.budget > 0:
            raise ControlError("a budget of notes is above 0")
        self.budget, self._order = state.budget, state.order
        for note, its_state in zip(self.notes, state.notes, strict=True):
            note.restore(its_state, networks=networks)


def _least(notes: Sequence[NoteVoice]) -> NoteVoice:
    """Return the quietest of the released notes, else the oldest."""
    released = [note for note in notes if not note.held]
    return min(released, key=lambda note: note.level) if released else min(notes, key=lambda note: note.order)
