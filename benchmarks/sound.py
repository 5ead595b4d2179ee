"""Measure how much a new model sounds like the folder it was made from.

    python benchmarks/sound.py [--corpora struck,bowed] [--seconds 60]

Five corpora that no shipped model has heard but the first: sonicpi_cc0, and four of 30 clips
rendered from a General MIDI sound font (fluidsynth and MuseScore_General must be installed). Every
note is there once, so no held-out clip has a twin among those trained on. Two more that no one
plans for are made by formula: 500 files, and one recording of 40 minutes. Each model is trained with
the command a user would type. `copy` is the clip through its own mel and the vocoder alone:
nothing that a latent model does can be better.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import CORPUS
from measures.likeness import FIGURES, Likeness
from measures.odd_corpora import ODD, pieces_of, write_odd_corpus
from measures.synthetic import RATE

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

MOST_CLIPS = 6  # of each kind whose copies are measured
COPIED_SECONDS = 180.0  # of a longer corpus only the measured clips are copied, this much in all
BENCHMARK = Benchmark(
    "sound",
    "Sound: a model against the folder it was made from",
    [
        Table(
            "playable",
            "From a folder to a file that plays; the whole command, which measures the controls besides; the file at its end.",
            (
                Column("corpus", "corpus"),
                Column("clips", "clips", "d"),
                Column("minutes", "sound, min", ".1f"),
                Column("read_s", "read, s", ".1f"),
                Column("playable_s", "then playable, s", ".1f"),
                Column("command_s", "whole command, s", ".1f"),
                Column("slim_mb", "slim file, MB", ".1f"),
            ),
            key=("corpus",),
        ),
        Table(
            "copies",
            "Clips through the vocoder alone (copy) and through latents (model). Lower is better, but for zimtohrli.",
            (
                Column("corpus", "corpus"),
                Column("clips", "clips"),
                Column("what", "what"),
                Column("log_mel", "log-mel L1 (nat)", ".3f"),
                Column("mr_stft", "MR-STFT", ".3f"),
                Column("zimtohrli", "zimtohrli", ".2f"),
            ),
            key=("corpus", "clips", "what"),
        ),
        Table(
            "likeness",
            "A performance against its corpus: timbre and tonality are distances, the others are best near 1.",
            (Column("corpus", "corpus"), Column("what", "what"), *(Column(name, name, ".2f") for name in FIGURES)),
            key=("corpus", "what"),
        ),
    ],
)
NAMES = ("sonicpi_cc0", "struck", "bowed", "sung", "percussive", *ODD)


def measure(run: Run, name: str, seconds: float, work: Path) -> None:
    """Train a model of one corpus and measure it and performances of `seconds`."""
    from distill_control.cli.main import main as distill
    from distill_engine.audio.files import read_audio
    from distill_engine.dataset.corpus import load_corpus

    folder = folder_of(name, work)
    began = time.monotonic()
    corpus = load_corpus(folder)
    read_seconds = time.monotonic() - began
    model = work / f"{name}.distillgan"
    playable = first_version_seconds(corpus, model)
    began = time.monotonic()
    if distill(["train", str(folder), "-o", str(model), "--fresh"]):
        raise SystemExit(f"{name} cannot be trained")
    command_seconds = time.monotonic() - began
    about = {"corpus": name, "clips": len(corpus.clips), "minutes": corpus.seconds / 60}
    size = slim_megabytes(model, work)
    times = {"read_s": read_seconds, "playable_s": playable, "command_s": command_seconds}
    run.row("playable", **about, **times, slim_mb=size)
    copies = copied_clips(run, name, corpus, model)
    clips = [clip.samples for clip in corpus.clips]
    like = Likeness(pieces_of(clips) if name in ODD else clips)
    for what, samples in copies.items():
        run.row("likeness", corpus=name, what=what, **like(samples))
    for source in ("walk", "drift"):
        sound = work / f"{name}-{source}.wav"
        if distill(["render", str(model), "-o", str(sound), "--source", source, "--duration", f"{seconds:g}"]):
            raise SystemExit(f"{name} cannot be rendered")
        run.row("likeness", corpus=name, what=source, **like(read_audio(sound).samples.mean(axis=0)))


def folder_of(name: str, work: Path) -> Path:
    """Return the folder of a corpus, which is made below `work` if it is none of the repository."""
    from measures.rendered_corpora import render_corpus

    if name in ODD:
        return write_odd_corpus(name, work)
    return CORPUS / name if name == "sonicpi_cc0" else render_corpus(name, work)


def first_version_seconds(corpus: Corpus, model: Path) -> float:
    """Return the seconds until a file plays, from a corpus that is read."""
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version

    began, config = time.monotonic(), skeleton_config()
    write_first_version(corpus, skeleton_of(corpus, config), config, model, replaces=True)
    return time.monotonic() - began


def slim_megabytes(model: Path, work: Path) -> float:
    """Return the size of a model without its training state."""
    from distill_control.cli.main import main as distill

    slim = work / "slim.distillgan"
    slim.unlink(missing_ok=True)
    if distill(["model", "slim", str(model), "-o", str(slim)]):
        raise SystemExit(f"{model} cannot be slimmed")
    return slim.stat().st_size / 1e6


def copied_clips(run: Run, name: str, corpus: Corpus, path: Path) -> dict[str, np.ndarray]:
    """Measure copies of trained and held-out clips; return the clips that were copied, joined."""
    from distill_engine import load_model
    from measures.distances import Distances

    model, distances = load_model(path), Distances()
    ways = {"copy": model.copy_synthesise, "model": model.resynthesise}
    kinds = {"trained": corpus.training, "held-out": corpus.validation}
    chosen = {kind: found[:: max(1, len(found) // MOST_CLIPS)][:MOST_CLIPS] for kind, found in kinds.items()}
    clips = {i: clip.samples for i, clip in enumerate(corpus.clips)}
    if corpus.seconds > COPIED_SECONDS:
        measured = [i for found in chosen.values() for i in found]
        clips = {i: clips[i][: int(COPIED_SECONDS / len(measured) * RATE)] for i in measured}
    made = {what: {i: way(samples) for i, samples in clips.items()} for what, way in ways.items()}
    for kind, indices in chosen.items():
        for what in ways:
            rows = [distances(clips[i], made[what][i]) for i in indices]
            means = {key: float(np.mean([row[key] for row in rows])) for key in ("log_mel", "mr_stft", "zimtohrli")}
            run.row("copies", corpus=name, clips=kind, what=what, **means)
    return {what: np.concatenate(list(copies.values())) for what, copies in made.items()}


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default=",".join(NAMES))
    parser.add_argument("--seconds", type=float, default=60.0, help="of each performance")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with BENCHMARK.run(arguments) as run, tempfile.TemporaryDirectory() as folder:
        for name in arguments.corpora.split(","):
            measure(run, name, arguments.seconds, Path(folder))


if __name__ == "__main__":
    main()
