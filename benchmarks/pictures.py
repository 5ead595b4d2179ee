"""Draw docs/starter.png, render docs/starter.ogg, and measure the sound of a performance.

    python benchmarks/pictures.py [--model MODEL] [-o docs/starter.png]

The picture shows the spectrograms of clips of the corpus, of their copies through the model, and of
performances: a walk, a drift, and a journey over the map. The sound, beside the picture, is the
beginning of the walk. The figures are what the sound
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

SOUNDS = ("corpus", "reconstruction", "walk", "drift", "map")
SECONDS, CLIPS = 20, 5  # of each sound; of the corpus, clips of equal length
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


def sounds(model: Path, clips: Path, folder: Path) -> dict[str, np.ndarray]:
    """Return the sounds [T], of SOUNDS."""
    import soundfile

    from distill_engine.synthesis.instrument import prepare_instrument
    from sound import journey

    files = {name: folder / f"{name}.wav" for name in SOUNDS[:-1]}
    every = sorted(clips.glob("*.flac"))
    chosen = [read_mono(path)[: SECONDS * RATE // CLIPS] for path in every[:: len(every) // CLIPS][:CLIPS]]
    soundfile.write(files["corpus"], np.concatenate(chosen), RATE, subtype="FLOAT")
    distill("resynth", model, files["corpus"], "-o", files["reconstruction"])
    for source in ("walk", "drift"):
        perform(model, files[source], SECONDS, source)
    found = {name: read_mono(path) for name, path in files.items()}
    return found | {"map": journey(prepare_instrument(model), SECONDS)}


def read_mono(path: Path) -> np.ndarray:
    """Return the samples [T] of a sound file at RATE."""
    from distill_engine.audio.files import read_audio

    return read_audio(path).samples.mean(axis=0)


def perform(model: Path, target: Path, seconds: int, source: str = "walk") -> None:
    """Render the beginning of a performance; the walk is the one that `distill demo` plays."""
    distill("render", model, "-o", target, "--duration", seconds, "--seed", 8, "--source", source)


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

    figure, axes = pyplot.subplots(len(found), 1, figsize=(11, 11), constrained_layout=True)
    for axis, (name, samples) in zip(axes, found.items(), strict=True):
        mel, extent = mel_spectrogram(samples), (0, len(samples) / RATE, 0, 128)
        axis.imshow(mel, origin="lower", aspect="auto", vmin=-9, vmax=1, cmap="magma", extent=extent)
        axis.set(title=name, ylabel="mel band")
    axes[-1].set_xlabel("seconds")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=64)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--corpus", type=Path, default=CORPUS / "sonicpi_cc0")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "starter.png")
    options = parser.parse_args()
    from distill_engine.library.assets import starter_path

    model = options.model or starter_path()
    with BENCHMARK.run(options) as run:
        with tempfile.TemporaryDirectory() as folder:
            found = sounds(model, options.corpus, Path(folder))
        draw(found, options.output)
        perform(model, options.output.with_suffix(".ogg"), SOUND_SECONDS)
        for name, samples in found.items():
            run.row("sounds", sound=name, **figures(samples))


if __name__ == "__main__":
    main()
