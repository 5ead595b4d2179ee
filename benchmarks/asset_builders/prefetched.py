"""Batches made ahead in several processes, for a device that is faster than the making of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from distill_engine.audio.arrays import Float32Array
from distill_engine.training.batches import Batches
from distill_engine.training.checkpoint import Checkpoint

AHEAD = 4  # batches that each process has ready


class _Endless(IterableDataset[Float32Array]):
    """The batches of one process; `make(seed)` is called there."""

    def __init__(self, make: Callable[[int], Batches]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Float32Array]:
        worker = get_worker_info()
        batches = self._make(worker.id if worker else 0)
        while True:
            yield batches.next()


class PrefetchedBatches(Batches):
    """Batches of `workers` processes in turn, each with its own seed.

    A training that resumes begins its batches anew: they are random, and nothing repeats them bit
    for bit here.
    """

    def __init__(self, make: Callable[[int], Batches], workers: int) -> None:
        like = make(0)
        self.audio_seconds_per_step, self.steps_per_epoch = like.audio_seconds_per_step, like.steps_per_epoch
        loader = DataLoader(
            _Endless(make),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=AHEAD,
            multiprocessing_context="fork",
        )
        self._stream: Iterator[torch.Tensor] = iter(loader)

    def next(self) -> Float32Array:
        """Return samples [B, frames * 512], full scale +-1."""
        found: np.ndarray = next(self._stream).numpy()
        return found

    def save(self, checkpoint: Checkpoint) -> None:
        """Add nothing."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take nothing."""
