"""Measure timbre transfer: one corpus played by stretches of another, through the source `input`.

    python benchmarks/transfer.py [--seconds 30]

Each model is the first version that `distill train` writes: its skeleton and the base vocoder. Of 30
clips every fifth is left out, and is an input. An input is brought to the RMS of the corpus first, as
a player sets the level of an input. `copy` is the corpus through its own mel and the
vocoder alone. Loudness is the correlation of the levels (dB of a window of 46 ms, at least 60 dB
below the peak) of result and input.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.benchmark import Benchmark, Column, Run, Table
from measures.likeness import FIGURES, Likeness

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

LEFT_OUT = 5  # every fifth clip is held out
INPUTS = {
    "struck": ("percussive", "sung"),
    "bowed": ("sung", "struck"),
    "sung": ("struck", "percussive"),
    "percussive": ("bowed", "struck"),
}
OWN = (0.0, 1.0)
RANGE_DB, WINDOW, HOP = 60.0, 2048, 512
RATE = 44_100  # Hz
GAIN_DB = -20.0  # of the results, so that the limiter never acts
BENCHMARK = Benchmark(
    "transfer",
    "Timbre transfer: a live input followed by stretches of a corpus",
    [
        Table(
            "transfer",
            "The result against the corpus that plays (`of copy`: its timbre over that of copy-synthesis), and its "
            "loudness against the input's (correlation).",
            (
                Column("corpus", "corpus"),
                Column("input", "input"),
                Column("own", "own", ".1f"),
                Column("of_copy", "timbre, of copy", ".2f"),
                *(Column(name, name, ".2f") for name in FIGURES),
                Column("loudness", "loudness", ".3f"),
            ),
            key=("corpus", "input", "own"),
        )
    ],
)


def measure(run: Run, name: str, seconds: float, work: Path) -> None:
    """Play a corpus by held-out clips of its own and by other corpora."""
    from distill_engine import load_model
    from distill_engine.dataset.corpus import load_corpus

    kept, held_out = divided(name, work)
    corpus = load_corpus(kept)
    model = first_version(corpus, work / f"{name}.distillgan")
    like = Likeness([clip.samples for clip in corpus.clips])
    loaded = load_model(model)
    copy = like(np.concatenate([loaded.copy_synthesise(clip.samples) for clip in corpus.clips]))
    inputs = {"held-out clips": held_out, **{other: divided(other, work)[0] for other in INPUTS[name]}}
    for label, folder in inputs.items():
        heard = at_level(joined(folder, seconds), np.concatenate([clip.samples for clip in corpus.clips]))
        for own in OWN:
            played = played_by(model, heard, own, work)
            figures = like(played)
            run.row(
                "transfer",
                corpus=name,
                input=label,
                own=own,
                of_copy=figures["timbre"] / copy["timbre"],
                **figures,
                loudness=float(np.corrcoef(levels(heard), levels(played[: len(heard)]))[0, 1]),
            )


def divided(name: str, work: Path) -> tuple[Path, Path]:
    """Return the folders of a corpus's clips and of those that are left out."""
    from measures.rendered_corpora import render_corpus

    folders = work / f"{name}-kept", work / f"{name}-held-out"
    if not folders[0].is_dir():
        for folder in folders:
            folder.mkdir()
        for index, path in enumerate(sorted(render_corpus(name, work).glob("*.wav"))):
            shutil.copy(path, folders[index % LEFT_OUT == LEFT_OUT - 1])
    return folders


def first_version(corpus: Corpus, path: Path) -> Path:
    """Write the model that plays before any network is trained."""
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version

    config = skeleton_config()
    write_first_version(corpus, skeleton_of(corpus, config), config, path, replaces=True)
    return path


def joined(folder: Path, seconds: float) -> np.ndarray:
    """Return clips of a folder one after the other, mono [T], at most so long."""
    from distill_engine.audio.files import read_audio

    paths = sorted(folder.glob("*.wav"))
    step = max(1, len(paths) // 12)
    clips = [read_audio(path, sample_rate=RATE, mono=True).samples[0] for path in paths[::step]]
    return np.asarray(np.concatenate(clips)[: int(seconds * RATE)])


def at_level(samples: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return samples [T] with the RMS of others [n]."""
    return np.asarray(samples * np.sqrt(np.square(other).mean() / np.square(samples).mean()), np.float32)


def played_by(model: Path, heard: np.ndarray, own: float, work: Path) -> np.ndarray:
    """Return what a model plays to an input [T], mono."""
    from distill_control.cli.main import main as distill
    from distill_engine.audio.encoding import write_audio
    from distill_engine.audio.files import read_audio

    recording, sound = work / "heard.wav", work / "played.wav"
    for path in (recording, sound):
        path.unlink(missing_ok=True)
    write_audio(recording, heard[None], RATE, bit_depth="32f")
    command = ["render", str(model), "-o", str(sound), "--input", str(recording), "--set", f"source/own={own}"]
    if distill([*command, "--width", "0", "--gain", str(GAIN_DB)]):
        raise SystemExit(f"{model} cannot be rendered")
    return np.asarray(read_audio(sound).samples.mean(axis=0))


def levels(samples: np.ndarray) -> np.ndarray:
    """Return the level of every hop of samples [T] in dB, at least RANGE_DB below the loudest."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), WINDOW)[::HOP]
    level = 10 * np.log10(np.square(windows).mean(axis=1) + 1e-12)
    return np.asarray(np.maximum(level, level.max() - RANGE_DB))


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default=",".join(INPUTS))
    parser.add_argument("--seconds", type=float, default=30.0, help="of each input")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory() as folder:
        for name in options.corpora.split(","):
            measure(run, name, options.seconds, Path(folder))


if __name__ == "__main__":
    main()
