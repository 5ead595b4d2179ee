"""Loops: the place where the end of a sound goes over into an earlier place best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ConfigError

LEAST_SECONDS = 0.2  # of a sound that can loop
FADE_SHARE, MOST_FADE_SECONDS = 0.25, 0.25  # of the sound, and in all: the cross-fade at the seam


@dataclass(frozen=True)
class Loop:
    """A loop: samples from `start` up to `end`, which is not played."""

    start: int
    end: int


def looped(samples: Float32Array, sample_rate: int) -> tuple[Float32Array, Loop]:
    """Return samples [ch, T'] that loop without a seam, and the loop, which ends with them.

    The last part of the sound is cross-faded into what comes before the loop's start, so the sound
    at the end goes on as at the start. Of all places in the first half for that, the one is taken
    where both parts are most alike; the fade keeps the power for how alike they are.

    Raises ConfigError for a sound that is too short.
    """
    length = samples.shape[1]
    if length < LEAST_SECONDS * sample_rate:
        raise ConfigError(
            f"a sound of {length / sample_rate:.2f} s is too short to loop: give {LEAST_SECONDS} s and more"
        )
    fade = int(min(FADE_SHARE * length, MOST_FADE_SECONDS * sample_rate))
    last = samples[:, -fade:].astype(np.float64)
    earlier = samples[:, : length // 2 + fade].astype(np.float64)
    from scipy.signal import correlate  # takes long to load, and only a loop needs it

    alike = sum(correlate(line, end, "valid", "fft") for line, end in zip(earlier, last, strict=True))
    sums = np.cumsum(np.pad(np.square(earlier).sum(axis=0), (1, 0)))
    norms = np.sqrt(np.maximum((sums[fade:] - sums[:-fade]) * np.square(last).sum(), 1e-12))
    likeness = np.asarray(alike) / norms
    before = int(np.argmax(likeness))
    start = before + fade
    out = samples.copy()
    into = samples[:, before:start]
    rise = np.sin(np.linspace(0.0, np.pi / 2, fade, endpoint=False)) ** 2
    r = float(np.clip(likeness[before], 0.0, 1.0))
    level = np.sqrt((1 - rise) ** 2 + rise**2 + 2 * r * rise * (1 - rise))
    out[:, -fade:] = ((1 - rise) * last + rise * into) / level
    return out, Loop(start, length)
