"""Write small corpora: five short clips of the shared corpus, or sounds made by formula."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from harness.repository import CORPUS
from measures.synthetic import RATE, bell, harmonic, noise, pluck, pulses, sweep

SHARED = CORPUS / "sonicpi_cc0"
FIVE = ("ambi_soft_buzz", "drum_cymbal_soft", "elec_blup", "elec_twang", "glitch_perc3")
Made = Callable[[np.random.Generator, int], npt.NDArray[np.float32]]
SYNTHETIC: dict[str, tuple[int, float, tuple[Made, ...]]] = {
    "tones": (401, 2.5, (harmonic, sweep, pluck)),
    "percussion": (402, 1.5, (noise, pulses, bell)),
}
"""Seed, seconds of a clip, and the sounds made in turn."""
CLIPS = 18
"""Clips of a corpus made by formula."""


def write_corpus(kind: str, folder: Path) -> Path:
    """Write the corpus "five", "tones" or "percussion" into a folder: the same files every time."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "five":
        for name in FIVE:
            shutil.copy(SHARED / f"{name}.flac", folder)
        return folder
    seed, seconds, makers = SYNTHETIC[kind]
    rng = np.random.default_rng(seed)
    for index in range(CLIPS):
        maker = makers[index % len(makers)]
        samples = maker(rng, int(seconds * RATE))
        soundfile.write(folder / f"{maker.__name__}_{index:02d}.flac", samples, RATE, "PCM_16")
    return folder
