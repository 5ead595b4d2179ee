"""Synthesis and measurement of probes: held latents and trajectories, in long batches.

A held probe lasts three quarters of a second. Results do not depend on how many batches are
computed at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from distill_engine.analysis.features.table import FEATURES, HOP, extract, summarise
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import AnalysisError

Synthesise = Callable[[Float32Array], Float32Array]
Batch = TypeVar("Batch")
Measured = TypeVar("Measured")

LEAD, MEASURED, TAIL = 40, 20, 4
"""Hops of one held probe: until it settles, while it is measured, and for the last analysis window.

Held sounds settle slowly (decoder and vocoder remember 60 hops and more): after 24 hops, the
roughness of a model of five clips was half as high again as later.
"""
_BATCH_HOPS = 2048  # of sound synthesised at once


@dataclass(frozen=True)
class AnalysisProgress:
    """Progress of the analysis: `done` of `total` parts of the stage called `stage`."""

    stage: str
    done: int
    total: int


ProgressListener = Callable[[AnalysisProgress], None]


@dataclass
class Prober:
    """Synthesises and measures latents, and counts the seconds of sound made.

    `synthesise` takes latents [D, T] at the mel rate in sigma units and returns samples [T * 512];
    up to `workers` threads call it at once.
    """

    synthesise: Synthesise
    progress: ProgressListener
    workers: int = 1
    seconds: float = field(default=0.0, init=False)

    def measure_held(self, latents: Float64Array, stage: str) -> Float64Array:
        """Return features [N, features] of latents [D, N], each held for a probe's length.

        Raises AnalysisError if the model synthesises wrong shapes, NaN or infinity.
        """
        length = LEAD + MEASURED + TAIL
        per_batch = max(1, _BATCH_HOPS // length)
        rows: list[Float64Array] = []
        parts = (latents[:, start : start + per_batch] for start in range(0, latents.shape[1], per_batch))
        probes = ((np.repeat(part, length, axis=1), part.shape[1]) for part in parts)
        for track, count in self._measured(probes, extract):
            begins = (index * length + LEAD for index in range(count))
            rows.extend(summarise(track, begin, begin + MEASURED) for begin in begins)
            self.progress(AnalysisProgress(stage, len(rows), latents.shape[1]))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def measure_moving(self, trajectories: Sequence[Float64Array], stage: str) -> Float64Array:
        """Return features [N, features] of N trajectories [D, T] at the mel rate.

        The first LEAD and the last TAIL hops are not measured. Raises as `measure_held` does.
        """
        rows: list[Float64Array] = []
        batches = ([trajectories[i] for i in batch] for batch in _batches(trajectories))
        paths = ((np.concatenate(batch, axis=1), [path.shape[1] for path in batch]) for batch in batches)
        for track, lengths in self._measured(paths, extract):
            ends = np.cumsum(lengths).tolist()
            spans = zip([0, *ends], ends, strict=False)
            rows.extend(summarise(track, begin + LEAD, end - TAIL) for begin, end in spans)
            self.progress(AnalysisProgress(stage, len(rows), len(trajectories)))
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)))

    def measure_each(
        self, trajectories: Sequence[Float64Array], measure: Callable[[Float32Array], Measured], stage: str
    ) -> list[Measured]:
        """Return `measure` of the samples [T * 512] of each trajectory [D, T] alone, in order.

        Raises as `measure_held` does.
        """
        found: list[Measured] = []
        for measured, _ in self._measured(((trajectory, None) for trajectory in trajectories), measure):
            found.append(measured)
            self.progress(AnalysisProgress(stage, len(found), len(trajectories)))
        return found

    def _measured(
        self, batches: Iterable[tuple[Float64Array, Batch]], measure: Callable[[Float32Array], Measured]
    ) -> Iterator[tuple[Measured, Batch]]:
        """Yield `measure` of the samples of each batch of latents [D, T], and its second item."""
        waiting: deque[tuple[Future[Measured], Batch]] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="prober") as pool:
            for latents, batch in batches:
                if len(waiting) == self.workers:
                    future, oldest = waiting.popleft()
                    yield future.result(), oldest
                waiting.append((pool.submit(lambda x: measure(self._synthesised(x)), latents), batch))
                self.seconds += latents.shape[1] * HOP / DEFAULT_MEL.sample_rate
            for future, oldest in waiting:
                yield future.result(), oldest

    def _synthesised(self, latents: Float64Array) -> Float32Array:
        """Return samples [T * 512] of latents [D, T]. Raises AnalysisError for wrong output."""
        samples = np.asarray(self.synthesise(latents.astype(np.float32)), np.float32)
        expected = latents.shape[1] * HOP
        if samples.shape != (expected,):
            raise AnalysisError(f"synthesis gave samples of shape {samples.shape}, not ({expected},)")
        if not np.isfinite(samples).all():
            raise AnalysisError("the model synthesises NaN or infinite samples: train it again")
        return samples


def _batches(trajectories: Sequence[Float64Array]) -> Iterator[list[int]]:
    """Yield indices in order, in batches of at least _BATCH_HOPS hops but for the last."""
    batch: list[int] = []
    for index in range(len(trajectories)):
        batch.append(index)
        if sum(trajectories[i].shape[1] for i in batch) >= _BATCH_HOPS:
            yield batch
            batch = []
    if batch:
        yield batch
