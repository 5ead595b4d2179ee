"""Which values the files of a batch get."""

import numpy as np
import pytest

from distill_engine.errors import ConfigError
from distill_engine.rendering.batches.variations import Varied, variations
from distill_engine.vocabulary.rows import SEED_LIMIT

TWO = (Varied("brightness", -1.0, 1.0), Varied("map/x", 0.0, 0.5))


def test_a_hypercube_takes_every_part_of_each_range_once() -> None:
    found = variations(50, 7, TWO)
    assert [one.seed for one in found] == list(range(7, 57))
    for one in TWO:
        parts = [(variation.values[one.name] - one.low) / (one.high - one.low) * 50 for variation in found]
        assert sorted(np.floor(parts)) == list(range(50))
    assert found == variations(50, 7, TWO)
    assert found[0].values != variations(50, 8, TWO)[0].values


def test_a_grid_has_all_combinations_and_says_which_counts_fit() -> None:
    found = variations(9, 0, TWO, grid=True)
    assert len({tuple(one.values.values()) for one in found}) == 9
    assert found[0].values == {"brightness": -1.0, "map/x": 0.0}
    assert found[-1].values == {"brightness": 1.0, "map/x": 0.5}
    with pytest.raises(ConfigError, match=r"does not have 10 points: give --count 4, 9, 16 \.\.\."):
        variations(10, 0, TWO, grid=True)


def test_without_varied_names_only_the_seed_differs() -> None:
    assert [one.values for one in variations(3, 1, ())] == [{}, {}, {}]
    with pytest.raises(ConfigError, match="begin with a lower --seed"):
        variations(3, SEED_LIMIT - 1, ())
    with pytest.raises(ConfigError, match="varied twice"):
        variations(3, 1, (*TWO, TWO[0]))
