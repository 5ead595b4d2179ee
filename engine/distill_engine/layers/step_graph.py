"""Steps of a streaming network as CUDA graphs: one launch a step instead of thousands.

A step of one frame of BigVGAN launches some 3,000 kernels, which takes longer than they run. A
graph records them once and starts them all with one call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from distill_engine.layers.state import flatten_state, map_state
from distill_engine.system.listeners import Listener

EAGER_STEPS = 2  # of a block size before one is recorded: the odd block at an end is not worth it
MOST_GRAPHS = 8  # block sizes; each recording keeps the memory of its step
RECORDED_TOLERANCE = 1e-3  # largest difference of a sample, full scale 1, or of a log-mel in nat
WARM_UP_STEPS = 3  # before a recording, in which libraries choose kernels and allocate
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


@dataclass(frozen=True)
class PackedState:
    """A state as a few tensors, cut by its layout.

    `flat` holds one tensor [N] for each type of number on the device, `host` the tensors of the
    state that lie elsewhere, by name.
    """

    layout: StateLayout
    flat: dict[torch.dtype, Tensor]
    host: dict[str, Tensor]

    def clone(self) -> PackedState:
        """Return a copy; tensors off the device are shared, as nothing changes them in place."""
        return replace(self, flat={dtype: flat.clone() for dtype, flat in self.flat.items()})


class StateLayout:
    """Where the tensors of a state on `device`, such as `template`, lie in a PackedState."""

    def __init__(self, template: Any, device: torch.device) -> None:
        self._template = template
        self._places: dict[str, tuple[torch.dtype, int, tuple[int, ...]]] = {}
        ends: dict[torch.dtype, int] = {}
        for name, tensor in flatten_state(template).items():
            if tensor.device.type == device.type:
                start = ends.get(tensor.dtype, 0)
                self._places[name] = (tensor.dtype, start, tuple(tensor.shape))
                ends[tensor.dtype] = start + tensor.numel()

    def pack(self, state: Any) -> PackedState:
        """Return the packed form of a state; its tensors are new."""
        parts: dict[torch.dtype, list[Tensor]] = {}
        host: dict[str, Tensor] = {}
        for name, tensor in flatten_state(state).items():
            if name in self._places:
                parts.setdefault(tensor.dtype, []).append(tensor.reshape(-1))
            else:
                host[name] = tensor
        return PackedState(self, {dtype: torch.cat(tensors) for dtype, tensors in parts.items()}, host)

    def unpack(self, packed: PackedState) -> Any:
        """Return the state of a packed one; its tensors [...] share the packed one's memory."""

        def find(name: str, _: Tensor) -> Tensor:
            if name not in self._places:
                return packed.host[name]
            dtype, start, shape = self._places[name]
            flat = packed.flat[dtype]
            return flat[start : start + torch.Size(shape).numel()].view(shape)

        return map_state(self._template, find)


class StepGraph:
    """A recorded step for blocks of one size.

    Tensors of the state that lie on the CPU (counters) advance by the same amounts at each step, so
    the recording holds for any state in which the step does not depend on their values.

    Args:
        step: `(x [1, C_in, n], state) -> (y [1, C_out, n * rate], next state)`.
        x: a block on the device.
        state: a state before it.

    Raises RuntimeError if the device cannot record the step.
    """

    def __init__(self, step: Step, x: Tensor, state: PackedState) -> None:
        self._x, self._before, layout = x.clone(), state.clone(), state.layout
        current, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP_STEPS):
                step(self._x, layout.unpack(self._before))
        current.wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._y, after = step(self._x, layout.unpack(self._before))
            self._after = layout.pack(after)
        self._advance = {name: tensor - state.host[name] for name, tensor in self._after.host.items()}

    def __call__(self, x: Tensor, state: PackedState) -> tuple[Tensor, PackedState]:
        """Return y [1, C_out, n * rate], valid until the next call, and the next state."""
        self._x.copy_(x)
        for dtype, flat in state.flat.items():
            self._before.flat[dtype].copy_(flat)
        self._graph.replay()
        host = {name: tensor + self._advance[name] for name, tensor in state.host.items()}
        return self._y, replace(self._after.clone(), host=host)


class RecordedSteps:
    """Steps of one network on a CUDA device; those of a block size that repeats are recorded.

    Args:
        step: as for `StepGraph`; it takes and returns structured states.
        steady: whether a step from a structured state depends on no counter of it any more.
        notify: receives a sentence if the device cannot record.
    """

    def __init__(self, step: Step, steady: Callable[[Any], bool], notify: Listener) -> None:
        self._step, self._steady, self._notify = step, steady, notify
        self._layout: StateLayout | None = None
        self._graphs: dict[int, StepGraph] = {}
        self._eager: dict[int, int] = {}
        self._dtype: torch.dtype | None = None
        self._works = True

    def __call__(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return y [1, C_out, n * rate] and the next state, packed or not, of x [1, C_in, n]."""
        if x.dtype != self._dtype:
            self._layout, self._graphs, self._eager, self._dtype = None, {}, {}, x.dtype
        graph = self._graphs.get(x.shape[-1])
        if graph is None and self._is_due(x.shape[-1]) and self._steady(structured(state)):
            graph = self._record(x, state)
        if graph is None or not (isinstance(state, PackedState) or self._steady(state)):
            return self._step(x, structured(state))
        return graph(x, self._packed(x, state))

    def _is_due(self, size: int) -> bool:
        """Return whether blocks of this size have been met often enough to be recorded."""
        if not self._works or len(self._graphs) >= MOST_GRAPHS:
            return False
        self._eager[size] = self._eager.get(size, 0) + 1
        return self._eager[size] > EAGER_STEPS

    def _record(self, x: Tensor, state: Any) -> StepGraph | None:
        """Record the step for blocks as long as x; None if it cannot be, or gives other samples."""
        try:
            graph = StepGraph(self._step, x, self._packed(x, state))
            found, expected = graph(x, self._packed(x, state))[0], self._step(x, structured(state))[0]
            if not torch.allclose(found, expected, rtol=0, atol=RECORDED_TOLERANCE):
                raise RuntimeError("the recording gives other samples")
        except RuntimeError as error:
            self._works = False
            self._notify(f"steps are not recorded on {x.device} ({str(error).splitlines()[0][:120]}): slower")
            return None
        self._graphs[x.shape[-1]] = graph
        return graph

    def _packed(self, x: Tensor, state: Any) -> PackedState:
        """Return a state packed by this network's layout, which the first one decides."""
        if isinstance(state, PackedState):
            return state
        if self._layout is None:
            self._layout = StateLayout(state, x.device)
        return self._layout.pack(state)


def structured(state: Any) -> Any:
    """Return a state as the network's own dataclasses of tensors [...], whether packed or not."""
    return state.layout.unpack(state) if isinstance(state, PackedState) else state
