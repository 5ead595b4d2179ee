"""The processes that torchrun starts together, as their environment names them. Needs no torch."""

from __future__ import annotations

import os

from distill_engine.errors import ConfigError


def place_in_group() -> tuple[int, int]:
    """Return the number of this process, from 0, and how many there are: 0 and 1 without torchrun.

    Raises ConfigError for RANK and WORLD_SIZE that are no such numbers.
    """
    words = os.environ.get("RANK", "0"), os.environ.get("WORLD_SIZE", "1")
    try:
        rank, world = map(int, words)
    except ValueError:
        rank, world = 0, 0
    if not 0 <= rank < world:
        raise ConfigError(f"RANK={words[0]} and WORLD_SIZE={words[1]}: unset both, or let torchrun set them")
    return rank, world


def need_one_process(what: str) -> None:
    """Check that torchrun did not start several processes of `what`, which works in one.

    Raises ConfigError.
    """
    _, world = place_in_group()
    if world > 1:
        raise ConfigError(
            f"{what} works in one process, and torchrun started {world}: it takes a minute, so run it without "
            "torchrun. A model's vocoder takes longer: `distill train-vocoder` can be started by torchrun afterwards"
        )
