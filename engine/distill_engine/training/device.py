"""Where training runs."""

from __future__ import annotations

import time

import torch

from distill_engine.errors import ConfigError
from distill_engine.layers.runner import choose_device


def training_device(name: str = "auto") -> torch.device:
    """CUDA, then MPS, then the CPU for "auto". Raises ConfigError for one that is unknown or not there."""
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise ConfigError(f"device {name!r} is unknown; choose auto, cpu, cuda or mps")
    return choose_device(name)


def matrix_throughput(device: torch.device, *, size: int = 1024, rounds: int = 5) -> float:
    """What the device does in matrix products, in GMAC/s: the best of a few, a fraction of a second in all."""
    matrix = torch.ones(size, size, device=device)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # reading a number waits for the device
        best = min(best, time.perf_counter() - began)
    return size**3 / best / 1e9
