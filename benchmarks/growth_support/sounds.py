"""A corpus of any length, made by formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from measures.synthetic import RATE, synthetic_sound

LONGEST_SECONDS = 20
"""Of one file."""
FEWEST = 6
"""Files of a corpus."""


def write_corpus(folder: Path, minutes: float, count: int | None = None) -> int:
    """Write files of equal length, no two alike; return their size in bytes.

    Their number is `count`; without one it is FEWEST or more, none longer than LONGEST_SECONDS.
    """
    folder.mkdir()
    count = count or max(FEWEST, round(minutes * 60 / LONGEST_SECONDS))
    rng = np.random.default_rng(0)
    for number in range(count):
        samples = synthetic_sound(rng, round(minutes * 60 / count * RATE))
        soundfile.write(folder / f"{number:05d}.wav", samples, RATE, subtype="PCM_16")
    return sum(path.stat().st_size for path in folder.iterdir())
