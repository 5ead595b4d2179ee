"""The `codes` source: a sequence of codes as a loop or once, with levels let in and moved.

What plays is the sequence itself, with what its codes leave out, as long as every level is let in
fully and none is shifted; else the codes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import COLUMN_HOPS, latents_of
from distill_engine.codes.sequence import CodeSequence
from distill_engine.errors import ControlError
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import JUMP_HOPS, CodeSettings, Latent, SourceSettings


@dataclass(frozen=True)
class CodesState:
    """The state of a `CodesSource`.

    `codes` [levels, C] and `residual` [D, 4 * C] have no columns while the first sequence plays.
    `at` is in hops; `first` and `end` are the loop's columns; `seen` is the position parameter last
    seen. `ended` is true once a sequence that plays once is over, `jumped` where the next hop does
    not follow from the last.
    """

    codes: npt.NDArray[np.int16]
    residual: Float32Array
    at: float
    first: int
    end: int
    seen: float | None
    ended: bool
    jumped: bool | None = None


class CodesSource:
    """Plays `sequence`, the instrument's own first one until another is given.

    Args:
        books: of the model.
        sequence: what plays first.
        rest: the latent [D] of silence, in sigma, after a sequence that plays once.
    """

    def __init__(self, books: Codebooks, sequence: CodeSequence, rest: Latent) -> None:
        self._books, self._own, self._rest = books, sequence.single(), rest
        self.replace(self._own)
        self._seen: float | None = None

    @property
    def sequence(self) -> CodeSequence:
        """What plays."""
        return self._sequence

    def replace(self, sequence: CodeSequence) -> None:
        """Play another sequence from its beginning. Raises ControlError for an empty one."""
        if not sequence.columns:
            raise ControlError("a sequence of codes needs at least one column")
        self._sequence = sequence.single()
        self._first, self._end, self._at = 0, sequence.columns, 0.0
        self._ended, self._jumped, self._column = False, True, (-1, CodeSettings())

    def begin_like(self, other: CodesSource) -> None:
        """Play the sequence and the loop of another source of these codes, from their beginning."""
        self.replace(other.sequence)
        self._first, self._end = other._first, other._end
        self._at = float(COLUMN_HOPS * self._first)

    def change(self, sequence: CodeSequence) -> None:
        """Play an edited sequence on from where it is; the loop is cut to what is there."""
        first, end, at = self._first, self._end, self._at
        whole = end == self._sequence.columns
        self._sequence, self._column = sequence.single(), (-1, CodeSettings())
        self._first = min(first, sequence.columns - 1)
        self._end = sequence.columns if whole else max(self._first + 1, min(end, sequence.columns))
        self._at = min(at, COLUMN_HOPS * self._end - 1.0)

    def loop(self, first: int, end: int) -> None:
        """Play the columns from `first` up to `end`, not included. Raises ControlError."""
        if not 0 <= first < end <= self._sequence.columns:
            raise ControlError(f"a loop from {first} to {end}: the sequence has columns 0 to {self._sequence.columns}")
        self._first, self._end = first, end
        if not COLUMN_HOPS * first <= self._at < COLUMN_HOPS * end:
            self._at, self._jumped = float(COLUMN_HOPS * first), True

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        codes = settings.codes
        if self._seen is None or codes.position != self._seen:
            moved = self._seen is not None or codes.position > 0
            self._seen, self._ended = codes.position, False
            if moved:
                self._at = COLUMN_HOPS * self._first + codes.position * (COLUMN_HOPS * (self._end - self._first) - 1)
                self._jumped = True
        elif not settings.freeze and not self._jumped:
            self._advance(codes, settings.tempo)
        fade, self._jumped = JUMP_HOPS * self._jumped, False
        return (self._rest if self._ended else self._latent(codes)), fade

    def _advance(self, codes: CodeSettings, tempo: float) -> None:
        low, high = float(COLUMN_HOPS * self._first), float(COLUMN_HOPS * self._end)
        self._at += codes.rate * (tempo / 120.0 if tempo > 0 else 1.0)
        if low <= self._at < high:
            return
        if codes.repeat:
            wrapped = low + (self._at - low) % (high - low)  # just below `low` it rounds to `high`
            self._at, self._jumped = wrapped if wrapped < high else low, True
        else:
            self._at, self._jumped = min(max(self._at, low), high - 1.0), not self._ended
            self._ended = True

    def _latent(self, codes: CodeSettings) -> Latent:
        """Return the latent [D] at the present place."""
        hop = int(self._at)
        column, within = divmod(hop, COLUMN_HOPS)
        key = (column, codes)
        if self._column != key:
            self._column, self._latents = key, self._decoded(column, codes)
        latent: Latent = self._latents[:, within]
        return latent

    def _decoded(self, column: int, codes: CodeSettings) -> npt.NDArray[np.float64]:
        """Return the latents [D, 4] of a column."""
        books, levels = self._books, slice(0, self._books.levels)
        shifts = np.rint(codes.shifts[levels]).astype(np.int64)
        moved = np.clip(self._sequence.codes[:, column] + shifts, 0, books.size - 1)
        components = books.components(moved[:, None], codes.levels[levels])
        latents = latents_of(books.projection.up(components), books.spread)
        share = 0.0 if shifts.any() else float(np.prod(codes.levels[levels]))
        return np.asarray(latents + share * self._sequence.residual_of(column))

    def restart(self) -> None:
        self._at, self._seen, self._ended, self._jumped = float(COLUMN_HOPS * self._first), None, False, True

    def state(self) -> StateDict:
        own = self._sequence is self._own
        columns = 0 if own else self._sequence.columns
        return to_arrays(
            CodesState(
                self._sequence.codes[:, :columns].astype(np.int16),
                self._sequence.single_residual[:, : COLUMN_HOPS * columns],
                self._at,
                self._first,
                self._end,
                self._seen,
                self._ended,
                self._jumped,
            )
        )

    def restore(self, state: StateDict) -> None:
        read = from_arrays(CodesState, state)
        self.replace(self._stored(read))
        columns = self._sequence.columns
        self._first = min(max(read.first, 0), columns - 1)
        self._end = min(max(read.end, self._first + 1), columns)
        self._at = min(max(read.at, 0.0), COLUMN_HOPS * columns - 1.0)
        self._seen, self._ended, self._jumped = read.seen, bool(read.ended), bool(read.jumped)

    def _stored(self, read: CodesState) -> CodeSequence:
        """Return a state's sequence; that of another model, or none, is the instrument's own."""
        codes, residual = read.codes.astype(np.int64), read.residual.astype(np.float32)
        columns = codes.shape[1] if codes.ndim == 2 else 0
        fits = columns and codes.shape[0] == self._books.levels and 0 <= codes.min() <= codes.max() < self._books.size
        fits = fits and residual.shape == (len(self._rest), COLUMN_HOPS * columns)
        return CodeSequence(codes, residual) if fits else self._own
