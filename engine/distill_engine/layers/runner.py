"""A streaming network in torch on a device: steps that go on where memory runs out, in smaller pieces, then on the CPU.

Everything in this project that plays through torch steps through a `Runner`: whole sounds, renders and the live engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from distill_engine.errors import ConfigError, VocoderError
from distill_engine.layers.state import map_state
from distill_engine.system.listeners import Listener, ignore

InitialState = Callable[..., Any]
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]

_SIGNS = ("out of memory", "can't allocate memory", "alloc_failed", "not enough memory")


class Runner:
    """One network on a device; shared by the streams through it, each of which keeps a state of its own.

    Args:
        network: the module; it moves to the CPU if its device has no room left.
        initial_state: `(batch, device, dtype) -> state`; the network's own if None.
        step: `(x [1, C_in, n], state) -> (y [1, C_out, n * rate], state)`, which leaves the given state as it is; the network's own
            if None.
        unit: the smallest piece of x that a step takes, in columns.
        notify: gets a sentence when work goes on differently.
    """

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        *,
        initial_state: InitialState | None = None,
        step: Step | None = None,
        unit: int = 1,
        notify: Listener = ignore,
    ) -> None:
        own: Any = network
        self.network, self.device, self.dtype = network, device, dtype
        self.unit, self.notify = unit, notify
        self.piece: int | None = None  # columns computed at once; None: as many as come
        self._initial_state: InitialState = initial_state or own.initial_state
        self._step: Step = step or own.step
        self._moved = False

    def initial_state(self) -> Any:
        """The state of a new stream. Raises VocoderError."""
        while True:
            try:
                with torch.inference_mode():
                    return self._initial_state(1, self.device, self.dtype)
            except (RuntimeError, MemoryError) as error:
                self._make_do(error, self.unit)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """x [1, C_in, n] on the CPU in float32 -> y [1, C_out, n * rate] likewise, and the next state.

        Raises VocoderError if not even the smallest piece fits into the CPU's memory.
        """
        outputs: list[Tensor] = []
        start, count = 0, x.shape[-1]
        while start < count or not outputs:
            part = x[..., start : start + (self.piece or count)]
            try:
                with torch.inference_mode():
                    y, after = self._step(part.to(self.device, self.dtype), self._placed(state))
                    outputs.append(y.float().cpu())
            except (RuntimeError, MemoryError) as error:
                self._make_do(error, part.shape[-1])
                continue
            state = after
            start += max(1, part.shape[-1])
        return (outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)), state

    def _placed(self, state: Any) -> Any:
        """The state where the network is: another stream may have moved it since."""
        if not self._moved:
            return state
        return map_state(
            state, lambda _, t: t.to(self.device, self.dtype) if t.is_floating_point() else t.to(self.device)
        )

    def _make_do(self, error: BaseException, size: int) -> None:
        """What is tried next after a step of `size` columns ran out of memory; any other error is raised again."""
        if not out_of_memory(error):
            raise error
        _give_back(self.device)
        if size > self.unit:
            self.piece = max(self.unit, size // 2 // self.unit * self.unit)
            self.notify(f"{self.device} ran out of memory: going on in pieces of {self.piece} frames")
        elif self.device.type != "cpu":
            self.notify(f"{self.device} ran out of memory: going on on the CPU, slower")
            self.device, self.dtype, self.piece, self._moved = torch.device("cpu"), torch.float32, None, True
            self.network.to(self.device, self.dtype)
        else:
            raise VocoderError("out of memory even in the smallest pieces: close other programs") from None


def move_network(network: nn.Module, device: torch.device, notify: Listener = ignore) -> torch.device:
    """Moves a network to a device, or to the CPU where it does not fit there. Returns where it is."""
    try:
        network.to(device)
    except (RuntimeError, MemoryError) as error:
        if device.type == "cpu" or not out_of_memory(error):
            raise
        _give_back(device)
        notify(f"the weights do not fit on {device}: going on on the CPU, slower")
        device = torch.device("cpu")
        network.to(device)
    return device


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch means that memory ran out, on whatever device."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in text for sign in _SIGNS)


def choose_device(name: str = "auto") -> torch.device:
    """The device called `auto|cpu|cuda|mps`: auto takes CUDA, then MPS, then the CPU. Raises ConfigError if it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in there.items() if present)
    if not there.get(name.split(":")[0], False):
        present = " or ".join(kind for kind, here in there.items() if here)
        raise ConfigError(f"torch device {name} is not available here; use {present}")
    return torch.device(name)


def _give_back(device: torch.device) -> None:
    """Frees what torch keeps for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
