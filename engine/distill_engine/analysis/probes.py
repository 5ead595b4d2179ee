"""Listening to a model: latents are held for half a second each, synthesised in long batches, and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features import FEATURES, HOP, extract, summarise
from distill_engine.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]
Synthesise = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]

LEAD, MEASURED, TAIL = 24, 16, 4
"""Hops of one held probe: what came before dies away, what is measured, what the analysis window needs after it."""
_BATCH_HOPS = 2048


@dataclass(frozen=True)
class AnalysisProgress:
    """A step of the analysis: `stage` in words, `done` of `total` parts of it."""

    stage: str
    done: int
    total: int


Progress = Callable[[AnalysisProgress], None]


@dataclass
class Prober:
    """Synthesises and measures, and counts the seconds of sound made.

    `synthesise` takes latents [D, T] at the mel rate in sigma units and gives T * 512 samples.
    """

    synthesise: Synthesise
    progress: Progress
    seconds: float = field(default=0.0, init=False)

    def held(self, latents: FloatArray, stage: str) -> FloatArray:
        """Features [N, features] of latents [D, N], each held for a probe's length, in this order."""
        length = LEAD + MEASURED + TAIL
        per_batch = max(1, _BATCH_HOPS // length)
        rows = []
        for start in range(0, latents.shape[1], per_batch):
            part = latents[:, start : start + per_batch]
            track = extract(self._sound(np.repeat(part, length, axis=1)))
            for index in range(part.shape[1]):
                begin = index * length + LEAD
                rows.append(summarise(track, begin, begin + MEASURED))
            self.progress(AnalysisProgress(stage, min(start + per_batch, latents.shape[1]), latents.shape[1]))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def moving(self, trajectories: Sequence[FloatArray], stage: str) -> FloatArray:
        """Features [N, features] of whole trajectories [D, T] each, after the first `LEAD` hops."""
        rows = []
        for batch in _batches(trajectories):
            track = extract(self._sound(np.concatenate([trajectories[i] for i in batch], axis=1)))
            position = 0
            for i in batch:
                length = trajectories[i].shape[1]
                rows.append(summarise(track, position + LEAD, position + length - TAIL))
                position += length
            self.progress(AnalysisProgress(stage, len(rows), len(trajectories)))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def _sound(self, latents: FloatArray) -> npt.NDArray[np.float32]:
        samples = np.asarray(self.synthesise(latents.astype(np.float32)), np.float32)
        expected = latents.shape[1] * HOP
        if samples.shape != (expected,):
            raise AnalysisError(f"synthesis gave samples of shape {samples.shape} where {expected} were due")
        if not np.isfinite(samples).all():
            raise AnalysisError("the model synthesises NaN or infinite samples: train it again")
        self.seconds += expected / 44100
        return samples


def _batches(trajectories: Sequence[FloatArray]) -> Iterator[list[int]]:
    """Indices in order, in batches of about `_BATCH_HOPS` hops."""
    batch: list[int] = []
    for index in range(len(trajectories)):
        batch.append(index)
        if sum(trajectories[i].shape[1] for i in batch) >= _BATCH_HOPS:
            yield batch
            batch = []
    if batch:
        yield batch
