"""Streaming networks in torch: CUDA, MPS, or the CPU where a network has no graph. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distill_engine.errors import ModelFileError
from distill_engine.layers.state import clone_state, flatten_state, map_state
from distill_engine.streaming.backends.base import FloatArray

InitialState = Callable[..., Any]
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


class TorchBackend:
    """One stream through a torch network. See `StepBackend`.

    Args:
        initial_state: `(batch, device, dtype) -> state`.
        step: `(x [1, C_in, n], state) -> (y [1, C_out, n * rate], state)`; its weights are on `device` already, in `dtype`.
    """

    def __init__(
        self,
        initial_state: InitialState,
        step: Step,
        channels_in: int,
        channels_out: int,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.channels_in, self.channels_out = channels_in, channels_out
        self._initial_state, self._step = initial_state, step
        self._device, self._dtype = device, dtype
        self._state: Any = None
        self.reset()

    def step(self, x: FloatArray) -> FloatArray:
        with torch.inference_mode():
            inputs = torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(self._device, self._dtype)[None]
            y, self._state = self._step(inputs, self._state)
            result: FloatArray = y[0].float().cpu().numpy()
        return result

    def reset(self) -> None:
        with torch.inference_mode():
            self._state = self._initial_state(1, self._device, self._dtype)

    def snapshot(self) -> dict[str, np.ndarray]:
        tensors = flatten_state(clone_state(self._state))
        return {name: value.cpu().numpy() for name, value in tensors.items() if value.numel()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        def load(name: str, old: Tensor) -> Tensor:
            if not old.numel():
                return old
            if name not in state or state[name].shape != tuple(old.shape):
                raise ModelFileError("this state belongs to another network")
            return torch.from_numpy(state[name].copy()).to(old.device, old.dtype)

        with torch.inference_mode():
            self._state = map_state(self._state, load)


def torch_device(name: str = "auto") -> torch.device:
    """The device called `auto|cpu|cuda|mps`; auto takes CUDA, then MPS, then the CPU. Raises ModelFileError if it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in there.items() if present)
    if not there.get(name.split(":")[0], False):
        raise ModelFileError(
            f"torch device {name} is not available here; use {' or '.join(k for k, v in there.items() if v)}"
        )
    return torch.device(name)
