"""The one interface to a streaming network, whoever computes it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from distill_engine.audio.arrays import Float32Array


class StepBackend(Protocol):
    """One stream through a network: its weights are shared, its state is its own.

    `step` takes x [C_in, n] float32 and gives y [C_out, n * rate] (`rate` outputs per input; below one for an encoder). The array
    returned is the backend's own buffer: it holds until the next `step`.
    """

    channels_in: int
    channels_out: int

    def step(self, x: Float32Array) -> Float32Array: ...

    def reset(self) -> None:
        """Back to the initial state."""

    def snapshot(self) -> dict[str, np.ndarray]:
        """A copy of the state."""

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from a snapshot, bit for bit."""
