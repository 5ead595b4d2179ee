"""The device that training runs on, and a measurement of its speed."""

from __future__ import annotations

import time

import torch

from distill_engine.errors import ConfigError
from distill_engine.layers.runner import choose_device


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
