"""What all voices of an instrument share for its prior: the draws, and the columns it plays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import KEY_LATENTS, CorpusPath
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.columns import COLUMN_HOPS, columns_of
from distill_engine.codes.fitting import CorpusCodes, components_of
from distill_engine.codes.prior import PLAYED_STRENGTH, Context, MarkovPrior

MOST_CANDIDATES = 512  # columns that are compared for one code
MOST_MATCHED = 43  # columns (2 s) whose like is looked for in the corpus


class PriorCorpus:
    """What all voices of an instrument share: the prior, and the columns that it plays."""

    def __init__(self, corpus: CorpusCodes, path: CorpusPath) -> None:
        self.prior, self.path, self.corpus = MarkovPrior(corpus, PLAYED_STRENGTH), path, corpus
        self.components: Float32Array = np.concatenate(list(components_of(path, corpus.books)))
        self.codes = corpus.codes[0]
        lengths = np.diff(corpus.offsets)
        self.clip_of = np.repeat(np.arange(len(lengths)), lengths)
        within = np.arange(len(self.clip_of)) - corpus.offsets[self.clip_of]
        self.frames = path.offsets[self.clip_of] + COLUMN_HOPS * within  # first frame of each column
        self.hops = np.minimum(path.offsets[1:][self.clip_of] - self.frames, COLUMN_HOPS)
        keys = path.latents[:KEY_LATENTS, np.minimum(self.frames + 1, path.frames - 1)]
        self.keys: Float32Array = keys.T.astype(np.float32)  # [columns, 16], near the middle of each
        self._of_code = [self._spread_out(np.flatnonzero(self.codes == code)) for code in range(corpus.books.size)]
        self.starts = corpus.offsets[:-1]
        self.anywhere = self._spread_out(np.arange(len(self.codes)))

    @staticmethod
    def _spread_out(columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if len(columns) <= MOST_CANDIDATES:
            return columns
        return columns[np.linspace(0, len(columns) - 1, MOST_CANDIDATES).round().astype(np.int64)]

    def follows(self, column: int) -> int:
        """Return the column after one in its clip, -1 at its end."""
        after = column + 1
        return after if after < len(self.codes) and self.clip_of[after] == self.clip_of[column] else -1

    def place_in_clip(self, column: int) -> tuple[int, int]:
        """Return how many columns of its clip have played with a column, and how many it has."""
        first, end = self.corpus.offsets[self.clip_of[column] :][:2]
        return int(column + 1 - first), int(end - first)

    def before(self, column: int) -> Float64Array:
        """Return the latents [D, n] that the corpus has before a column."""
        return self.path.before(int(self.frames[column]), int(self.clip_of[column]))

    def at_once(self, column: int) -> int:
        """Return the first column with sound where one is the silence before a clip."""
        first, end = self.corpus.offsets[self.clip_of[column] :][:2]
        return int(min(max(column, first + self.path.lead // COLUMN_HOPS), end - 1))

    def candidates(self, code: int) -> npt.NDArray[np.int64]:
        """Return columns [n] that have a code; all starts of clips if none has."""
        found = self._of_code[code]
        return found if len(found) else self.starts

    def place_like(self, latents: npt.NDArray[np.floating[Any]]) -> tuple[int, Context]:
        """Return the column most like the end of latents [D, n], and the context that they leave.

        What came before counts too, the less the earlier it was. `n` is at least a column.
        """
        books, count = self.corpus.books, min(latents.shape[1] // COLUMN_HOPS, MOST_MATCHED)
        columns = columns_of(latents[:, latents.shape[1] - COLUMN_HOPS * count :], books.spread)
        heard, context = books.projection.down(columns), Context()
        for code in books.encode_columns(columns)[0].tolist():
            context = context.after(code)
        every, first = np.arange(len(self.codes)), self.corpus.offsets[self.clip_of]
        cost = np.zeros(len(every))
        for back in range(count):
            apart = np.square(self.components - heard[-1 - back]).sum(axis=1)
            cost += apart[np.maximum(every - back, first)] / (1 + back)
        return int(np.argmin(cost)), Context(context.code, min(context.run, int(self.prior.longest[context.code])))
