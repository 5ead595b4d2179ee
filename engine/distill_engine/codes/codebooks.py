"""The codebooks of a model: columns to codes, and back. Numpy only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.columns import COLUMN_HOPS, Projection, columns_of, latents_of
from distill_engine.codes.residual_kmeans import encoded
from distill_engine.codes.sizes import COMPONENTS, LEVELS, MOST_BEAM, SIZES
from distill_engine.errors import CodesError

Codes = npt.NDArray[np.int64]
LEVEL_NAMES = {
    2: ("Structure", "Detail"),
    3: ("Structure", "Timbre", "Detail"),
    4: ("Structure", "Timbre", "Detail", "Residue"),
}
DAMAGED = "the model's codes are damaged: run `distill codes fit` again"


@dataclass(frozen=True)
class Codebooks:
    """The codebooks of a skeleton.

    Attributes:
        projection: of columns to the K components in which codes are found.
        books: entries [levels, size, K] of each level, neighbours alike.
        spread: nats per unit of each latent [D], the skeleton's own.
        beam: sums of entries that the search for a column's codes keeps at each level.
    """

    projection: Projection
    books: Float32Array
    spread: Float32Array
    beam: int = 1

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.books)

    @property
    def size(self) -> int:
        """Number of codes of a level."""
        return int(self.books.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each level."""
        return LEVEL_NAMES[self.levels]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the arrays as a file holds them: codes belong to it."""
        arrays = self.to_arrays()
        return hashlib.sha256(b"".join(arrays[name].tobytes() for name in ("mean", "basis", "books"))).hexdigest()

    def encode(self, latents: npt.NDArray[np.floating[Any]]) -> Codes:
        """Return the codes [levels, C] of latents [D, T] in sigma; C is T / 4, rounded up."""
        return self.encode_columns(columns_of(latents, self.spread))

    def encode_columns(self, columns: Float64Array) -> Codes:
        """Return the codes [levels, C] of columns [4 * D, C] in nats."""
        return encoded(self.projection.down(columns), self.books, self.beam)

    def components(self, codes: Codes, shares: Sequence[float] | None = None) -> Float32Array:
        """Return components [C, K] of codes [levels, C]; `shares` [levels] are 0 to 1."""
        total = np.zeros((codes.shape[1], self.books.shape[2]), np.float32)
        for level, book in enumerate(self.books):
            share = 1.0 if shares is None else shares[level]
            if share:
                total += np.float32(share) * book[codes[level]]
        return total

    def decode(self, codes: Codes, shares: Sequence[float] | None = None) -> Float64Array:
        """Return the latents [D, 4 * C] in sigma of codes [levels, C]; see `components`."""
        return latents_of(self.projection.up(self.components(codes, shares)), self.spread)

    def check(self, codes: npt.NDArray[Any], where: str) -> Codes:
        """Return codes [levels, C] as integers. Raises CodesError, beginning with `where`."""
        if codes.ndim != 2 or codes.shape[0] != self.levels:
            levels = codes.shape[0] if codes.ndim == 2 else "no"
            raise CodesError(f"{where} has {levels} levels of codes, the model {self.levels}: encode the sound again")
        if codes.dtype.kind not in "iu" or (codes.size and not (codes.min() >= 0 and codes.max() < self.size)):
            raise CodesError(f"{where} holds codes outside 0 to {self.size - 1}: encode the sound again")
        return codes.astype(np.int64)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the part "codes": mean [4 D], basis [4 D, K], books [levels, size, K], beam."""
        arrays = {"mean": self.projection.mean, "basis": self.projection.basis, "books": self.books}
        beam = {"beam": np.array(self.beam, np.uint8)} if self.beam > 1 else {}
        return {name: array.astype(np.float16) for name, array in arrays.items()} | beam

    @staticmethod
    def from_part(arrays: Mapping[str, npt.NDArray[Any]], spread: Float32Array) -> Codebooks:
        """Return the codebooks from the arrays of `to_arrays`. Raises CodesError."""
        try:
            mean, basis, books = (np.asarray(arrays[name], np.float32) for name in ("mean", "basis", "books"))
            beam = int(np.asarray(arrays.get("beam", 1)).item())
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CodesError(DAMAGED) from error
        length = COLUMN_HOPS * len(spread)
        fits = mean.shape == (length,) and basis.ndim == 2 and basis.shape[0] == length and books.ndim == 3
        fits = fits and 0 < basis.shape[1] <= COMPONENTS and books.shape[2] == basis.shape[1]
        fits = fits and books.shape[0] in LEVELS and books.shape[1] in SIZES and 1 <= beam <= MOST_BEAM
        if not (fits and all(np.isfinite(array).all() for array in (mean, basis, books))):
            raise CodesError(DAMAGED)
        return Codebooks(Projection(mean, basis), books, spread, beam)
