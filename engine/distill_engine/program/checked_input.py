"""Arrays that a program hands over, checked: each error says what came and what is expected."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.resampling import resample
from distill_engine.errors import ArgumentError
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ


def checked_array(values: npt.ArrayLike, name: str, shape: tuple[int | str, ...]) -> Float32Array:
    """Return finite numbers as float32 of a shape [...]; a letter in `shape` stands for any length.

    Raises:
        ArgumentError: for anything else.
    """
    wanted = f"[{', '.join(map(str, shape))}]"
    try:
        given = np.asarray(values)
    except (ValueError, TypeError):
        raise ArgumentError(f"{name}: rows of different lengths: expected an array {wanted}") from None
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
    return np.ascontiguousarray(given, np.float32)


def checked_sound(samples: npt.ArrayLike, rate: float | None, model_rate: int, least: int = 1) -> Float32Array:
    """Return mono samples [T] at the model's rate, resampled from `rate` in Hz if one is given.

    Raises:
        ArgumentError: for other shapes or values, a rate out of range, or fewer than `least`.
    """
    sound = checked_array(samples, "samples", ("T",))
    low, high = RENDER_RATES_HZ
    if rate is not None and not (isinstance(rate, int | float) and math.isfinite(rate) and low <= rate <= high):
        raise ArgumentError(f"rate {rate!r}: expected a number of Hz, {low} to {high}")
    if rate is not None and round(rate) != rate:
        raise ArgumentError(f"rate {rate!r}: expected a whole number of Hz")
    if rate is not None and rate != model_rate:
        sound = resample(sound[None], int(rate), model_rate)[0]
    if len(sound) < least:
        raise ArgumentError(f"samples: {len(sound)} at {model_rate} Hz: expected at least {least}")
    return sound
