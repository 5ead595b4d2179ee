"""Where sounds begin in a recording, to the millisecond: for single sounds and slices."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import power_to_db

STEP_SECONDS, BEFORE_STEPS = 0.002, 25  # the level is looked at every 2 ms, and compared with the last 50 ms
RISE_DB, FAINT_DB = 9.0, -36.0  # of an attack over what was before it; and its level against the peak, at least
APART_SECONDS = 0.06  # between two attacks, at least
EARLY_SECONDS = 0.003  # by which a cut lies before the attack


def onsets(samples: Float32Array, sample_rate: int) -> list[int]:
    """Return the samples at which the attacks of a sound [ch, T] begin, in order."""
    step = max(1, round(STEP_SECONDS * sample_rate))
    count = samples.shape[1] // step
    if not count:
        return []
    powers = np.square(samples[:, : count * step], dtype=np.float64).max(axis=0).reshape(count, step).mean(axis=1)
    levels = power_to_db(powers, least=1e-12)
    padded = np.concatenate([np.full(BEFORE_STEPS, levels[0] if levels[0] < FAINT_DB else -120.0), levels])
    before = np.lib.stride_tricks.sliding_window_view(padded, BEFORE_STEPS)[:-1].min(axis=1)
    rising = (levels - before >= RISE_DB) & (levels >= levels.max() + FAINT_DB)
    found: list[int] = []
    last = -round(APART_SECONDS * sample_rate)
    for index in np.flatnonzero(rising & ~np.concatenate([[False], rising[:-1]])).tolist():
        at = max(0, index * step - round(EARLY_SECONDS * sample_rate))
        if at - last >= APART_SECONDS * sample_rate:
            found.append(at)
            last = at
    return found
