"""Steps of a streaming torch network on a device, with a way on when memory runs out.

A step that does not fit into memory is repeated in smaller pieces, then on the CPU. Everything that
plays through torch uses a `Runner`: whole sounds, renders and the live engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from distill_engine.errors import ConfigError, VocoderError
from distill_engine.layers.state import map_state
from distill_engine.layers.step_graph import RecordedSteps, structured
from distill_engine.system.counting import counted
from distill_engine.system.listeners import Listener, ignore

InitialState = Callable[..., Any]
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]

_OUT_OF_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "alloc_failed", "not enough memory")


class Runner:
    """One network on a device, shared by streams that each keep their own state.

    Args:
        network: the module; it moves to the CPU if its device has no memory left.
        device: where it computes, in float32 unless `dtype` is set later.
        initial_state: `(batch, device, dtype) -> state`; the network's own if None.
        step: `(x [1, C_in, n], state) -> (y [1, C_out, n * rate], next state)`; it does not change
            the given state. The network's own if None.
        unit: columns of x in the smallest piece that a step takes.
        notify: receives a sentence when pieces get smaller or the device changes.

    Attributes:
        recorded: steps as CUDA graphs; None on other devices.
    """

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        *,
        initial_state: InitialState | None = None,
        step: Step | None = None,
        unit: int = 1,
        notify: Listener = ignore,
    ) -> None:
        untyped: Any = network
        self.network, self.device, self.dtype = network, device, torch.float32
        self.unit, self.notify = unit, notify
        self.piece: int | None = None  # columns computed at once; None: all of a step
        self._initial_state: InitialState = initial_state or untyped.initial_state
        self._step: Step = step or untyped.step
        self._moved = False
        steady = getattr(network, "is_steady", lambda state: True)
        self.recorded = RecordedSteps(self._step, steady, notify) if device.type == "cuda" else None

    def initial_state(self) -> Any:
        """Return the state of a new stream. Raises VocoderError if even the CPU lacks memory."""
        while True:
            try:
                with torch.inference_mode():
                    return self._initial_state(1, self.device, self.dtype)
            except (RuntimeError, MemoryError) as error:
                self._reduce_memory(error, self.unit)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Compute y [1, C_out, n * rate] and the next state from x [1, C_in, n].

        x and y are float32 on the CPU. Raises VocoderError if not even the smallest piece fits into
        the CPU's memory.
        """
        outputs: list[Tensor] = []
        start, count = 0, x.shape[-1]
        while start < count or not outputs:
            part = x[..., start : start + (self.piece or count)]
            try:
                with torch.inference_mode():
                    y, after = self._compute(part.to(self.device, self.dtype), state)
                    outputs.append(y.float().cpu())
            except (RuntimeError, MemoryError) as error:
                self._reduce_memory(error, part.shape[-1])
                continue
            state = after
            start += max(1, part.shape[-1])
        return (outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)), state

    def _compute(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Compute y [1, C_out, n * rate] and the next state on the device."""
        if self.recorded is None or self._moved:
            return self._step(x, self._on_device(state))
        return self.recorded(x, state)

    def _on_device(self, state: Any) -> Any:
        """Return the state on the network's device, which another stream may have changed."""
        state = structured(state)
        if not self._moved:
            return state
        return map_state(
            state, lambda _, t: t.to(self.device, self.dtype) if t.is_floating_point() else t.to(self.device)
        )

    def _reduce_memory(self, error: BaseException, size: int) -> None:
        """Halve the pieces or move to the CPU after a step of `size` columns ran out of memory.

        Raises any other error again, and VocoderError if nothing is left to try.
        """
        if not out_of_memory(error):
            raise error
        _release_cached_memory(self.device)
        if size > self.unit:
            self.piece = max(self.unit, size // 2 // self.unit * self.unit)
            self.notify(f"{self.device} ran out of memory: continuing in pieces of {counted(self.piece, 'frame')}")
        elif self.device.type != "cpu":
            self.notify(f"{self.device} ran out of memory: continuing on the CPU, slower")
            self.device, self.dtype, self.piece, self._moved = torch.device("cpu"), torch.float32, None, True
            self.network.to(self.device, self.dtype)
        else:
            raise VocoderError("out of memory even in the smallest pieces: close other programs") from None


def move_network(network: nn.Module, device: torch.device, notify: Listener = ignore) -> torch.device:
    """Move a network to a device, or to the CPU if it does not fit there. Return where it is."""
    try:
        network.to(device)
    except (RuntimeError, MemoryError) as error:
        if device.type == "cpu" or not out_of_memory(error):
            raise
        _release_cached_memory(device)
        notify(f"the weights do not fit on {device}: continuing on the CPU, slower")
        device = torch.device("cpu")
        network.to(device)
    return device


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error of torch means that memory ran out, on any device."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(part in text for part in _OUT_OF_MEMORY_TEXTS)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called `auto|cpu|cuda|mps`; auto prefers CUDA, then MPS, then the CPU.

    Raises ConfigError if it is not available.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in available.items() if present)
    if not available.get(name.split(":")[0], False):
        usable = " or ".join(kind for kind, present in available.items() if present)
        raise ConfigError(f"torch device {name} is not available here; use {usable}")
    return torch.device(name)


def _release_cached_memory(device: torch.device) -> None:
    """Free the memory that torch's allocator keeps for reuse."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
