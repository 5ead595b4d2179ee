"""Do the controls do what they say? Every control of a model, moved from -1 to 1 and measured on freshly rendered sound.

    python benchmarks/controls.py [MODEL] [--analyse CORPUS] [--bases N] [--json FILE]
    python benchmarks/controls.py --corpus five|tones|percussion [--epochs N] [--keep FILE]
    python benchmarks/controls.py MODEL --analyse CORPUS --repeat 5

Sound comes from the same synth that plays live, through the same parameters. Base points are drawn anew, with another seed than
the analysis uses: steady features on the corpus held at a place, temporal ones on the corpus playing from it. `rho` is the median
over the base points of Spearman's correlation between position and feature; leakage is the change of another feature relative to
the control's own, each in its spread over the corpus. `--analyse` first analyses a copy of the model and times it; with `--repeat` it
does so several times over and says whether all results are the same. `--corpus` trains a model with `distill train` on a small corpus
(benchmarks/corpora.py: five short clips, or sounds made by formula from a fixed seed) and measures that.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from corpora import KINDS, write_corpus
from machine import machine

from distill_engine.analysis.directions import spearman
from distill_engine.analysis.features.table import FEATURES, HOP, NAMES, SILENCE_LUFS, extract, summarise
from distill_engine.library.assets import starter_path
from distill_engine.rendering.performance import Score, play_score
from distill_engine.synthesis.instrument import Instrument, prepare_instrument

SEED = 20_000
SETTLE_FRAMES, END_FRAMES = 40, 12
STEADY_SECONDS, MOVING_SECONDS = 1.0, 4.0
STEADY_POSITIONS, MOVING_POSITIONS = np.linspace(-1, 1, 7), np.linspace(-1, 1, 5)


@dataclass(frozen=True)
class Row:
    """One control: rho's median and tenth percentile, medians of its feature at -1 and 1, leakage by feature."""

    name: str
    unit: str
    rho: float
    rho_low: float
    low: float
    high: float
    leakage: dict[str, float]


def heard(instrument: Instrument, place: float, controls: dict[str, float], moving: bool) -> np.ndarray:
    """Features of the sound rendered at a place of the corpus with these controls."""
    parameters = {"/distill/source/position": place, "/distill/source/freeze": 0.0 if moving else 1.0}
    seconds = MOVING_SECONDS if moving else STEADY_SECONDS
    score = Score(seconds, SEED, "corpus", width=0.0, gain_db=-6.0, controls=controls, parameters=parameters)
    samples = np.concatenate(list(play_score(instrument, score)), axis=1)
    return summarise(extract(samples[0]), SETTLE_FRAMES, int(seconds * instrument.sample_rate) // HOP - END_FRAMES)


def base_places(instrument: Instrument, count: int) -> list[float]:
    """Places of the corpus, 0 to 1, at which the model sounds by itself."""
    rng = np.random.default_rng(SEED)
    found: list[float] = []
    for place in rng.random(20 * count):
        if len(found) < count and heard(instrument, float(place), {}, False)[0] > SILENCE_LUFS + 10:
            found.append(float(place))
    return found


def measured(instrument: Instrument, name: str, places: list[float], spreads: dict[str, float]) -> Row:
    """The row of one control that is named after a feature."""
    index = NAMES.index(name)
    moving = FEATURES[index].kind == "temporal"
    positions = MOVING_POSITIONS if moving else STEADY_POSITIONS
    values = np.array([[heard(instrument, place, {name: float(p)}, moving) for p in positions] for place in places])
    rhos = [spearman(positions, row) for row in values[:, :, index]]
    rises = [median(column) for column in (values[:, -1] - values[:, 0]).T]
    own = rises[index] / spreads[name]
    leakage = {other: rises[i] / spreads[other] / own for i, other in enumerate(NAMES) if i != index}
    low, high = (median(values[:, end, index]) for end in (0, -1))
    return Row(name, FEATURES[index].unit, median(rhos), median(rhos, 0.1), low, high, leakage)


def median(values: Sequence[float] | np.ndarray, quantile: float = 0.5) -> float:
    """Median (or another quantile) of the values that are defined; NaN where none is."""
    defined = np.asarray(values, np.float64)
    defined = defined[np.isfinite(defined)]
    return float(np.quantile(defined, quantile)) if len(defined) else float("nan")


def rows(instrument: Instrument, places: list[float], spreads: dict[str, float]) -> Iterator[Row]:
    """All controls that are named after features, in their order."""
    for name in instrument.control_names:
        if name in NAMES:
            yield measured(instrument, name, places, spreads)


def spreads_of(features: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The spread of each feature over the corpus: from the 5 and 95 % points in the model file."""
    wide = {name: (row["high"] - row["low"]) / 3.3 for name, row in features.items() if row.get("defined")}
    return {feature.name: max(wide.get(feature.name, 0.0), feature.audible_step) for feature in FEATURES}


def trained(kind: str, epochs: int, folder: Path) -> Path:
    """A model trained on one of the small corpora by the command that a user types, analysis and all."""
    from distill_control.cli.main import main as distill

    corpus, model = write_corpus(kind, folder / kind), folder / f"{kind}.distillgan"
    if distill(["train", str(corpus), "-o", str(model), "--epochs", str(epochs), "--fresh"]):
        raise SystemExit(f"training on {kind} failed")
    return model


def analysed(model: Path, corpus_folder: Path, times: int, folder: Path) -> Path:
    """A copy of the model, analysed `times` times from scratch; says how long it took, and whether the results are the same."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.rendering.analysing import analyse_file

    corpus, results, copy = load_corpus(corpus_folder), [], model
    for run in range(times):
        copy = Path(shutil.copy(model, folder / f"{model.stem}-{run}.distillgan"))
        began = time.monotonic()
        arrays, table = analyse_file(copy, corpus).to_part()
        print(f"analysed in {time.monotonic() - began:.0f} s: {', '.join(c['name'] for c in table['controls'])}")
        table.pop("seconds_taken")
        results.append(({name: array.tobytes() for name, array in arrays.items()}, json.dumps(table)))
    if times > 1:
        same = all(result == results[0] for result in results)
        print(f"{times} analyses: {'the same controls, order and numbers, bit for bit' if same else 'NOT the same'}")
    return copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="default: the built-in starter")
    parser.add_argument("--corpus", choices=KINDS, help="train a model on this small corpus first")
    parser.add_argument("--epochs", type=int, default=1500, help="of that training")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where the trained model is to stay")
    parser.add_argument("--analyse", type=Path, metavar="CORPUS")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="analyses to compare")
    parser.add_argument("--bases", type=int, default=8)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or (trained(args.corpus, args.epochs, Path(folder)) if args.corpus else starter_path())
        if args.keep:
            shutil.copy(model, args.keep)
        if args.analyse:
            model = analysed(model, args.analyse, args.repeat, Path(folder))
        found = table_of(model, args.bases)
        if args.json:
            args.json.write_text(json.dumps(found, indent=1))


def table_of(model: Path, bases: int) -> list[dict[str, Any]]:
    """Prints the table of a model's named controls; its rows."""
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(model) as file:
        analysis = file.manifest.analysis
    spreads = spreads_of(analysis["features"])
    instrument = prepare_instrument(model)
    places = base_places(instrument, bases)
    print(f"{instrument.name}, {instrument.vocoder.name}, {len(places)} base points, {machine()}\n")
    print("| control | rho | rho, 10th percentile | at -1 | at 1 | leaks onto |\n|---|---|---|---|---|---|")
    found = []
    for row in rows(instrument, places, spreads):
        leaks = sorted(row.leakage.items(), key=lambda item: -abs(np.nan_to_num(item[1])))
        shown = ", ".join(f"{name} {share:+.0%}" for name, share in leaks if np.isfinite(share) and abs(share) >= 0.1)
        ends = f"{row.low:.2f} {row.unit} | {row.high:.2f} {row.unit}"
        print(f"| {row.name} | {row.rho:.2f} | {row.rho_low:.2f} | {ends} | {shown} |", flush=True)
        found.append(vars(row))
    good = sum(round(row["rho"], 9) >= 0.9 for row in found)
    print(f"\n{good} of {len(found)} named controls with rho >= 0.9")
    for entry in analysis.get("withheld", []):
        print(f"not offered: {entry['reason']}")
    return found


if __name__ == "__main__":
    main()
