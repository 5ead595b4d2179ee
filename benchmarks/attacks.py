"""Measure how sharp attacks stay: levels around the onsets of a corpus, copied through vocoders.

    python benchmarks/attacks.py [--corpus DIR]

An onset is a rise of 20 dB within 5 ms. The level (3 ms smoothed) is given in dB of the attack's
own peak, from 20 ms before the onset to 20 ms after it: medians over all onsets. Sound before an
onset that the original does not have is a dull, early attack.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.benchmark import Benchmark, Column, Pivot, Run, Table
from harness.repository import CORPUS

if TYPE_CHECKING:
    from measures.vocoders import Vocode

AROUND_MS = (-20, -10, -5, -2, 0, 2, 5, 10, 20)
RISE_DB, LOUD_DB = 20.0, -35.0
"""Least rise of an onset, and the least level that it reaches."""
WITHIN, APART, MARGIN = 220, 4410, 2500
"""Samples in which it rises, between two onsets, and from the ends of a clip."""
SECONDS = 4
ITSELF = "itself"
BENCHMARK = Benchmark(
    "attacks",
    "Attacks: levels around onsets",
    [
        Table(
            "levels",
            "Level in dB of the attack's peak around the onsets of a corpus; medians over all onsets.",
            (
                Column("corpus", "corpus"),
                Column("onsets", "onsets", "d"),
                Column("what", "copied through"),
                Column("ms", "ms", "+d"),
                Column("level_db", "level, dB", ".1f"),
            ),
            key=("corpus", "what"),
            pivot=Pivot("ms", "{:+d} ms", "{level_db:.1f}", ("corpus", "onsets", "what")),
        )
    ],
)


def level_db(samples: np.ndarray) -> np.ndarray:
    """Return the level [T] in dB of samples [T], over a Hann window of 128."""
    window = np.hanning(128)
    power: np.ndarray = np.convolve(samples.astype(np.float64) ** 2, window / window.sum(), "same")
    return np.asarray(10 * np.log10(power + 1e-9))


def onsets(level: np.ndarray) -> list[tuple[int, float]]:
    """Return sample and peak (dB) of each onset.

    An onset lies where the level comes within 10 dB of the peak that it reaches in 10 ms.
    """
    rise, found, at = level[WITHIN:] - level[:-WITHIN], [], 0
    while at < len(rise):
        if rise[at] < RISE_DB or level[at + WITHIN] < LOUD_DB:
            at += 1
            continue
        stretch = level[at : at + 2 * WITHIN]
        onset = at + int(np.argmax(stretch > stretch.max() - 10))
        if MARGIN < onset < len(level) - MARGIN:
            found.append((onset, float(stretch.max())))
        at += APART
    return found


def levels_around(corpus: Path, runs: dict[str, Vocode]) -> dict[str, list[list[float]]]:
    """Return the levels (dB of the peak) at AROUND_MS of every onset, itself and by vocoder."""
    from distill_engine.audio.mel import mel_spectrogram
    from distill_engine.dataset.corpus import load_corpus

    levels: dict[str, list[list[float]]] = {name: [] for name in (ITSELF, *runs)}
    steps = [round(ms * 44.1) for ms in AROUND_MS]
    for clip in load_corpus(corpus, seed=0).clips:
        samples = np.pad(clip.samples[: SECONDS * 44100], (4096, 4096))
        samples = np.asarray(samples[: len(samples) // 512 * 512], np.float32)
        found = onsets(level_db(samples))
        mel = mel_spectrogram(samples) if found else None
        for name, rows in levels.items():
            if mel is not None:
                level = level_db(samples if name == ITSELF else runs[name](mel))
                rows.extend([level[at + step] - peak for step in steps] for at, peak in found)
    return levels


def measure(run: Run, corpus: Path) -> None:
    """Fill the table of one corpus."""
    from measures.vocoders import base_vocoders, griffin_lim

    base = {f"base {kind}": vocoder for kind, vocoder in base_vocoders().items()}
    for name, rows in levels_around(corpus, {"Griffin-Lim 60": griffin_lim} | base).items():
        medians = np.median(rows, axis=0)
        for ms, level in zip(AROUND_MS, medians, strict=True):
            run.row("levels", corpus=corpus.name, onsets=len(rows), what=name, ms=ms, level_db=round(float(level), 1))


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS / "sonicpi_cc0")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with BENCHMARK.run(options) as run:
        measure(run, options.corpus)


if __name__ == "__main__":
    main()
