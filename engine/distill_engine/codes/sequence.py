"""A sequence of columns: codes, and beside them what they leave out of the sound they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.codebooks import Codebooks, Codes
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.errors import CodesError

MOST_COLUMNS = 1 << 20  # of a sequence: 13 hours


@dataclass(frozen=True)
class CodeSequence:
    """Columns of codes.

    Attributes:
        codes: [levels, C].
        source: latents [D, 4 * n] less those of the codes that they came with, in sigma. In double
            precision the latents come back bit for bit. Edits share it: to copy minutes of sound
            takes longer than a hop of playing.
        places: the column [C] of `source` that each column has, -1 where codes were edited; None
            for all in their order.
    """

    codes: Codes
    source: Float32Array | Float64Array
    places: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        check_columns(self.columns)

    @property
    def columns(self) -> int:
        """Number of columns C."""
        return int(self.codes.shape[1])

    def taken(self, indices: np.ndarray) -> CodeSequence:
        """Return the columns of these indices [n], with what their codes leave out."""
        return CodeSequence(self.codes[:, indices], self.source, self._places[indices])

    def with_codes(self, codes: Codes) -> CodeSequence:
        """Return the sequence with other codes [levels, C]; changed columns lose their residual."""
        changed = (codes != self.codes).any(axis=0)
        return replace(self, codes=codes, places=np.where(changed, -1, self._places))

    def single(self) -> CodeSequence:
        """Return the sequence as it is played live, as takes and states keep it."""
        return self if self.source.dtype == np.float32 else replace(self, source=self.source.astype(np.float32))

    @property
    def _places(self) -> npt.NDArray[np.int64]:
        return np.arange(self.columns) if self.places is None else self.places

    @property
    def residual(self) -> Float32Array | Float64Array:
        """The latents [D, 4 * C] less those of the codes, in sigma; 0 where codes were edited."""
        if self.places is None:
            return self.source
        by_column = self.source.reshape(len(self.source), -1, COLUMN_HOPS)
        found = np.where(self.places[:, None] >= 0, by_column[:, self.places], self.source.dtype.type(0))
        return found.reshape(len(self.source), -1)

    def residual_of(self, column: int) -> Float32Array | Float64Array:
        """Return the residual [D, 4] of a column."""
        place = column if self.places is None else int(self.places[column])
        if place < 0:
            return np.zeros((len(self.source), COLUMN_HOPS), self.source.dtype)
        return self.source[:, COLUMN_HOPS * place : COLUMN_HOPS * (place + 1)]

    @property
    def single_residual(self) -> Float32Array:
        """Return the residual [D, 4 * C] in single precision."""
        return np.asarray(self.residual, np.float32)


def check_columns(columns: int) -> None:
    """Raise CodesError for more columns than a sequence holds."""
    if columns > MOST_COLUMNS:
        raise CodesError(f"{columns} columns are more than a sequence holds ({MOST_COLUMNS})")


def check_range(columns: tuple[int, int], count: int) -> None:
    """Raise CodesError unless a range, its end not included, lies within `count` columns."""
    first, end = columns
    if not 0 <= first < count:
        raise CodesError(f"column {first} is not there: the sequence has columns 0 to {count - 1}")
    if not first < end <= count:
        raise CodesError(
            f"columns {first} up to {end} are no range: the end is {first + 1} to {count}, and not included"
        )


def encode_sequence(books: Codebooks, latents: Float32Array) -> CodeSequence:
    """Return the columns of latents [D, T] in sigma; the last latent fills the last column."""
    filled = np.pad(latents, ((0, 0), (0, -latents.shape[1] % COLUMN_HOPS)), mode="edge")
    codes = books.encode(filled)
    return CodeSequence(codes, np.asarray(filled - books.decode(codes)))


def decode_sequence(books: Codebooks, sequence: CodeSequence) -> Float64Array:
    """Return the latents [D, 4 * C] in sigma of a sequence."""
    return np.asarray(books.decode(sequence.codes) + sequence.residual)
