"""Training in several processes.

Every process draws the same global batch and takes its share of it; gradients are averaged.
`torchrun` starts the processes and sets RANK, WORLD_SIZE and LOCAL_RANK. DistributedDataParallel
averages gradients after each backward pass too. Here it is done explicitly, so that the two
networks of an adversarial step, and a resume, need no other code than in a single process.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from distill_engine.errors import ConfigError
from distill_engine.system.torchrun import place_in_group


@dataclass(frozen=True)
class Ranks:
    """Number of this process, from 0, among `world` processes."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that prints and saves."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's part [B / world, ...] of a global batch [B, ...].

        Raises ConfigError if `world` does not divide B.
        """
        if self.world == 1:
            return batch
        if batch.shape[0] % self.world:
            raise ConfigError(
                f"batch size {batch.shape[0]} cannot be divided among {self.world} processes: give a multiple of it"
            )
        size = batch.shape[0] // self.world
        return batch[self.rank * size : (self.rank + 1) * size]

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        _sum(flat)
        flat /= self.world
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()

    def agree(self, progress: float, stopped: bool) -> tuple[float, bool]:
        """Return the first process's progress, and whether any process was asked to stop."""
        if self.world == 1:
            return progress, stopped
        shared = torch.tensor([progress if self.first else 0.0, float(stopped)], dtype=torch.float64)
        _sum(shared)
        return float(shared[0]), bool(shared[1] > 0)

    def check_same(self, things: Mapping[str, str]) -> None:
        """Check, before the training, that all processes have the same `things`, each by its name.

        Raises ConfigError in all of them where one has not.
        """
        if self.world == 1:
            return
        own = torch.tensor([_number(text) for text in things.values()])
        first = own.clone() if self.first else torch.zeros_like(own)
        _sum(first)
        differing = (own != first).long()
        _sum(differing)
        names = [name for name, count in zip(things, differing, strict=True) if count]
        if names:
            raise ConfigError(
                f"the {self.world} processes differ in {', '.join(names)}: give all the same version of Distill, the "
                "same options, and copies of the same model file and folder of sounds"
            )


def _number(text: str) -> int:
    """Return a number below 2^48 that stands for a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


def _sum(tensor: Tensor) -> None:
    """Sum `tensor` [...] over the processes, in place.

    Returns once no worker thread of gloo holds the tensor any more.

    The thread that releases a tensor last needs the Python interpreter for it. If that is a worker
    thread while the process is exiting, the process aborts although its work is done.
    `destroy_process_group` does not end these threads.
    """
    dist.all_reduce(tensor)
    while tensor.device.type == "cpu" and tensor._use_count() > 1:  # type: ignore[attr-defined]
        time.sleep(0)


def start_ranks() -> Ranks:
    """Join the group of processes that torchrun describes; without torchrun be the only one."""
    if place_in_group()[1] == 1:
        return Ranks()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size())


def stop_ranks() -> None:
    """Leave the group, if there is one."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
