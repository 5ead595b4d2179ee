"""A search in steps finds what sorting all costs at once finds, and keeps no more than anyone draws from."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distill_engine.synthesis.sources.leap_search import MOST_CHOICES, SEARCH_HOPS, Query, Search
from distill_engine.synthesis.sources.pull import Pull


def _in_steps(costs: np.ndarray) -> Any:
    """A path whose frames have these costs [N], a part of them in each step."""
    rows = -(-len(costs) // SEARCH_HOPS)
    return SimpleNamespace(costs=lambda query, step: costs[step * rows : (step + 1) * rows])


@pytest.mark.parametrize(
    ("frames", "values"), [(1, 1), (5, 2), (37, 3), (700, 4), (4096, 1), (4096, 2), (6000, 40), (9001, 1 << 30)]
)
def test_every_number_of_choices_finds_the_least_by_cost_and_then_by_index(frames: int, values: int) -> None:
    rng = np.random.default_rng(frames + values)
    costs = rng.integers(0, values, frames) + np.where(rng.random(frames) < 0.3, float(1 << 50), 0.0)
    search = Search(_in_steps(costs), Query(0, None, 0, ()))
    for step in range(SEARCH_HOPS):
        assert search.steps == step
        assert not search.done
        search.step()
        assert len(search._costs) <= MOST_CHOICES
    assert search.done
    search.step()
    ordered = np.argsort(costs, kind="stable")
    for choices in range(1, MOST_CHOICES + 1):
        least = ordered[:choices]
        for draw in (0.0, 0.31, 0.77, np.nextafter(1.0, 0.0), 1.0):
            assert search.choose(choices, draw) == least[min(int(draw * len(least)), len(least) - 1)]


def test_no_reach_draws_from_more_than_a_search_keeps() -> None:
    assert [Pull(1.0, reach=reach).choices for reach in (0.0, 0.25, 0.75, 1.0)] == [1, 8, 512, MOST_CHOICES]
