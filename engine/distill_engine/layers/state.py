"""Streaming state as values: dataclasses of fixed-shape tensors, flattened to named tensors and back.

A state is a dataclass whose fields are tensors, further states, tuples of either, or None (a part that this layer does not
need). It belongs to the caller: `step` never keeps or changes the one it is given, it returns the next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from torch import Tensor

S = TypeVar("S")


class Streaming(Protocol):
    """What every streaming layer offers: a state to start from, a step, its delay and its stride in samples."""

    delay: int
    stride: int

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> Any: ...

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]: ...


def _items(state: Any, prefix: str) -> Iterator[tuple[str, Tensor]]:
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
    """Every tensor of a state under its dotted name, in a fixed order."""
    return dict(_items(state, ""))


def map_state(state: S, change: Callable[[str, Tensor], Tensor]) -> S:
    """The same state with every tensor replaced by `change(name, tensor)`."""

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
    """A state of the template's shape from named tensors. Raises KeyError where one is missing."""
    return map_state(template, lambda name, _: tensors[name])


def clone_state(state: S) -> S:
    """A copy that shares no memory with the original."""
    return map_state(state, lambda _, tensor: tensor.clone())
