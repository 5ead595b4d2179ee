"""The device that training runs on, and a measurement of its speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional as F

from distill_engine.errors import ConfigError
from distill_engine.layers.runner import choose_device

_THREAD_ROUNDS = 5  # of a small network's work, that one thread and all threads are compared on


def training_device(name: str = "auto") -> torch.device:
    """Return the device of this name; for "auto" CUDA, else MPS, else the CPU.

    Raises ConfigError for a name that is unknown or a device that is not there.
    """
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise ConfigError(f"device {name!r} is unknown; choose auto, cpu, cuda or mps")
    return choose_device(name)


def matrix_throughput(device: torch.device, *, size: int = 1024, rounds: int = 5) -> float:
    """Measure the speed of matrix products on a device, in GMAC/s.

    It is the best of `rounds` products of two `size` x `size` matrices, and takes a fraction of a
    second.
    """
    matrix = torch.ones(size, size, device=device)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # reading a number waits for the device
        best = min(best, time.perf_counter() - began)
    return size**3 / best / 1e9


@contextmanager
def faster_threads() -> Iterator[None]:
    """Train with one thread where all are slower, as they are beside other programs.

    On two cores that three other programs used, a step took 0.3 s with one thread, 4 s with two.
    """
    count = torch.get_num_threads()
    try:
        if count > 1:
            torch.set_num_threads(1)
            limit = _work_seconds(float("inf"))
            torch.set_num_threads(count)
            if _work_seconds(limit) >= limit:
                torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(count)


def _work_seconds(limit: float) -> float:
    """Return the seconds of a small network's work, which ends early where it takes `limit`."""
    narrow, wide = torch.zeros(192, 576, 1), torch.zeros(576, 192, 1, requires_grad=True)
    x = torch.zeros(8, 192, 64)
    torch.autograd.grad(F.conv1d(F.conv1d(x, wide), narrow).sum(), wide)  # warm
    began = time.perf_counter()
    for _ in range(_THREAD_ROUNDS):
        torch.autograd.grad(F.conv1d(F.conv1d(x, wide), narrow).sum(), wide)
        if time.perf_counter() - began >= limit:
            break
    return time.perf_counter() - began
