"""The interface of a streaming network, whatever computes it, and its states as named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ModelFileError


class StepBackend(Protocol):
    """One stream through a network, with shared weights and a state of its own."""

    channels_in: int
    channels_out: int

    def step(self, x: Float32Array) -> Float32Array:
        """Compute x [C_in, n] -> y [C_out, n * rate], float32; advance the state.

        `rate` is outputs per input; it is below 1 for an encoder. The result is the backend's own
        buffer and valid until the next `step`.
        """
        ...

    def reset(self) -> None:
        """Return to the initial state."""

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return a copy of the state: named arrays, each of any shape [...]."""

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a snapshot, bit-identically; its arrays have the same shapes [...]."""


def hop_by_hop(stream: StepBackend, x: Float32Array, *, at_once: bool = False) -> Float32Array:
    """Step a stream of one output per input, x [C_in, n] -> y [C_out, n], one column at a time.

    A product with one column is summed in another order than one with many, so the last bits
    would depend on n, and the phases of a vocoder make more of them. `at_once` computes all columns
    in one step, as takes up to version 10 did. A view as that of `step`, or an array of its own.
    """
    if at_once or x.shape[1] == 1:
        return stream.step(x)
    y = np.empty((stream.channels_out, x.shape[1]), np.float32)
    for hop in range(x.shape[1]):
        y[:, hop : hop + 1] = stream.step(x[:, hop : hop + 1])
    return y


def copy_states(states: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return copies of states: arrays, each of any shape [...], by name."""
    return {name: value.copy() for name, value in states.items()}


def write_states(current: Mapping[str, np.ndarray], states: Mapping[str, np.ndarray]) -> None:
    """Write `states` into the arrays of `current`, each of its shape [...].

    Raises ModelFileError unless names, shapes and types are the same.
    """
    if {n: (v.shape, v.dtype) for n, v in states.items()} != {n: (v.shape, v.dtype) for n, v in current.items()}:
        raise ModelFileError("this state belongs to another network")
    for name, value in states.items():
        np.copyto(current[name], value)
