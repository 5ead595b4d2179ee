"""Commands on notes: keys, what each note does by itself, how many sound at once."""

from __future__ import annotations

from collections.abc import Callable

from distill_engine.errors import ControlError
from distill_engine.synthesis.control_names import control_index
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.pitch.notes import Notes
from distill_engine.synthesis.voices.polyphony import UNLIMITED, Polyphony, PolyphonyState
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.takes.take_log import TakeLog
from distill_engine.vocabulary.table import MOST_VOICES


class NoteCommands:
    """Plays notes on a synth's voices, and records it.

    Args:
        hop: length of a hop in samples.
        mixer: whose voices play.
        notes: the keys that are held, for all but the notes of a polyphony.
        take: that records.
        tick: returns the time of the next hop, in ticks.
        new_voices: makes voices of the instrument in slot 0 for so many notes.
    """

    def __init__(
        self,
        hop: int,
        mixer: Mixer,
        notes: Notes,
        take: TakeLog,
        tick: Callable[[], int],
        new_voices: Callable[[int], list[Voice]],
    ) -> None:
        self._hop, self._mixer, self._notes = hop, mixer, notes
        self._take, self._tick, self._new_voices = take, tick, new_voices

    @property
    def count(self) -> int:
        """The number of notes that may sound at once."""
        return max(1, len(self._mixer.note_voices))

    @property
    def cost(self) -> float:
        """The hops of the vocoder that the notes which sound took at the last hop, at least 1."""
        polyphony = self._mixer.polyphony
        return 1.0 if polyphony is None else max(1.0, polyphony.cost)

    def press(self, key: float, velocity: float) -> None:
        """Press a key (MIDI note number), or let it go with velocity 0. Raises ControlError."""
        if self._notes.change(key, velocity):
            for voice in self._mixer.playing:
                voice.sources.strike()
        if velocity > 0:  # a key transposes each voice by the pitch of its own place
            self._mixer.detach_guests(1, lambda guest: guest.latent_guest)
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.press(key, velocity)
        self._take.command(self._tick(), "note", {"key": key, "velocity": velocity})

    def express(self, name: str, key: float, value: float, control: str = "") -> None:
        """Set the own detune, pressure or control of the note at a key. Raises ControlError."""
        if self._mixer.polyphony is None:
            raise ControlError("notes have expressions of their own with /distill/voices 2 or more")
        index = control_index(self._mixer.main.instrument, control) if name == "control" else None
        self._mixer.polyphony.express(name, key, value, index)
        arguments = {"name": name, "key": key, "value": value, "control": control}
        self._take.command(self._tick(), "express", arguments)

    def set_voices(self, count: int, budget: float = UNLIMITED) -> None:
        """Play up to `count` notes at once, within `budget` hops of the vocoder a hop; 1 is mono.

        Notes that sound fade in a hop. Raises ControlError for an impossible number.
        """
        if not 1 <= count <= MOST_VOICES:
            raise ControlError(f"{count} voices: give 1 to {MOST_VOICES}")
        voices = self._new_voices(count) if count > 1 else []
        for voice in voices:
            voice.sources.begin_like(self._mixer.main.sources)
        self._mixer.play_notes_on(Polyphony(self._hop, voices, budget) if voices else None)
        self._take.command(self._tick(), "voices", {"count": count, "budget": budget})

    def set_budget(self, budget: float) -> None:
        """Let the notes cost up to `budget` hops of the vocoder a hop."""
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.budget = budget
            self._take.command(self._tick(), "budget", {"budget": budget})

    def relieve(self) -> float | None:
        """Let the notes cost a hop less than before, and return what they may cost then.

        None where one note sounds.
        """
        polyphony = self._mixer.polyphony
        if polyphony is None or (budget := min(polyphony.budget, self.cost) - 1.0) < 1.0:
            return None
        self.relieve_to(budget)
        return budget

    def relieve_to(self, budget: float) -> None:
        """Let the notes cost up to `budget` hops a hop; end a released one, else the oldest.

        It ends under the pedal too.
        """
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.budget = budget
            self._mixer.polyphony.end_one()
            self._take.command(self._tick(), "relieve", {"budget": budget})

    def exchange(self) -> None:
        """Let the notes go on with the instrument that is in slot 0 now."""
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.exchange(self._new_voices(len(self._mixer.polyphony.notes)))

    def free(self) -> None:
        """Forget all keys from the next hop on: the instrument plays by itself."""
        self._notes.free()
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.free()

    def state(self) -> PolyphonyState | None:
        """Return the state of the notes that sound at once, None in mono."""
        return None if self._mixer.polyphony is None else self._mixer.polyphony.state()

    def restore(self, state: PolyphonyState | None, *, networks: bool) -> None:
        """Continue from a `state`. Raises ControlError."""
        count = 1 if state is None else len(state.notes)
        if count != self.count:
            self.set_voices(count)
        if state is not None and self._mixer.polyphony is not None:
            self._mixer.polyphony.restore(state, networks=networks)
