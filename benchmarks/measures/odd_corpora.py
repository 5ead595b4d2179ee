"""Corpora that no one plans for, made by formula: many files, and one long recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from measures.synthetic import RATE, synthetic_sound

ODD = {"500 files": (500, 1.0), "40 minutes": (1, 2400.0)}
"""Number of files and seconds of each, by name."""
NOTE_SECONDS = (1.0, 4.0)
"""Shortest and longest sound of a recording."""


def write_odd_corpus(name: str, folder: Path) -> Path:
    """Write the corpus `name` into a folder below `folder`; return it."""
    target, (count, seconds) = folder / name.replace(" ", "-"), ODD[name]
    target.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    for number in range(count):
        notes, left = [], round(seconds * RATE)
        while left > 0:
            notes.append(synthetic_sound(rng, min(left, round(rng.uniform(*NOTE_SECONDS) * RATE))))
            left -= len(notes[-1])
        soundfile.write(target / f"{number:03d}.wav", np.concatenate(notes), RATE, subtype="PCM_16")
    return target


def pieces_of(clips: list[np.ndarray], seconds: float = 20.0) -> list[np.ndarray]:
    """Cut clips [T] into pieces of this length at most, so that they can be compared with each other."""
    step = round(seconds * RATE)
    return [clip[start : start + step] for clip in clips for start in range(0, len(clip), step)]
