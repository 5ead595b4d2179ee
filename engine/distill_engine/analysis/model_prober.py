"""Listening to a model: latents are held for three quarters of a second each, synthesised in long batches, and measured.

Batches know nothing of each other: what is heard does not depend on how many are made at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features.table import FEATURES, HOP, FeatureTrack, extract, summarise
from distill_engine.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]
Synthesise = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
Batch = TypeVar("Batch")

LEAD, MEASURED, TAIL = 40, 20, 4
"""Hops of one held probe: what came before dies away, what is measured, what the analysis window needs after it. Held sounds
settle slowly (decoder and vocoder remember 60 hops and more): after 24 hops a model of five clips was rougher by half than later."""
_BATCH_HOPS = 2048


@dataclass(frozen=True)
class AnalysisProgress:
    """A step of the analysis: `stage` in words, `done` of `total` parts of it."""

    stage: str
    done: int
    total: int


ProgressListener = Callable[[AnalysisProgress], None]


@dataclass
class Prober:
    """Synthesises and measures, and counts the seconds of sound made.

    `synthesise` takes latents [D, T] at the mel rate in sigma units and gives T * 512 samples; it is called in up to `workers` threads
    at once.
    """

    synthesise: Synthesise
    progress: ProgressListener
    workers: int = 1
    seconds: float = field(default=0.0, init=False)

    def held(self, latents: FloatArray, stage: str) -> FloatArray:
        """Features [N, features] of latents [D, N], each held for a probe's length, in this order."""
        length = LEAD + MEASURED + TAIL
        per_batch = max(1, _BATCH_HOPS // length)
        rows: list[FloatArray] = []
        parts = (latents[:, start : start + per_batch] for start in range(0, latents.shape[1], per_batch))
        for track, count in self._tracks((np.repeat(part, length, axis=1), part.shape[1]) for part in parts):
            begins = (index * length + LEAD for index in range(count))
            rows.extend(summarise(track, begin, begin + MEASURED) for begin in begins)
            self.progress(AnalysisProgress(stage, len(rows), latents.shape[1]))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def moving(self, trajectories: Sequence[FloatArray], stage: str) -> FloatArray:
        """Features [N, features] of whole trajectories [D, T] each, after the first `LEAD` hops."""
        rows: list[FloatArray] = []
        batches = ([trajectories[i] for i in batch] for batch in _batches(trajectories))
        for track, lengths in self._tracks(
            (np.concatenate(batch, axis=1), [path.shape[1] for path in batch]) for batch in batches
        ):
            ends = np.cumsum(lengths).tolist()
            spans = zip([0, *ends], ends, strict=False)
            rows.extend(summarise(track, begin + LEAD, end - TAIL) for begin, end in spans)
            self.progress(AnalysisProgress(stage, len(rows), len(trajectories)))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def _tracks(self, batches: Iterable[tuple[FloatArray, Batch]]) -> Iterator[tuple[FeatureTrack, Batch]]:
        """Features of each batch of latents [D, T], in order; so many at once as there are workers."""
        waiting: deque[tuple[Future[FeatureTrack], Batch]] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="listener") as pool:
            for latents, about in batches:
                if len(waiting) == self.workers:
                    track, before = waiting.popleft()
                    yield track.result(), before
                waiting.append((pool.submit(self._heard, latents), about))
                self.seconds += latents.shape[1] * HOP / 44100
            for track, before in waiting:
                yield track.result(), before

    def _heard(self, latents: FloatArray) -> FeatureTrack:
        return extract(self._sound(latents))

    def _sound(self, latents: FloatArray) -> npt.NDArray[np.float32]:
        samples = np.asarray(self.synthesise(latents.astype(np.float32)), np.float32)
        expected = latents.shape[1] * HOP
        if samples.shape != (expected,):
            raise AnalysisError(f"synthesis gave samples of shape {samples.shape} where {expected} were due")
        if not np.isfinite(samples).all():
            raise AnalysisError("the model synthesises NaN or infinite samples: train it again")
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
