"""Draw docs/starter.png, render docs/starter.ogg, and measure the sound of a performance.

    python benchmarks/pictures.py [--model MODEL] [-o docs/starter.png]

The picture shows the spectrograms of a clip of the corpus, its reconstruction and a performance.
The sound, beside the picture, is the beginning of that performance. The figures are what the sound
of a performance must satisfy: level, DC, largest step between samples, bandwidth.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from harness.benchmark import Benchmark, Column, Table
from harness.repository import CORPUS, ROOT

SOUNDS = ("corpus", "reconstruction", "performance")
RATE = 44100
SOUND_SECONDS = 11
"""Of the performance, in the sound that README links to: less than 300 kB."""
AUDIBLE_DB = 90.0
"""Below the loudest frequency, what counts to the bandwidth."""
BENCHMARK = Benchmark(
    "pictures",
    "Pictures: the sound of a performance",
    [
        Table(
            "sounds",
            "Gated RMS, peak, DC, largest step between samples, the highest audible frequency.",
            (
                Column("sound", "sound"),
                Column("level_db", "level, dB", ".1f"),
                Column("peak_db", "peak, dB", ".1f"),
                Column("dc", "DC", ".5f"),
                Column("largest_step", "largest step", ".3f"),
                Column("band_khz", "band, kHz", ".0f"),
            ),
            key=("sound",),
        )
    ],
)


def sounds(model: Path, clip: Path, folder: Path) -> dict[str, np.ndarray]:
    """Return the three sounds [T]."""
    import soundfile

    copy, play = folder / "copy.wav", folder / "play.wav"
    distill("resynth", model, clip, "-o", copy)
    perform(model, play, 20)
    found = {}
    for name, path in zip(SOUNDS, (clip, copy, play), strict=True):
        samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
        found[name] = samples.mean(axis=1)
    return found


def perform(model: Path, target: Path, seconds: int) -> None:
    """Render the beginning of the performance that `distill demo` plays."""
    distill("render", model, "-o", target, "--duration", seconds, "--seed", 8)


def distill(*words: object) -> None:
    """Run a command as a user would type it."""
    subprocess.run([sys.executable, "-m", "distill_control.cli.main", *map(str, words)], check=True)


def figures(samples: np.ndarray) -> dict[str, float]:
    """Return the figures of a sound [T]; the bandwidth is that of its mean spectrum."""
    from distill_engine.rendering.model_trim import loudness_db

    pieces = np.lib.stride_tricks.sliding_window_view(samples, 4096)[::2048]
    mean = 10 * np.log10((np.abs(np.fft.rfft(pieces * np.hanning(4096))) ** 2).mean(0) + 1e-12)
    audible = np.flatnonzero(mean > mean.max() - AUDIBLE_DB)
    return {
        "level_db": loudness_db(samples[None]),
        "peak_db": float(20 * np.log10(np.abs(samples).max() + 1e-12)),
        "dc": float(samples.mean()),
        "largest_step": float(np.abs(np.diff(samples)).max()),
        "band_khz": float(audible[-1] * RATE / 1000 / 4096) if len(audible) else 0.0,
    }


def draw(found: dict[str, np.ndarray], target: Path) -> None:
    """Draw the mel spectrograms below each other."""
    import matplotlib

    from distill_engine.audio.mel import mel_spectrogram

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(found), 1, figsize=(11, 8), constrained_layout=True)
    for axis, (name, samples) in zip(axes, found.items(), strict=True):
        mel, extent = mel_spectrogram(samples), (0, len(samples) / RATE, 0, 128)
        axis.imshow(mel, origin="lower", aspect="auto", vmin=-9, vmax=1, cmap="magma", extent=extent)
        axis.set(title=name, ylabel="mel band")
    axes[-1].set_xlabel("seconds")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=90)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--clip", type=Path, default=CORPUS / "sonicpi_cc0" / "guit_em9.flac")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "starter.png")
    options = parser.parse_args()
    from distill_engine.library.assets import starter_path

    model = options.model or starter_path()
    with BENCHMARK.run(options) as run:
        with tempfile.TemporaryDirectory() as folder:
            found = sounds(model, options.clip, Path(folder))
        draw(found, options.output)
        perform(model, options.output.with_suffix(".ogg"), SOUND_SECONDS)
        for name, samples in found.items():
            run.row("sounds", sound=name, **figures(samples))


if __name__ == "__main__":
    main()
