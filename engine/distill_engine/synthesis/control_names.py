"""Match named controls by name across models that order them differently.

Control numbers follow the model in slot 0. Voices of other models receive each control's value by
its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.steering import HopValues
from distill_engine.system.names import normalised, printable_line
from distill_engine.vocabulary.table import CONTROL_COUNT

Names = tuple[str, ...]


@lru_cache(maxsize=64)
def positions(names: Names, others: Names) -> tuple[int | None, ...]:
    """Return for each of `names` its index among `others`, None if it is absent."""
    return tuple(others.index(name) if name in others else None for name in names)


def moves(before: Names, now: Names) -> Sequence[int | None]:
    """Return for each control number of the new model the number that its control had before.

    `before` and `now` are the control names of the two models. New controls give None. The result
    has CONTROL_COUNT entries.
    """
    found = positions(now, before)
    return [*found, *[None] * (CONTROL_COUNT - len(found))][:CONTROL_COUNT]


def remap_controls(own: Names, names: Names, values: HopValues, last: Float64Array) -> HopValues:
    """Reorder named controls from the order of slot 0's model (`names`) to this model's (`own`).

    Controls that `names` lacks take their value from `last` [n], or 0 beyond its end.
    """
    if own == names:
        return values
    kept = (*last, *[0.0] * len(own))
    controls = [kept[i] if at is None else values.controls[at] for i, at in enumerate(positions(own, names))]
    return replace(values, controls=np.array(controls, np.float64))


def control_index(instrument: Instrument, name: str) -> int:
    """Return the index of a named control.

    Raises ControlError with the known names, or with the reason why the model does not offer it.
    """
    name, names = normalised(name), instrument.control_names
    if name not in names:
        if name in instrument.withheld:
            raise ControlError(f"control {name!r} is not offered: {printable_line(instrument.withheld[name])}")
        known = ", ".join(names) if names else "none yet (run `distill analyse`)"
        raise ControlError(f"control {name!r}: the model has {known}")
    return names.index(name)
