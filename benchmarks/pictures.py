"""Spectrograms for people who would rather look: a clip of the corpus, its reconstruction, a performance -> docs/starter.png.

    python benchmarks/pictures.py [--model MODEL] [-o docs/starter.png]

It also prints what the sound of a performance must satisfy: level, DC, largest step between samples, bandwidth.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from build_assets import CORPUS

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.library.assets import starter_path
from distill_engine.rendering.analysing import loudness_db

FIGURES = ("corpus", "reconstruction", "performance")


def sounds(model: Path, clip: Path, folder: Path) -> dict[str, np.ndarray]:
    """The three sounds, made with the commands that a user would type."""
    run = [sys.executable, "-m", "distill_control.cli.main"]
    copy, play = folder / "copy.wav", folder / "play.wav"
    subprocess.run([*run, "resynth", str(model), str(clip), "-o", str(copy)], check=True)
    subprocess.run([*run, "render", str(model), "-o", str(play), "--duration", "20", "--seed", "8"], check=True)
    found = {}
    for name, path in zip(FIGURES, (clip, copy, play), strict=True):
        samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
        found[name] = samples.mean(axis=1)
    return found


def figures(samples: np.ndarray) -> dict[str, float]:
    """Gated RMS (dB), DC, largest step between samples, the frequency below which 99.9 % of the energy of the loudest frames lies."""
    spectrum = (
        np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(samples, 4096)[::2048] * np.hanning(4096))) ** 2
    )
    mean = 10 * np.log10(spectrum.mean(0) + 1e-12)
    audible = np.flatnonzero(mean > mean.max() - 90)
    return {
        "level_db": loudness_db(samples[None]),
        "peak_db": float(20 * np.log10(np.abs(samples).max() + 1e-12)),
        "dc": float(samples.mean()),
        "largest_step": float(np.abs(np.diff(samples)).max()),
        "band_khz": float(audible[-1] * 44.1 / 4096) if len(audible) else 0.0,
    }


def draw(found: dict[str, np.ndarray], target: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(found), 1, figsize=(11, 8), constrained_layout=True)
    for axis, (name, samples) in zip(axes, found.items(), strict=True):
        mel = mel_spectrogram(samples)
        axis.imshow(
            mel, origin="lower", aspect="auto", vmin=-9, vmax=1, cmap="magma", extent=(0, len(samples) / 44100, 0, 128)
        )
        axis.set(title=name, ylabel="mel band")
    axes[-1].set_xlabel("seconds")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--clip", type=Path, default=CORPUS / "sonicpi_cc0" / "guit_em9.flac")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/starter.png"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sounds(args.model or starter_path(), args.clip, Path(folder))
    draw(found, args.output)
    for name, samples in found.items():
        print(name, {key: round(value, 4) for key, value in figures(samples).items()})


if __name__ == "__main__":
    main()
