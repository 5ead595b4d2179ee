"""What a program hands over, checked: each error says what came and what is expected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.errors import ArgumentError

LARGEST = float(np.finfo(np.float32).max)


def checked_array(values: npt.ArrayLike, name: str, shape: tuple[int | str, ...]) -> npt.NDArray[np.float32]:
    """Return finite numbers as float32 of a shape [...]; a letter in `shape` stands for any length.

    Raises:
        ArgumentError: for anything else.
    """
    wanted = f"[{', '.join(map(str, shape))}]"
    try:
        given = np.asarray(values)
    except (ValueError, TypeError):
        raise ArgumentError(f"{name}: rows of different lengths: expected an array {wanted}") from None
    except RuntimeError:  # a tensor of torch that is not detached, or on another device
        kind = type(values).__name__
        raise ArgumentError(f"{name}: {kind} does not become an array: expected float32 {wanted}") from None
    if given.dtype.kind not in "fiu":
        kind = type(values).__name__ if given.dtype.kind == "O" else given.dtype.name
        raise ArgumentError(f"{name}: {kind} is not an array of numbers: expected float32 {wanted}")
    fits = len(given.shape) == len(shape) and all(
        isinstance(want, str) or have == want for have, want in zip(given.shape, shape, strict=True)
    )
    if not fits:
        raise ArgumentError(f"{name}: the shape is {list(given.shape)}: expected {wanted}")
    if not np.isfinite(given).all():
        raise ArgumentError(f"{name}: holds values that are not numbers (NaN or infinity): expected finite {wanted}")
    if given.size and np.abs(given.astype(np.float64)).max() > LARGEST:
        raise ArgumentError(f"{name}: holds values beyond those of float32: expected float32 {wanted}")
    return np.ascontiguousarray(given, np.float32)


def checked_samples(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return mono samples [T], full scale 1.0, as float32.

    Raises:
        ArgumentError: for anything else; an array of whole numbers has another full scale.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        raise ArgumentError(f"samples: {values.dtype}: expected float32 [T], full scale 1.0: divide by its full scale")
    return checked_array(values, "samples", ("T",))


def checked_number(value: object, name: str) -> float:
    """Return a number. Raises ArgumentError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise ArgumentError(f"{name}: {value!r} is not a number")
    return float(value)


def checked_whole(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`. Raises ArgumentError for anything else."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= int(value) <= high:  # type: ignore[call-overload]
        raise ArgumentError(f"{name}: {value!r}: expected a whole number, {low} to {high}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def checked_values(values: object, name: str) -> dict[str, float]:
    """Return numbers by name; None has none. Raises ArgumentError for anything else."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ArgumentError(f"{name}: {type(values).__name__}: expected numbers by name, such as {{'brightness': 0.5}}")
    return {checked_text(key, f"a name in {name}"): checked_number(one, str(key)) for key, one in values.items()}


def checked_text(value: object, name: str) -> str:
    """Return a text. Raises ArgumentError for anything else."""
    if not isinstance(value, str):
        raise ArgumentError(f"{name}: {value!r}: expected a text")
    return value


def checked_path(value: object, name: str) -> Path:
    """Return a path. Raises ArgumentError for what is none."""
    if not isinstance(value, str | os.PathLike):
        raise ArgumentError(f"{name}: {value!r}: expected a path")
    return Path(value)


def checked_function(value: Any, name: str) -> Any:
    """Return what can be called. Raises ArgumentError for anything else."""
    if not callable(value):
        raise ArgumentError(f"{name}: {value!r}: expected a function")
    return value
