"""Positions of presets in their list: numbers, between which another finds room."""

import itertools
from collections.abc import Sequence

POSITION_LIMIT = 100_000  # from 0, either way


def room_at(positions: Sequence[float], at: int) -> tuple[int, list[float]]:
    """Make room for one more at index `at` of `positions`, which are in order.

    Return an index, and the positions from there on in the longer list: of the new one, and of
    those on either side that must give way because no number lies between them.

    >>> room_at([0, 1, 2], 1)
    (1, [0.5])
    >>> room_at([0, 1, 1, 3], 2)
    (1, [0.75, 1.5, 2.25])
    """
    width = 0
    while True:
        first, last = max(at - width, 0), min(at + width, len(positions))
        ends = positions[max(first - 1, 0) : first], positions[last : last + 1]
        places = _spread(*ends, last - first + 1)
        limits = [*ends[0], *places, *ends[1]]
        rises = all(before < after for before, after in itertools.pairwise(limits))
        fits = rises and all(abs(place) <= POSITION_LIMIT for place in places)
        if fits or width >= len(positions):
            return first, places
        width = 2 * width or 1


def _spread(before: Sequence[float], after: Sequence[float], count: int) -> list[float]:
    """Return `count` positions after the one of `before`, if any, and before that of `after`."""
    if before and after:
        step = (after[0] - before[0]) / (count + 1)
        return [before[0] + step * number for number in range(1, count + 1)]
    if before:
        return [before[0] + number for number in range(1, count + 1)]
    start = after[0] - count if after else 0
    return [start + number for number in range(count)]
