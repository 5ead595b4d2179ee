"""Sound that a program hands over, checked: each error says what came and what is expected."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.resampling import resample
from distill_engine.errors import ArgumentError
from distill_engine.system.checked_values import checked_samples
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ


def checked_sound(samples: npt.ArrayLike, rate: float | None, model_rate: int, least: int = 1) -> Float32Array:
    """Return mono samples [T] at the model's rate, resampled from `rate` in Hz if one is given.

    Raises:
        ArgumentError: for other shapes or values, a rate out of range, or fewer than `least`.
    """
    sound = checked_samples(samples)
    low, high = RENDER_RATES_HZ
    plain = isinstance(rate, int | float | np.number) and not isinstance(rate, bool)
    if rate is not None and not (plain and math.isfinite(rate) and low <= rate <= high):
        raise ArgumentError(f"rate {rate!r}: expected a number of Hz, {low} to {high}")
    if rate is not None and round(rate) != rate:
        raise ArgumentError(f"rate {rate!r}: expected a whole number of Hz")
    if rate is not None and rate != model_rate:
        sound = resample(sound[None], int(rate), model_rate)[0]
    if len(sound) < least:
        raise ArgumentError(f"samples: {len(sound)} at {model_rate} Hz: expected at least {least}")
    return sound
