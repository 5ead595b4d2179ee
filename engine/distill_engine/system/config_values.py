"""Check the values of a config from a file before use: a stranger may have written any."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

MAX_NUMBER = 1 << 20  # largest rate, frequency or other number
MAX_SIZE = 4096  # largest number of channels, blocks, kernels and the like
MAX_ITEMS = 64  # of a list
MAX_NUMBERS = 1 << 25  # of a network whose weights are not in the file: 128 MiB


def misfit(kind: Any, values: Mapping[str, Any]) -> str:
    """Return the name of the first value of another type or of no plausible size; "" if all fit.

    `kind` is a dataclass. The default of a field says what fits it: one above 256 allows numbers up
    to MAX_NUMBER, a smaller one those up to MAX_SIZE.
    """
    for field in fields(kind):
        default = field.default if field.default is not MISSING else None
        if field.name in values and not _fits(values[field.name], default):
            return field.name
    return ""


def _fits(value: Any, default: Any) -> bool:
    """Return whether a value from JSON has the default's type and a plausible size."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, str):
        return isinstance(value, str) and len(value) < 100
    if isinstance(default, tuple):
        items = isinstance(value, list | tuple) and 0 < len(value) <= MAX_ITEMS
        return items and all(_fits(item, default[0]) for item in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER
    if isinstance(default, int):
        return type(value) is int and 0 < value <= (MAX_NUMBER if default > 256 else MAX_SIZE)
    return value is None or isinstance(value, int | float | str)
