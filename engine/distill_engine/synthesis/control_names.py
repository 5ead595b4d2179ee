"""Named controls keep their names: each voice hears the controls of the first place's model by name, whatever their numbers in its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.steering import HopValues
from distill_engine.vocabulary.table import CONTROL_COUNT

Names = tuple[str, ...]


@lru_cache(maxsize=64)
def positions(names: Names, others: Names) -> tuple[int | None, ...]:
    """For each of `names`, its place among `others`, or None."""
    return tuple(others.index(name) if name in others else None for name in names)


def moves(before: Names, now: Names) -> Sequence[int | None]:
    """For each control slot of another model, the slot that its control had; None for those that are new."""
    found = positions(now, before)
    return [*found, *[None] * (CONTROL_COUNT - len(found))][:CONTROL_COUNT]


def heard_by(own: Names, names: Names, values: HopValues, last: Float64Array) -> HopValues:
    """The values as a voice with the controls `own` hears them, where slots bear `names`. What has no slot stays as `last` [n] says."""
    if own == names:
        return values
    held = (*last, *[0.0] * len(own))
    controls = [held[i] if at is None else values.controls[at] for i, at in enumerate(positions(own, names))]
    return replace(values, controls=np.array(controls, np.float64))
