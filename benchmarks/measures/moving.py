"""Let the prior play for long while everything moves, and look for clicks and standstill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from measures.clicks import clicks

if TYPE_CHECKING:
    from distill_engine.synthesis.instrument import Instrument
    from distill_engine.synthesis.synth import Synth
    from distill_engine.vocabulary.rows import Parameter

BLOCK, BLOCKS = 8, 108
"""Hops of a block; blocks that are looked at together, 10 s."""
MOVING_SHARE = 0.4
"""Share of the blocks in which a parameter moves, to a random place within its range."""
PRIOR = ("temperature", "top_p", "novelty", "rate", "radius", "hold")
OTHERS = ("map/x", "map/y", "map/amount", "codes/level/0", "codes/shift/0")


def moving_parameters(instrument: Instrument) -> list[Parameter]:
    """Return the parameters that move: the prior's, the codes', the map's point and the controls."""
    from distill_engine.vocabulary.table import PARAMETERS, index_of

    names = [f"prior/{name}" for name in PRIOR] + list(OTHERS)
    names += [f"control/{index}" for index in range(len(instrument.control_names))]
    return [PARAMETERS[index_of(f"/distill/{name}")] for name in names]


def moved_parts(synth: Synth, parts: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the sound [T] in parts of 10 s, while its parameters move."""
    moving, rng = moving_parameters(synth.pool.instrument), np.random.default_rng(seed)
    for _ in range(parts):
        blocks = []
        for _ in range(BLOCKS):
            if rng.random() < MOVING_SHARE:
                one = moving[rng.integers(len(moving))]
                synth.set(one.address, float(rng.uniform(one.minimum, one.maximum)), float(rng.uniform(0.0, 1.0)))
            blocks.append(synth.render(BLOCK).mean(axis=0))
        yield np.concatenate(blocks)


def play_moving(model: Path, minutes: float, seed: int = 0) -> dict[str, float]:
    """Return the figures of so many minutes: clicks, steps between samples, standstill."""
    from distill_engine.synthesis.instrument import prepare_instrument
    from distill_engine.synthesis.synth import Synth

    synth = Synth(prepare_instrument(model), source="prior", seed=seed, block=BLOCK)
    parts, found, step, silent, last = max(1, round(6 * minutes)), 0, 0.0, 0, 0.0
    for part in moved_parts(synth, parts, seed):
        found += len(clicks(part))
        step = max(step, float(np.abs(np.diff(part, prepend=last)).max()))
        silent += int(np.abs(part).max() < 1e-4)
        last = float(part[-1])
    return {"minutes": parts / 6, "largest_step": step, "clicks": found, "silent": silent, "moved": synth.prior.moved}
