"""Several processes, one training: every process draws the same global batch and takes its share; gradients are averaged.

Started by `torchrun`, which sets RANK, WORLD_SIZE and LOCAL_RANK. Averaging the gradients after each backward pass is what
DistributedDataParallel does; doing it by hand keeps the two networks of an adversarial step, and a resume, as simple as with one process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from distill_engine.errors import ConfigError


@dataclass(frozen=True)
class Ranks:
    """This process's place among `world` ones."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that prints and saves."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a global batch [B, ...]. Raises ConfigError where B cannot be divided."""
        if self.world == 1:
            return batch
        if batch.shape[0] % self.world:
            raise ConfigError(f"batch size {batch.shape[0]} cannot be divided among {self.world} processes")
        size = batch.shape[0] // self.world
        return batch[self.rank * size : (self.rank + 1) * size]

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replaces every gradient by its mean over the processes."""
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
        """The first process's clock counts; a stop asked of any counts for all."""
        if self.world == 1:
            return progress, stopped
        told = torch.tensor([progress if self.first else 0.0, float(stopped)], dtype=torch.float64)
        _sum(told)
        return float(told[0]), bool(told[1] > 0)


def _sum(tensor: Tensor) -> None:
    """Adds `tensor` up over the processes, in place; returns when no worker thread of gloo's holds it any more.

    A worker that lets go of a tensor after its caller has needs the interpreter for it, and a process that is just ending has none:
    it was aborted, with all done. The workers outlive `destroy_process_group`.
    """
    dist.all_reduce(tensor)
    while tensor.device.type == "cpu" and tensor._use_count() > 1:  # type: ignore[attr-defined]
        time.sleep(0)


def start_ranks() -> Ranks:
    """Joins the group that torchrun describes; alone where there is none."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Ranks()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size())


def stop_ranks() -> None:
    """Leaves the group, if there is one."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
