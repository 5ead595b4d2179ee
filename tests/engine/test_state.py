"""States become named arrays and come back as they were."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load, save

from distill_engine.state import StateDict, from_arrays, part_of, to_arrays


@dataclass(frozen=True)
class Inner:
    phase: float
    memory: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Outer:
    count: int
    on: bool
    name: str
    last: float | None
    names: tuple[str, ...]
    inner: Inner
    absent: Inner | None
    rows: tuple[Inner, ...]
    arrays: tuple[npt.NDArray[np.float64], ...]
    network: dict[str, npt.NDArray[np.float32]]
    slots: dict[str, Inner]
    sources: dict[str, StateDict] = field(default_factory=dict)


def _inner(phase: float) -> Inner:
    return Inner(phase, np.arange(3, dtype=np.float32) + np.float32(phase))


def _outer() -> Outer:
    return Outer(
        count=2**40,
        on=True,
        name="Übergang/ä",
        last=None,
        names=("/distill/gain", "a\nb"),
        inner=_inner(0.1),
        absent=None,
        rows=(_inner(1.0), _inner(2.0)),
        arrays=(np.zeros((2, 3)), np.zeros(0)),
        network={"blocks.0.conv": np.ones((1, 2), np.float32), "head": np.zeros(1, np.float32)},
        slots={"0": _inner(3.0), "2": _inner(4.0)},
        sources={"drift": {"phase": np.asarray(0.5)}},
    )


def test_a_state_comes_back_through_a_file_as_it_was() -> None:
    state = _outer()
    arrays = to_arrays(state)
    read = from_arrays(Outer, load(save({name: np.ascontiguousarray(value) for name, value in arrays.items()})))
    again = to_arrays(read)
    assert set(again) == set(arrays)
    for name, value in arrays.items():
        assert np.array_equal(again[name].reshape(value.shape), value), name
    assert read.count == 2**40
    assert read.on is True
    assert (read.name, read.last, read.names, read.absent) == (state.name, None, state.names, None)
    assert read.network.keys() == state.network.keys()


def test_names_say_where_a_value_belongs() -> None:
    names = set(to_arrays(_outer()))
    assert {"count", "inner.phase", "rows.1.memory", "network.blocks.0.conv", "slots.2.phase"} <= names
    assert not any(name.startswith("absent") or name == "last" for name in names)


def test_a_missing_entry_is_an_error() -> None:
    arrays = to_arrays(_outer())
    del arrays["inner.phase"]
    with pytest.raises(KeyError):
        from_arrays(Outer, arrays)


def test_what_no_field_may_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        to_arrays({"a": object()})


def test_a_part_is_found_by_its_prefix() -> None:
    assert part_of({"a.b": np.zeros(1), "ab": np.zeros(1)}, "a.").keys() == {"b"}


def test_the_types_of_a_class_are_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = to_arrays(_inner(0.1))
    read = from_arrays(Inner, arrays)
    monkeypatch.setattr(Inner, "__annotations__", {"phase": "unknown", "memory": "unknown"})
    assert from_arrays(Inner, arrays).phase == read.phase == 0.1
