"""Streaming states as values, and their form in a file: named arrays.

A class that streams keeps its state in a dataclass. `state()` returns it; `restore(state)`
continues from it. `to_arrays` flattens such a dataclass into arrays under dotted names.
`from_arrays` reads it back by the types of the fields:

    float, int, bool, str       one number, or UTF-8 bytes
    NDArray                     an array of any shape, unchanged
    tuple[str, ...]             UTF-8 bytes of a JSON list
    tuple[X, ...]               entries "0", "1", ...
    dict[str, NDArray]          entries under their own names, including dots (network states)
    dict[str, X]                entries under names without dots
    X | None                    no entry if the value is None
    a dataclass                 its fields
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

StateDict = dict[str, np.ndarray]
"""Named arrays, ready to be stored."""

LARGEST = 1e12  # magnitude that a value of a state may have; the states of networks are not bounded

T = TypeVar("T")

_hints: Callable[[Any], dict[str, Any]] = functools.cache(typing.get_type_hints)  # evaluating them takes long


def altered(value: T, **fields: Any) -> T:
    """Return a copy of a dataclass whose `fields` have other values.

    It takes a tenth of the time of `dataclasses.replace`, since no initialisation runs: for
    dataclasses without `__post_init__`, once a hop and voice.
    """
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__, **fields)
    return copy


def part_of(state: Mapping[str, np.ndarray], prefix: str) -> StateDict:
    """Return the entries of `state` whose names begin with `prefix`, with the prefix removed.

    The arrays have any shape [...] and are not copied.
    """
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def to_arrays(state: Any) -> StateDict:
    """Flatten a dataclass or mapping into arrays under dotted names.

    Raises TypeError for a value of any other type than those listed above.

    >>> state = {"level": 0.5, "slots": ({"memory": np.zeros(2)}, {"memory": np.ones(2)})}
    >>> {name: array.tolist() for name, array in to_arrays(state).items()}
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
    """Read a dataclass of type `kind` from named arrays of any shape [...].

    Raises:
        KeyError: if an entry is missing.
        ValueError, TypeError: if an entry has the wrong shape or type.
    """
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        found = _read(hints[field.name], field.name, arrays)
        if found is None and field.default is not dataclasses.MISSING:
            found = field.default
        values[field.name] = found
    return kind(**values)


def _read(kind: Any, name: str, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the value of a field of type `kind`, read from the entries `name` and `name.*`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not type(None))
        present = name in arrays or any(key.startswith(f"{name}.") for key in arrays)
        return _read(inner, name, arrays) if present else None
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
    if array.dtype.kind == "f" and not (np.abs(array) <= LARGEST).all():
        raise ValueError("a state holds values that are not numbers, or too large")
    return kind(array.item()) if kind in (float, int, bool) else array
