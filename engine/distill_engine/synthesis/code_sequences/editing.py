"""Commands of a playing synth's code sequences: replace, set, copy, undo, loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.codes.edits import paste, set_codes
from distill_engine.codes.sequence import CodeSequence
from distill_engine.errors import CodesError, ControlError
from distill_engine.synthesis.code_sequences.instrument_codes import InstrumentCodes
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.sources.codes_source import CodesSource
from distill_engine.takes.take_log import TakeLog

MOST_UNDONE = 32  # changes that can be taken back
MOST_UNDONE_BYTES = 256 << 20  # of the sequences that are kept for it: those of many minutes are fewer
NO_CODES = "the model has no codes: `distill codes fit MODEL CORPUS` makes them"


class CodeEditing:
    """Changes what the `codes` source plays, in slot 0 and in the notes' voices, and records it.

    Args:
        mixer: whose first slot is edited.
        take: that records.
        tick: returns the time of the next hop, in ticks.
    """

    def __init__(self, mixer: Mixer, take: TakeLog, tick: Callable[[], int]) -> None:
        self._mixer, self._take, self._tick = mixer, take, tick
        self._earlier: list[CodeSequence] = []
        self._earlier_of: InstrumentCodes | None = None  # the codes that they are of

    @property
    def codes(self) -> InstrumentCodes:
        """The codes of the model in slot 0. Raises ControlError if it has none."""
        codes = self._mixer.main.instrument.codes
        if codes is None:
            raise ControlError(NO_CODES)
        return codes

    @property
    def sequence(self) -> CodeSequence:
        """What the source plays. Raises ControlError without codes."""
        return self._source().sequence

    def _source(self) -> CodesSource:
        source = self._mixer.main.sources.of("codes")
        if not isinstance(source, CodesSource):
            raise ControlError(NO_CODES)
        return source

    def _sources(self) -> list[CodesSource]:
        """Return slot 0's source and those of the notes. Raises ControlError without codes."""
        notes = [voice.sources.of("codes") for voice in self._mixer.note_voices]
        return [self._source(), *(source for source in notes if isinstance(source, CodesSource))]

    def replace(self, sequence: CodeSequence) -> None:
        """Play another sequence from its beginning. Raises ControlError if it does not fit."""
        first, *others = self._sources()
        self._check(sequence)
        self._remember(first)
        first.replace(sequence)
        for source in others:
            source.replace(first.sequence)
        self._record(sequence)

    def set(self, level: int, column: int, code: int) -> None:
        """Set one code. Raises ControlError for a place or code that is not there."""
        self._change(lambda sequence: set_codes(sequence, self.codes.books, level, (column, column + 1), code))
        self._take.command(self._tick(), "codes/set", {"level": level, "column": column, "code": code})

    def copy(self, first: int, until: int, to: int) -> None:
        """Copy columns over others. Raises ControlError for a range that is not there."""
        self._change(lambda sequence: paste(sequence, (first, until), to))
        self._take.command(self._tick(), "codes/copy", {"first": first, "until": until, "to": to})

    def loop(self, first: int, until: int) -> None:
        """Play columns `first` up to `until`, not included. Raises ControlError."""
        main, *others = self._sources()
        main.loop(first, until)
        for source in others:
            if source.sequence is not main.sequence:
                source.change(main.sequence)
            source.loop(first, until)
        self._take.command(self._tick(), "codes/loop", {"first": first, "until": until})

    def undo(self) -> None:
        """Take the last change back. Raises ControlError if there is none."""
        self._source()
        self._forget_others()
        if not self._earlier:
            raise ControlError("there is no change of the codes to take back")
        sequence = self._earlier.pop()
        self._play_on(sequence)
        self._record(sequence, going_on=True)

    def go_on_with(self, sequence: CodeSequence) -> None:
        """Play an edited sequence on from where it is, as a take says. Raises ControlError."""
        self._check(sequence)
        self._play_on(sequence)

    def _record(self, sequence: CodeSequence, *, going_on: bool = False) -> None:
        if self._take.active:  # else its residual would be put together for nothing
            self._take.codes(self._tick(), sequence.codes, sequence.single_residual, going_on=going_on)

    def _play_on(self, sequence: CodeSequence) -> None:
        first, *others = self._sources()
        first.change(sequence)
        for source in others:
            source.change(first.sequence)  # one copy for all

    def heard(self, seconds: float) -> Float32Array:
        """Return the latents [D, n] that slot 0 played last, at most `seconds` of them.

        Raises ControlError if nothing has played.
        """
        latents = self._mixer.heard.last(self._mixer.main, seconds)
        if not latents:
            raise ControlError("nothing has played yet")
        return np.stack(latents, axis=1).astype(np.float32)

    def _check(self, sequence: CodeSequence) -> None:
        """Raise ControlError for a sequence of other books, or without columns."""
        try:
            self.codes.books.check(sequence.codes, "the sequence")
        except CodesError as error:
            raise ControlError(str(error)) from None
        if not sequence.columns:
            raise ControlError("a sequence of codes needs at least one column")
        if len(sequence.source) != len(self.codes.books.spread):
            raise ControlError(f"the sequence has latents of {len(sequence.source)} dimensions: of another model")

    def _change(self, edit: Callable[[CodeSequence], CodeSequence]) -> None:
        source = self._source()
        try:
            edited = edit(source.sequence)
        except CodesError as error:
            raise ControlError(str(error)) from None
        self._remember(source)
        self._play_on(edited)

    def _forget_others(self) -> None:
        """Forget changes to sequences of a model that slot 0 no longer plays."""
        if self._earlier_of is None or not self._earlier_of.same_books(self.codes):
            self._earlier = []
        self._earlier_of = self.codes

    def _remember(self, source: CodesSource) -> None:
        self._forget_others()
        kept = [*self._earlier[1 - MOST_UNDONE :], source.sequence]
        while len(kept) > 1 and _size(kept) > MOST_UNDONE_BYTES:
            kept.pop(0)
        self._earlier = kept


def _size(sequences: list[CodeSequence]) -> int:
    """Return the bytes of sequences. Edits share what codes leave out."""
    arrays = [array for sequence in sequences for array in (sequence.codes, sequence.source)]
    return sum({id(array): array.nbytes for array in arrays}.values())
