"""States as values: dataclasses of numbers, texts and arrays, and their form in a file, named arrays.

A class that streams keeps its state in a dataclass: `state()` returns one, `restore(state)` goes on from one. `to_arrays` flattens
such a dataclass into arrays under dotted names, and `from_arrays` reads it back by the types of its fields:

    float, int, bool, str       one number, or UTF-8 bytes
    NDArray                     an array of any shape, as it is
    tuple[str, ...]             UTF-8 bytes of a JSON list
    tuple[X, ...]               entries "0", "1", ...
    dict[str, NDArray]          entries under their own names, dots and all (the states of networks)
    dict[str, X]                entries under names without dots
    X | None                    nothing where it is None
    a dataclass                 its fields
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

StateDict = dict[str, np.ndarray]
"""Named arrays, ready to be stored."""

T = TypeVar("T")


def part_of(state: Mapping[str, np.ndarray], prefix: str) -> StateDict:
    """Return the entries of a state whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def to_arrays(state: Any) -> StateDict:
    """Flatten a state into arrays under dotted names. Raises TypeError for what no field may hold.

    >>> arrays = to_arrays({"level": 0.5, "slots": ({"memory": np.zeros(2)}, {"memory": np.ones(2)})})
    >>> {name: array.tolist() for name, array in arrays.items()}
    {'level': 0.5, 'slots.0.memory': [0.0, 0.0], 'slots.1.memory': [1.0, 1.0]}
    """
    if dataclasses.is_dataclass(state):
        return _joined({field.name: getattr(state, field.name) for field in dataclasses.fields(state)})
    if isinstance(state, Mapping):
        return _joined(state)
    raise TypeError(f"a state is a dataclass or a mapping, not {type(state).__name__}")


def _joined(entries: Mapping[str, Any]) -> StateDict:
    arrays: StateDict = {}
    for name, value in entries.items():
        if isinstance(value, np.ndarray | float | int | str):
            arrays[name] = _leaf(value)
        elif isinstance(value, tuple) and all(isinstance(item, str) for item in value) and value:
            arrays[name] = _leaf(json.dumps(value))
        elif isinstance(value, tuple):
            arrays |= {f"{name}.{k}": v for k, v in _joined({str(i): item for i, item in enumerate(value)}).items()}
        elif value is not None:
            arrays |= {f"{name}.{k}": v for k, v in to_arrays(value).items()}
    return arrays


def _leaf(value: np.ndarray | float | int | str) -> np.ndarray:
    return np.frombuffer(value.encode(), np.uint8) if isinstance(value, str) else np.asarray(value)


def from_arrays(kind: type[T], arrays: Mapping[str, np.ndarray]) -> T:
    """Read a dataclass of type `kind` back from named arrays.

    Raises KeyError where one is missing, ValueError or TypeError where one is of another shape or type.
    """
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        found = _read(hints[field.name], field.name, arrays)
        if found is None and field.default is not dataclasses.MISSING:
            found = field.default
        values[field.name] = found
    return kind(**values)


def _read(kind: Any, name: str, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value of a field of type `kind`, from the entries `name` and `name.*`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not type(None))
        there = name in arrays or any(key.startswith(f"{name}.") for key in arrays)
        return _read(inner, name, arrays) if there else None
    if origin is dict:
        return _read_mapping(arguments[1], part_of(arrays, f"{name}."))
    if origin is tuple and arguments[0] is str:
        return tuple(json.loads(arrays[name].tobytes().decode())) if name in arrays else ()
    if origin is tuple:
        entries = part_of(arrays, f"{name}.")
        count = 1 + max((int(key.partition(".")[0]) for key in entries), default=-1)
        return tuple(_read(arguments[0], str(index), entries) for index in range(count))
    if dataclasses.is_dataclass(kind):
        return from_arrays(typing.cast(type, kind), part_of(arrays, f"{name}."))
    return _read_leaf(kind, arrays[name])


def _read_mapping(kind: Any, entries: StateDict) -> dict[str, Any]:
    if typing.get_origin(kind) is np.ndarray or kind is np.ndarray:
        return entries
    return {key: _read(kind, key, entries) for key in dict.fromkeys(name.partition(".")[0] for name in entries)}


def _read_leaf(kind: Any, array: np.ndarray) -> Any:
    if kind is str:
        return array.tobytes().decode()
    if kind in (float, int, bool):
        return kind(array.item())
    return array
