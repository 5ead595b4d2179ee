"""Are attacks as sharp as they were? Levels around the onsets of a corpus, copied through Griffin-Lim and the base vocoders.

    python benchmarks/attacks.py [--corpus DIR] [--json FILE]

An onset is a rise of 20 dB within 5 ms. The level (3 ms smoothed) is given in dB of the attack's own peak, from 20 ms before the
onset to 20 ms after it: medians over all onsets. Sound before an onset that the original does not have is a dull, early attack.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
from build_assets import CORPUS
from machine import machine
from quality import Vocode, base_vocoders, griffin_lim

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.dataset.corpus import load_corpus

AROUND_MS = (-20, -10, -5, -2, 0, 2, 5, 10, 20)
RISE_DB, LOUD_DB, WITHIN, APART, MARGIN = 20.0, -35.0, 220, 4410, 2500
SECONDS = 4


def level_db(samples: np.ndarray) -> np.ndarray:
    """Level at every sample, over a Hann window of 128."""
    window = np.hanning(128)
    power: np.ndarray = np.convolve(samples.astype(np.float64) ** 2, window / window.sum(), "same")
    return np.asarray(10 * np.log10(power + 1e-9))


def onsets(level: np.ndarray) -> list[tuple[int, float]]:
    """(sample, peak in dB) of each: where the level comes within 10 dB of the peak that it reaches in 10 ms."""
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


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS / "sonicpi_cc0")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    base = {f"base {kind}": run for kind, run in base_vocoders().items()}
    runs: dict[str, Vocode] = {"Griffin-Lim 60": griffin_lim} | base
    levels: dict[str, list[list[float]]] = {name: [] for name in ("itself", *runs)}
    steps = [round(ms * 44.1) for ms in AROUND_MS]
    for clip in load_corpus(args.corpus, seed=0).clips:
        samples = np.pad(clip.samples[: SECONDS * 44100], (4096, 4096))
        samples = np.asarray(samples[: len(samples) // 512 * 512], np.float32)
        found = onsets(level_db(samples))
        mel = mel_spectrogram(samples) if found else None
        for name, rows in levels.items():
            if mel is not None:
                level = level_db(samples if name == "itself" else runs[name](mel))
                rows.extend([level[at + step] - peak for step in steps] for at, peak in found)
    medians = {name: np.median(rows, axis=0).round(1).tolist() for name, rows in levels.items()}
    print(f"{len(levels['itself'])} onsets of {args.corpus.name}, {machine()}\n")
    print(f"| dB of the attack's peak | {' | '.join(f'{ms:+d} ms' if ms else 'onset' for ms in AROUND_MS)} |")
    print("|---|" + len(AROUND_MS) * "---|")
    for name, row in medians.items():
        print(f"| {name} | {' | '.join(f'{value:.1f}' for value in row)} |")
    if args.json:
        args.json.write_text(json.dumps({"machine": machine(), "around_ms": AROUND_MS, "levels": medians}, indent=1))


if __name__ == "__main__":
    main()
