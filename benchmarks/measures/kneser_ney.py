"""Interpolated Kneser-Ney: a Markov model of variable order, to hold the prior against.

Counts of long contexts lose a share each, which goes to the next shorter context; those of shorter
ones are of kinds, not of places (Chen and Goodman 1999, section 2.7). The share is estimated from
how many were met once and twice, per order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

START = -1  # before a clip begins


class KneserNey:
    """Probabilities of the next number, given up to `order` before it; `end` is where a clip ends."""

    def __init__(self, clips: Sequence[Sequence[int]], end: int, order: int) -> None:
        self._end, self._order = end, order
        self._counts: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(order + 1)]
        for clip in clips:
            for context, found in self._pairs(clip):
                self._counts[order][context][found] += 1
        for length in range(order, 0, -1):
            for context, counts in self._counts[length].items():
                for found in counts:
                    self._counts[length - 1][context[1:]][found] += 1
        self._taken = [self._estimate(list(counts.values())) for counts in self._counts]

    def _pairs(self, clip: Sequence[int]) -> list[tuple[tuple[int, ...], int]]:
        text = [START] * self._order + [*clip, self._end]
        return [(tuple(text[at - self._order : at]), text[at]) for at in range(self._order, len(text))]

    @staticmethod
    def _estimate(counts: list[Counter[int]]) -> float:
        once, twice = (sum(value == times for one in counts for value in one.values()) for times in (1, 2))
        return once / (once + 2 * twice) if once else 0.5

    def probability(self, context: tuple[int, ...], found: int) -> float:
        """Return the probability of a number after a context of at most `order` numbers."""
        wider = self.probability(context[1:], found) if context else 1.0 / (self._end + 1)
        counts = self._counts[len(context)].get(context)
        if counts is None:
            return wider
        taken = self._taken[len(context)]
        return (max(counts[found] - taken, 0.0) + taken * len(counts) * wider) / counts.total()

    def nats(self, clips: Sequence[Sequence[int]]) -> float:
        """Return the mean information in nats of the numbers of clips, and of their ends."""
        shares = [self.probability(*pair) for clip in clips for pair in self._pairs(clip)]
        return float(-np.log(shares).mean())
