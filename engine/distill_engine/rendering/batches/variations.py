"""Variations of a performance: which values each file of a batch gets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.errors import ConfigError
from distill_engine.system.names import printable_line
from distill_engine.vocabulary.rows import SEED_LIMIT

DECIMALS = 6  # of a drawn value, so that a manifest and a command line hold it exactly


@dataclass(frozen=True)
class Varied:
    """A name whose value differs from file to file, between `low` and `high`."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Variation:
    """One file of a batch: its seed, and the varied values by name."""

    seed: int
    values: dict[str, float]


def variations(count: int, seed: int, varied: Sequence[Varied], *, grid: bool = False) -> list[Variation]:
    """Return `count` variations with the seeds from `seed` on.

    The values are a Latin hypercube: each name's range is cut into `count` parts, and each part is
    taken once, at random (McKay, Beckman and Conover, 1979). With `grid` they are all combinations
    of equally many values from end to end.

    >>> two = [Varied("a", 0, 1), Varied("b", 5, 7)]
    >>> [one.values for one in variations(4, 0, two, grid=True)][1:3]
    [{'a': 0.0, 'b': 7.0}, {'a': 1.0, 'b': 5.0}]

    Raises:
        ConfigError: if the seeds run out, a name comes twice, or a grid has no `count` points.
    """
    if seed + count - 1 > SEED_LIMIT:
        raise ConfigError(f"seed {seed} with {count} files goes beyond {SEED_LIMIT}: begin with a lower --seed")
    names = [one.name for one in varied]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{printable_line(twice[0])} is varied twice: give one --vary for each name")
    if not varied:
        return [Variation(seed + index, {}) for index in range(count)]
    rows = _grid(count, len(varied)) if grid else _hypercube(count, len(varied), seed)
    low = np.array([one.low for one in varied])
    values = np.round(low + rows * (np.array([one.high for one in varied]) - low), DECIMALS)
    return [Variation(seed + index, dict(zip(names, map(float, row), strict=True))) for index, row in enumerate(values)]


def _hypercube(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Return points [count, dimensions] in 0 to 1."""
    draw = np.random.Generator(np.random.Philox(key=np.array([seed, count], np.uint64)))
    columns = [(draw.permutation(count) + draw.random(count)) / count for _ in range(dimensions)]
    return np.stack(columns, axis=1)


def _grid(count: int, dimensions: int) -> np.ndarray:
    """Return points [count, dimensions] in 0 to 1, the last dimension first."""
    steps = round(count ** (1.0 / dimensions))
    if steps**dimensions != count or steps < 2:
        fitting = ", ".join(str(n**dimensions) for n in range(max(2, steps - 1), max(2, steps - 1) + 3))
        raise ConfigError(f"a grid over {dimensions} names does not have {count} points: give --count {fitting} ...")
    axis = np.linspace(0.0, 1.0, steps)
    return np.array(list(itertools.product(axis, repeat=dimensions)))
