"""Streaming state as values: dataclasses of tensors of fixed shape, flattened to names and back.

A state is a dataclass whose fields are tensors, further states, tuples of either, or None (a part
that this layer does not need). It belongs to the caller: `step` neither keeps nor changes the state
it gets; it returns the next one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from torch import Tensor

S = TypeVar("S")


class Streaming(Protocol):
    """Interface of every streaming layer.

    `delay` is how late its stream is, in output samples; `stride` is output samples per input
    sample.
    """

    delay: int
    stride: int

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> Any:
        """Return the state before the first sample, for `batch` parallel streams."""

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Compute the next output of a stream.

        x [B, C_in, n] -> y [B, C_out, n * stride], `delay` samples late, and the state after it.
        The given state is not changed. Steps of any n give the same stream, up to rounding.
        """


def _items(state: Any, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor of a state with its dotted name. Raises TypeError for other types."""
    if state is None:
        return
    if isinstance(state, Tensor):
        yield prefix, state
    elif isinstance(state, tuple):
        for index, item in enumerate(state):
            yield from _items(item, f"{prefix}.{index}" if prefix else str(index))
    elif dataclasses.is_dataclass(state):
        for field in dataclasses.fields(state):
            yield from _items(getattr(state, field.name), f"{prefix}.{field.name}" if prefix else field.name)
    else:
        raise TypeError(f"a streaming state holds tensors, tuples and dataclasses, not {type(state).__name__}")


def flatten_state(state: Any) -> dict[str, Tensor]:
    """Return every tensor of a state under its dotted name, in a fixed order.

    The tensors [...] keep their shapes and memory. Raises TypeError if the state holds anything but
    tensors, tuples, dataclasses and None.
    """
    return dict(_items(state, ""))


def map_state(state: S, change: Callable[[str, Tensor], Tensor]) -> S:
    """Return a state of the same structure with each tensor replaced by `change(name, tensor)`.

    `name` is the dotted name of `flatten_state`; shapes [...] are whatever `change` returns.
    """

    def walk(node: Any, prefix: str) -> Any:
        if node is None:
            return None
        if isinstance(node, Tensor):
            return change(prefix, node)
        if isinstance(node, tuple):
            return tuple(walk(item, f"{prefix}.{i}" if prefix else str(i)) for i, item in enumerate(node))
        names = [field.name for field in dataclasses.fields(node)]
        return type(node)(**{n: walk(getattr(node, n), f"{prefix}.{n}" if prefix else n) for n in names})

    result: S = walk(state, "")
    return result


def unflatten_state(template: S, tensors: Mapping[str, Tensor]) -> S:
    """Return a state with the template's structure from tensors by their dotted names.

    Shapes [...] are those of the tensors given. Raises KeyError if one is missing.
    """
    return map_state(template, lambda name, _: tensors[name])


def clone_state(state: S) -> S:
    """Return a copy that shares no memory with the original."""
    return map_state(state, lambda _, tensor: tensor.clone())
