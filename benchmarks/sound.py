"""Measure how much a new model sounds like the folder it was made from.

    python benchmarks/sound.py [--corpora struck,bowed] [--seconds 60] [--only likeness]

Five corpora that no shipped model has heard but the first: sonicpi_cc0, and four of 30 clips
rendered from a General MIDI sound font (fluidsynth and MuseScore_General must be installed). Every
note is there once, so no held-out clip has a twin among those trained on. Two more that no one
plans for are made by formula: 500 files, and one recording of 40 minutes. Each model is trained with
the command a user would type. `copy` is the clip through its own mel and the vocoder alone:
nothing that a latent model does can be better. Of the shipped starter only performances are measured.
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
    from distill_engine.synthesis.instrument import Instrument

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
            (
                Column("corpus", "corpus"),
                Column("what", "what"),
                Column("of_copy", "timbre / copy's", ".2f"),
                *(Column(name, name, ".2f") for name in FIGURES),
            ),
            key=("corpus", "what"),
        ),
    ],
)
STARTER = "starter"
NAMES = ("sonicpi_cc0", "struck", "bowed", "sung", "percussive", *ODD, STARTER)
TURN_HOPS, JOURNEY_TURNS = 4, 5  # between two places of a journey over the map; of its spiral


class Chosen:
    """Takes the rows of some tables, and leaves the others out."""

    def __init__(self, run: Run, tables: list[str]) -> None:
        self._run, self._tables = run, tables

    def row(self, table: str, **values: object) -> None:
        """Write a row of a chosen table."""
        if table in self._tables:
            self._run.row(table, **values)


def measure(run: Chosen, name: str, seconds: float, work: Path) -> None:
    """Train a model of one corpus and measure it and performances of `seconds`."""
    from distill_control.cli.main import main as distill
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
    measure_performances(Heard(run, name, like, copies), model, seconds)


def measure_starter(run: Chosen, seconds: float, work: Path) -> None:
    """Measure copies of the shipped starter's sounds through it, and performances of it."""
    from asset_builders.starter import levelled
    from distill_engine import load_model
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.library.assets import starter_path

    clips = [clip.samples for clip in load_corpus(levelled(CORPUS / "sonicpi_cc0", work / STARTER)).clips]
    model, like = load_model(starter_path()), Likeness(clips)
    copies = {"copy": np.concatenate([model.copy_synthesise(samples) for samples in clips])}
    measure_performances(Heard(run, STARTER, like, copies), starter_path(), seconds)


class Heard:
    """Writes how much sounds [T] are like the corpus `name`, beside copies of it, which come first."""

    def __init__(self, run: Chosen, name: str, like: Likeness, copies: dict[str, np.ndarray]) -> None:
        self._run, self._name, self._like = run, name, like
        self._copy = like(copies["copy"])["timbre"]
        for what, samples in copies.items():
            self(what, samples)

    def __call__(self, what: str, samples: np.ndarray) -> None:
        """Write the row of a sound [T]."""
        figures = self._like(samples)
        self._run.row("likeness", corpus=self._name, what=what, of_copy=figures["timbre"] / self._copy, **figures)


def measure_performances(heard: Heard, model: Path, seconds: float) -> None:
    """Measure performances of `seconds`, and a walk of five times as long, which should reach all."""
    from distill_engine.rendering.performance import play_score
    from distill_engine.rendering.score import Score
    from distill_engine.synthesis.instrument import prepare_instrument

    instrument = prepare_instrument(model)

    def played(source: str, length: float) -> np.ndarray:
        return np.concatenate(list(play_score(instrument, Score(length, source=source))), axis=1).mean(axis=0)

    heard("walk", played("walk", seconds))
    heard("walk, five times as long", played("walk", 5 * seconds))
    heard("drift", played("drift", seconds))
    heard("map", journey(instrument, seconds))


def journey(instrument: Instrument, seconds: float) -> np.ndarray:
    """Return a performance [T] that spirals once over the map, from its rim to its middle."""
    from distill_engine.synthesis.synth import Synth

    synth, parts = Synth(instrument, seed=0, block=TURN_HOPS), []
    synth.set("/distill/map/amount", 1.0)
    turns = round(seconds * instrument.frame_rate / TURN_HOPS)
    for share in np.linspace(0.0, 1.0, turns):
        radius, angle = 0.9 * (1.0 - share), 2 * np.pi * JOURNEY_TURNS * share
        synth.set("/distill/map/x", radius * np.cos(angle))
        synth.set("/distill/map/y", radius * np.sin(angle))
        parts.append(synth.render(TURN_HOPS))
    return np.concatenate(parts, axis=1).mean(axis=0)


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


def copied_clips(run: Chosen, name: str, corpus: Corpus, path: Path) -> dict[str, np.ndarray]:
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
    parser.add_argument("--only", default="playable,copies,likeness", help="tables whose rows are written")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with BENCHMARK.run(arguments) as every, tempfile.TemporaryDirectory() as folder:
        run = Chosen(every, arguments.only.split(","))
        for name in arguments.corpora.split(","):
            if name == STARTER:
                measure_starter(run, arguments.seconds, Path(folder))
            else:
                measure(run, name, arguments.seconds, Path(folder))


if __name__ == "__main__":
    main()
