"""Streaming networks in torch: on CUDA, MPS, or the CPU for networks without a graph.

This module imports torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ModelFileError
from distill_engine.layers.runner import Runner
from distill_engine.layers.state import clone_state, flatten_state, map_state
from distill_engine.layers.step_graph import structured


class TorchBackend:
    """One stream through a `Runner`, which several streams may share. See `StepBackend`.

    If the device runs out of memory, the stream continues where the runner continues.
    """

    def __init__(self, runner: Runner, channels_in: int, channels_out: int) -> None:
        self.runner = runner
        self.channels_in, self.channels_out = channels_in, channels_out
        self._state: Any = None
        self.reset()

    def step(self, x: Float32Array) -> Float32Array:
        y, self._state = self.runner.step(torch.from_numpy(np.ascontiguousarray(x, np.float32))[None], self._state)
        result: Float32Array = y[0].numpy()
        return result

    def reset(self) -> None:
        self._state = self.runner.initial_state()

    def snapshot(self) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            tensors = flatten_state(clone_state(structured(self._state)))
            return {name: value.cpu().numpy() for name, value in tensors.items() if value.numel()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        def load(name: str, old: Tensor) -> Tensor:
            if not old.numel():
                return old
            if name not in state or state[name].shape != tuple(old.shape):
                raise ModelFileError("this state belongs to another network")
            return torch.from_numpy(state[name].copy()).to(old.device, old.dtype)

        with torch.inference_mode():
            self._state = map_state(structured(self._state), load)
