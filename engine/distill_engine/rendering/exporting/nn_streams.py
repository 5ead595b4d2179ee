"""Networks with explicit states as TorchScript modules that keep their state in two buffers."""

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from distill_engine.layers.state import flatten_state, map_state


@dataclass(frozen=True)
class Packing:
    """Where the tensors of a state lie in one float and one integer tensor [N]."""

    template: Any

    def pack(self, state: Any) -> tuple[Tensor, Tensor]:
        """Return a state's numbers as float32 [N] and int64 [M]."""
        tensors = list(flatten_state(state).values())
        floats = [tensor.reshape(-1) for tensor in tensors if tensor.is_floating_point()]
        whole = [tensor.reshape(-1).long() for tensor in tensors if not tensor.is_floating_point()]
        return torch.cat([torch.zeros(1), *floats]), torch.cat([torch.zeros(1, dtype=torch.long), *whole])

    def unpack(self, floats: Tensor, whole: Tensor) -> Any:
        """Return the state that float32 [N] and int64 [M] hold."""
        at = {True: 1, False: 1}

        def take(_: str, like: Tensor) -> Tensor:
            kind = like.is_floating_point()
            start = at[kind]
            at[kind] = start + like.numel()
            return (floats if kind else whole)[start : at[kind]].reshape(like.shape).to(like.dtype)

        return map_state(self.template, take)


class Step(nn.Module):
    """One frame through a network, with its state packed: what is traced."""

    def __init__(self, network: nn.Module, step: Any, packing: Packing) -> None:
        super().__init__()
        self.network, self._step, self._packing = network, step, packing

    def forward(self, x: Tensor, floats: Tensor, whole: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return y [1, C_out, n] and the next state of x [1, C_in, 1] and a state [N], [M]."""
        y, after = self._step(x, self._packing.unpack(floats, whole))
        return (y, *self._packing.pack(after))


class Stream(nn.Module):
    """A traced network, frame by frame, with its state in buffers."""

    floats: Tensor
    whole: Tensor

    def __init__(self, step: Any, floats: Tensor, whole: Tensor) -> None:
        super().__init__()
        self.step = step
        self.register_buffer("floats", floats)
        self.register_buffer("whole", whole)

    def forward(self, x: Tensor) -> Tensor:
        """Return y [1, C_out, F n] of x [1, C_in, F]."""
        parts: list[Tensor] = []
        for frame in range(x.size(2)):
            y, self.floats, self.whole = self.step(x[:, :, frame : frame + 1], self.floats, self.whole)
            parts.append(y)
        return torch.cat(parts, 2)


def stream_of(network: Any, step: Any, state: Any, channels: int) -> Stream:
    """Trace a network's step of one frame."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    packing = Packing(state)
    floats, whole = packing.pack(state)
    example = torch.zeros(1, channels, 1), floats, whole
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes that become constants: a step has always one frame
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            Step(network, step, packing), example, check_trace=False
        )
    return Stream(traced, floats, whole)
