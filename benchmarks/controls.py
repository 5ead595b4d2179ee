"""Measure whether the named controls move what they are named after, on freshly rendered sound.

    python benchmarks/controls.py [MODEL] [--analyse CORPUS] [--bases N]
    python benchmarks/controls.py --corpus five|tones|percussion [--keep FILE]
    python benchmarks/controls.py --corpora sonicpi_cc0,struck,bowed,sung,percussive
    python benchmarks/controls.py MODEL --analyse CORPUS --repeat 5

Every control of a model is moved from -1 to 1. The sound comes from the same synth that plays
live, through the same parameters. Base points are drawn with another seed than the analysis uses.
In models of version 1 steady features are measured on the corpus held at a place, temporal ones on
the corpus playing from it; in version 2 features of mel frames on half a second from places of the
corpus (`corpus`) or at the start of walks (`walk`); `attack` is the level of the first 40 ms over that
after 0.2 s. `rho`
is the median over the base points of Spearman's correlation between position and feature; leakage
is the change of another feature relative to the control's own, each in its spread over the
corpus. `--analyse` first analyses a copy of the model and times it; with `--repeat` several times
over, and compares the results. `--corpus` trains a model with `distill train` on a small corpus:
five short clips, or sounds made by formula from a fixed seed. `--corpora` does so with those of
sound.py, one after the other.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.analysis.directions import spearman
from distill_engine.analysis.features.table import FEATURES, HOP, NAMES, SILENCE_LUFS, extract, summarise
from distill_engine.analysis.stretches.frame_features import FRAME_FEATURES, UNITS, frame_features
from distill_engine.analysis.stretches.path import clip_mel
from distill_engine.analysis.stretches.shaping import ATTACK, NOISINESS
from distill_engine.analysis.stretches.skeleton import frame_levels, heard_frames
from distill_engine.audio.levels import nats_to_db
from distill_engine.library.assets import starter_path
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import CORPUS

CORPORA = ("five", "tones", "percussion")
"""The small corpora of measures/corpora.py."""
SEED = 20_000
SETTLE_FRAMES, END_FRAMES = 40, 12
"""Frames left out at both ends of a rendered sound."""
STEADY_SECONDS, MOVING_SECONDS = 1.0, 4.0
STEADY_POSITIONS, MOVING_POSITIONS = np.linspace(-1, 1, 7), np.linspace(-1, 1, 5)
AUDIBLE_LUFS = SILENCE_LUFS + 10
STRETCH_SECONDS, STRETCH_SKIP_FRAMES = 0.55, 3
"""Length of a measured stretch, and its first frames, in which the source fades in."""
STRETCH_FEATURES = (*FRAME_FEATURES, NOISINESS, ATTACK)
ATTACK_FRAMES, LATER_FRAMES = slice(0, 3), slice(17, 26)
"""Frames of a sound whose levels are compared as its attack."""
LEAST_LEAKAGE = 0.1
"""Smaller leakages are left out of the results."""
BENCHMARK = Benchmark(
    "controls",
    "Controls: what they move, and what else",
    [
        Table(
            "controls",
            "Named controls moved from -1 to 1. rho: Spearman's correlation of position and feature over the base "
            "points. Leakage: the three largest changes of other features, relative to the control's own.",
            (
                Column("model", "model"),
                Column("source", "source"),
                Column("control", "control"),
                Column("rho", "rho", ".2f"),
                Column("rho_low", "10th percentile", ".2f"),
                Column("low", "at -1", ".2f"),
                Column("high", "at 1", ".2f"),
                Column("unit", "unit"),
                Column("leakage", "leaks onto"),
            ),
            key=("model",),
        ),
        Table(
            "analysis",
            "The search for the controls, several times over: its time, and whether all results are bit for bit the "
            "same.",
            (
                Column("model", "model"),
                Column("runs", "analyses", "d"),
                Column("least_s", "least, s", ".0f"),
                Column("most_s", "most, s", ".0f"),
                Column("same", "the same"),
            ),
            key=("model",),
        ),
    ],
)


@dataclass(frozen=True)
class Measured:
    """One control: median and tenth percentile of rho, its feature at -1 and 1, leakage.

    `source` is what it moved.
    """

    control: str
    unit: str
    rho: float
    rho_low: float
    low: float
    high: float
    leakage: dict[str, float]
    source: str = "corpus"


def heard(instrument: Instrument, place: float, controls: dict[str, float], moving: bool) -> np.ndarray:
    """Return the features of the sound rendered at a place of the corpus with these controls."""
    parameters = {"/distill/source/position": place, "/distill/source/freeze": 0.0 if moving else 1.0}
    seconds = MOVING_SECONDS if moving else STEADY_SECONDS
    score = Score(seconds, SEED, "corpus", width=0.0, gain_db=-6.0, controls=controls, parameters=parameters)
    samples = np.concatenate(list(play_score(instrument, score)), axis=1)
    return summarise(extract(samples[0]), SETTLE_FRAMES, int(seconds * instrument.sample_rate) // HOP - END_FRAMES)


def heard_stretch(instrument: Instrument, source: str, place: float, controls: dict[str, float]) -> np.ndarray:
    """Return the mean features [STRETCH_FEATURES] of frames of a stretch with these controls.

    `place` is where the corpus plays from, 0 to 1, or the seed of a walk. NaN where nothing is heard.
    """
    walks = source == "walk"
    parameters = {} if walks else {"/distill/source/position": place}
    seed = int(place) if walks else SEED
    score = Score(STRETCH_SECONDS, seed, source, width=0.0, gain_db=-6.0, controls=controls, parameters=parameters)
    samples = np.concatenate(list(play_score(instrument, score)), axis=1)[0]
    mel = clip_mel(samples, instrument.mel)
    frames = heard_frames(mel)
    if not frames[STRETCH_SKIP_FRAMES:].any():
        return np.full(len(STRETCH_FEATURES), np.nan)
    levels = nats_to_db(1.0) * frame_levels(mel)[np.argmax(frames) :]
    attack = levels[ATTACK_FRAMES].mean() - levels[LATER_FRAMES].mean()
    frames[:STRETCH_SKIP_FRAMES] = False
    noisiness = np.nanmean(extract(samples)[NOISINESS][STRETCH_SKIP_FRAMES:])
    return np.asarray([*frame_features(mel)[:, frames].mean(axis=1), noisiness, attack])


def stretch_places(instrument: Instrument, source: str, count: int) -> list[float]:
    """Return places of the corpus that sound, or seeds of walks."""
    if source == "walk":
        return [float(SEED + number) for number in range(count)]
    assert instrument.search is not None
    playing = np.flatnonzero(~instrument.search.dead) / max(1, len(instrument.search.dead) - 1)
    return [float(place) for place in np.random.default_rng(SEED).choice(playing, count, replace=False)]


def stretches_measured(instrument: Instrument, source: str, count: int) -> Iterator[Measured]:
    """Measure all controls of a model of version 2 that are named after features, in their order."""
    places = stretch_places(instrument, source, count)
    plain = np.array([heard_stretch(instrument, source, place, {}) for place in places])
    spreads = np.maximum(np.nanstd(plain, axis=0), 0.1)
    for name in instrument.control_names:
        if name not in STRETCH_FEATURES:
            continue
        index = STRETCH_FEATURES.index(name)
        values = np.array(
            [[heard_stretch(instrument, source, at, {name: float(p)}) for p in STEADY_POSITIONS] for at in places]
        )
        rhos = [spearman(STEADY_POSITIONS, row) for row in values[:, :, index] if np.isfinite(row).all()]
        rises = np.nanmedian(values[:, -1] - values[:, 0], axis=0) / spreads
        leakage = {other: rises[i] / rises[index] for i, other in enumerate(STRETCH_FEATURES) if i != index}
        low, high = (quantile(values[:, end, index]) for end in (0, -1))
        unit = UNITS.get(name, "dB")
        yield Measured(name, unit, quantile(rhos), quantile(rhos, 0.1), low, high, leakage, source)


def base_places(instrument: Instrument, count: int) -> list[float]:
    """Return places of the corpus, 0 to 1, at which the model sounds by itself."""
    rng = np.random.default_rng(SEED)
    found: list[float] = []
    for place in rng.random(20 * count):
        if len(found) < count and heard(instrument, float(place), {}, False)[0] > AUDIBLE_LUFS:
            found.append(float(place))
    return found


def measured(instrument: Instrument, name: str, places: list[float], spreads: dict[str, float]) -> Measured:
    """Measure one control that is named after a feature."""
    index = NAMES.index(name)
    moving = FEATURES[index].kind == "temporal"
    positions = MOVING_POSITIONS if moving else STEADY_POSITIONS
    values = np.array([[heard(instrument, place, {name: float(p)}, moving) for p in positions] for place in places])
    rhos = [spearman(positions, row) for row in values[:, :, index]]
    rises = [quantile(column) for column in (values[:, -1] - values[:, 0]).T]
    own = rises[index] / spreads[name]
    leakage = {other: rises[i] / spreads[other] / own for i, other in enumerate(NAMES) if i != index}
    low, high = (quantile(values[:, end, index]) for end in (0, -1))
    return Measured(name, FEATURES[index].unit, quantile(rhos), quantile(rhos, 0.1), low, high, leakage)


def quantile(values: Sequence[float] | np.ndarray, share: float = 0.5) -> float:
    """Return a quantile (the median) of the values that are defined; NaN where none is."""
    defined = np.asarray(values, np.float64)
    defined = defined[np.isfinite(defined)]
    return float(np.quantile(defined, share)) if len(defined) else float("nan")


def all_measured(instrument: Instrument, places: list[float], spreads: dict[str, float]) -> Iterator[Measured]:
    """Measure all controls that are named after features, in their order."""
    for name in instrument.control_names:
        if name in NAMES:
            yield measured(instrument, name, places, spreads)


def spreads_of(features: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return the spread of each feature over the corpus, from its 5 and 95 % points."""
    wide = {name: (row["high"] - row["low"]) / 3.3 for name, row in features.items() if row.get("defined")}
    return {feature.name: max(wide.get(feature.name, 0.0), feature.audible_step) for feature in FEATURES}


def trained(kind: str, folder: Path) -> Path:
    """Train a model on a small corpus with the command that a user types, analysis included."""
    from distill_control.cli.main import main as distill
    from measures.corpora import write_corpus
    from measures.rendered_corpora import render_corpus

    if kind in CORPORA:
        corpus = write_corpus(kind, folder / kind)
    else:
        corpus = CORPUS / kind if kind == "sonicpi_cc0" else render_corpus(kind, folder)
    model = folder / f"{kind}.distillgan"
    if distill(["train", str(corpus), "-o", str(model), "--fresh"]):
        raise SystemExit(f"training on {kind} failed")
    return model


def analysed(run: Run, model: Path, corpus_folder: Path, times: int, folder: Path) -> Path:
    """Analyse a copy of the model `times` times from scratch; return the last copy."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.rendering.analysing import analyse_file

    corpus, results, seconds, copy = load_corpus(corpus_folder), [], [], model
    for number in range(times):
        copy = Path(shutil.copy(model, folder / f"{model.stem}-{number}.distillgan"))
        began = time.monotonic()
        arrays, table = analyse_file(copy, corpus).to_part()
        seconds.append(time.monotonic() - began)
        table.pop("seconds_taken")
        results.append(({name: array.tobytes() for name, array in arrays.items()}, json.dumps(table)))
    same = all(result == results[0] for result in results) if times > 1 else None
    run.row("analysis", model=model.stem, runs=times, least_s=min(seconds), most_s=max(seconds), same=same)
    return copy


def measure_model(run: Run, name: str, model: Path, bases: int) -> None:
    """Fill the table of one model's named controls."""
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(model) as file:
        analysis = file.manifest.analysis
    instrument = prepare_instrument(model)
    if instrument.skeleton is not None:
        rows = chain.from_iterable(stretches_measured(instrument, source, bases) for source in ("corpus", "walk"))
    else:
        places = base_places(instrument, bases)
        rows = all_measured(instrument, places, spreads_of(analysis["features"]))
    for row in rows:
        leaks = {k: round(v, 4) for k, v in row.leakage.items() if np.isfinite(v) and abs(v) >= LEAST_LEAKAGE}
        figures = {**vars(row), "rho": round(row.rho, 9), "leakage": leaks}
        run.row("controls", model=name, vocoder=instrument.vocoder.name, bases=bases, **figures)
    for entry in analysis.get("withheld", []):
        print(f"not offered: {entry['reason']}")


def measure(run: Run, options: argparse.Namespace, folder: Path) -> None:
    """Train or analyse a model if asked, then measure its controls."""
    for name in options.corpora.split(",") if options.corpora else []:
        measure_model(run, name, trained(name, folder), options.bases)
    if options.corpora:
        return
    model = options.model or (trained(options.corpus, folder) if options.corpus else starter_path())
    name = model.stem
    if options.keep:
        shutil.copy(model, options.keep)
    if options.analyse:
        model = analysed(run, model, options.analyse, options.repeat, folder)
    measure_model(run, name, model, options.bases)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("model", nargs="?", type=Path, help="default: the built-in starter")
    parser.add_argument("--corpus", choices=CORPORA, help="train a model on this small corpus first")
    parser.add_argument("--corpora", metavar="NAMES", help="train a model on each of these, and measure it")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where the trained model is to stay")
    parser.add_argument("--analyse", type=Path, metavar="CORPUS", help="analyse a copy of the model first")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="analyses to compare")
    parser.add_argument("--bases", type=int, default=8, help="base points")
    options = parser.parse_args()
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory() as folder:
        measure(run, options, Path(folder))


if __name__ == "__main__":
    main()
