"""Read JSON from outside: strict, and bounded in depth, length and numbers."""

from __future__ import annotations

import json
import math
from typing import Any

DEPTH_LIMIT = 32  # lists and tables within each other
ITEM_LIMIT = 1 << 20  # entries of a list or table
INTEGER_LIMIT = 1 << 64  # no value of any format is as large
_DIGITS_LIMIT = 20  # of an integer


def parse(data: bytes | str, *, depth: int = DEPTH_LIMIT, items: int = ITEM_LIMIT, finite: bool = True) -> Any:
    """Return what a JSON text holds; without `finite`, NaN and Infinity are numbers too.

    Raises ValueError, with the reason, if it is not UTF-8 or not JSON, holds a name twice, a number
    that is not finite or too large, or more levels or entries than `depth` and `items`.

    >>> parse('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    text = data if isinstance(data, str) else data.decode("utf-8")
    try:
        constant = _refuse if finite else float
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=constant, parse_int=_integer, parse_float=_finite
        )
    except RecursionError:
        raise ValueError(f"it is nested more than {depth} deep") from None
    _check_extent(value, depth, items)
    return value


def _check_extent(value: Any, depth: int, items: int) -> None:
    level = [value]
    for _ in range(depth + 1):
        holders = [each for each in level if isinstance(each, list | dict)]
        if not holders:
            return
        longest = max(map(len, holders))
        if longest > items:
            raise ValueError(f"it has {longest} entries in a row, at most {items} are allowed")
        level = [item for each in holders for item in (each.values() if isinstance(each, dict) else each)]
    raise ValueError(f"it is nested more than {depth} deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name occurs twice")
    return table


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _integer(text: str) -> int:
    if len(text) > _DIGITS_LIMIT + 1 or abs(int(text)) >= INTEGER_LIMIT:
        raise ValueError(f"a whole number of {len(text)} digits is too large")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value
