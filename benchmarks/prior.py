"""Measure the prior: what it predicts, how its sound is spread, what it copies, what it costs.

    python benchmarks/prior.py [--corpora sonicpi_cc0,struck,sung,percussive,DIR] [--seeds 10]

The skeleton alone plays, no network is trained. For the prediction every fourth clip is held out:
neither skeleton, codes nor counts are made from it.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codes import corpus_folder
from harness.benchmark import Benchmark, Column, Run, Table
from live_support.disturbances import COLUMNS
from measures.distributions import Distances, windows_of
from measures.likeness import FIGURES, Likeness
from measures.prediction import prediction
from transfer import first_version

if TYPE_CHECKING:
    from distill_engine.analysis.stretches.skeleton import Skeleton
    from distill_engine.codes.prior_corpus import PriorCorpus
    from distill_engine.synthesis.instrument import Instrument

COST_HOPS = 6000
"""Hops whose time is taken."""
BENCHMARK = Benchmark(
    "prior",
    "The prior: columns of a corpus in an order of its own",
    [
        Table(
            "prediction",
            "Information of the next code of level 0, and of a clip's end, in nats a column of held-out clips: from "
            "the shares of the codes alone, from the code before, by interpolated Kneser-Ney over up to so many codes "
            "before (the best order of 1 to 5), by the prior (code, its run, and codes that sound alike), and by the "
            "prior with the less smoothed counts that it plays.",
            (
                Column("corpus", "corpus"),
                Column("clips", "clips held out", "d"),
                Column("unigram", "shares alone", ".2f"),
                Column("bigram", "code before", ".2f"),
                Column("variable", "variable order", ".2f"),
                Column("order", "its order", "d"),
                Column("prior", "prior", ".2f"),
                Column("played", "as it plays", ".2f"),
            ),
            key=("corpus",),
        ),
        Table(
            "spread",
            "FD and MMD of windows of a second (means and deviations of 16 groups of mel bands): what the prior plays, as "
            "long as half the corpus, against a random half, and the other half against it; means over seeds.",
            (
                Column("corpus", "corpus"),
                Column("seeds", "seeds", "d"),
                Column("fd", "FD", ".2f"),
                Column("fd_halves", "of halves", ".2f"),
                Column("fd_ratio", "ratio", ".2f"),
                Column("mmd", "MMD", ".3f"),
                Column("mmd_halves", "of halves", ".3f"),
                Column("mmd_ratio", "ratio", ".2f"),
            ),
            key=("corpus",),
        ),
        Table(
            "playing",
            "A minute at the default settings. Of copy: over that of the corpus's copy-synthesis, one sound after the "
            "other. Copied: the longest stretch of one sound. Cost: ms a hop, the mean, and beyond that of the walk.",
            (
                Column("corpus", "corpus"),
                *(Column(name, name, ".2f") for name in FIGURES),
                Column("timbre_of_copy", "timbre of copy", ".2f"),
                Column("events_of_copy", "events of copy", ".2f"),
                Column("copied_s", "copied, s", ".2f"),
                Column("ms_a_hop", "ms a hop", ".3f"),
                Column("beyond_walk_ms", "beyond the walk", ".3f"),
                Column("count_ms", "counting at load, ms", ".0f"),
            ),
            key=("corpus",),
        ),
        Table(
            "moving",
            "Played offline while the prior's settings, the controls and the map's point move to random places, four times "
            "a second. Clicks: as found in the sounds of the corpus too. Moved on: how often one code had lasted too long.",
            (
                Column("corpus", "corpus"),
                Column("minutes", "minutes", ".0f"),
                Column("largest_step", "largest step between samples", ".2f"),
                Column("corpus_step", "of the corpus", ".2f"),
                Column("clicks", "clicks a minute", ".1f"),
                Column("corpus_clicks", "of the corpus", ".1f"),
                Column("silent", "silent stretches of 10 s", "d"),
                Column("moved", "moved on", "d"),
            ),
            key=("corpus",),
        ),
        Table(
            "live",
            "The same with an engine on a JACK server of its own, in blocks of one hop, heard from outside. Breaks: where "
            "what was heard is not what the engine recorded. Underruns are the machine's if a bystander thread of higher "
            "priority was late, too.",
            (
                Column("corpus", "corpus"),
                Column("moves", "messages", "d"),
                *COLUMNS,
                Column("underruns_machine", "underruns of the machine", ".0f"),
            ),
            key=("corpus",),
        ),
    ],
)


def spread(run: Run, name: str, skeleton: Skeleton, shared: PriorCorpus, seeds: int) -> None:
    """Add the row of how what plays is spread, against halves of the corpus."""
    path = shared.path
    mels = np.split(skeleton.decode(path.latents.astype(np.float64)), path.offsets[1:-1], axis=1)
    distances = Distances.of(windows_of(np.concatenate(mels, axis=1)))
    rows = []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(mels))
        ends = np.cumsum([mels[index].shape[1] for index in order])
        cut = int(np.searchsorted(ends, ends[-1] // 2)) + 1
        half, other = (
            windows_of(np.concatenate([mels[i] for i in part], axis=1)) for part in (order[:cut], order[cut:])
        )
        latents = played(shared, seed, path.frames // 2)
        rows.append((*distances(windows_of(skeleton.decode(latents)), half), *distances(other, half)))
    fd, mmd, fd_halves, mmd_halves = np.mean(rows, axis=0).tolist()
    figures = {"fd": fd, "fd_halves": fd_halves, "fd_ratio": fd / fd_halves}
    figures |= {"mmd": mmd, "mmd_halves": mmd_halves, "mmd_ratio": mmd / mmd_halves}
    run.row("spread", corpus=name, seeds=seeds, **figures)


def played(shared: PriorCorpus, seed: int, hops: int) -> np.ndarray:
    """Return the latents [D, hops] that the prior plays at its default settings, without fades."""
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.synthesis.sources.latent_sources import SourceSettings
    from distill_engine.synthesis.sources.prior_source import PriorSource

    source, settings = PriorSource(shared, seed, DEFAULT_MEL.frame_rate), SourceSettings()
    return np.stack([source.next(settings, None)[0] for _ in range(hops)], axis=1)


def play(run: Run, name: str, folder: Path, model: Path, instrument: Instrument, shared: PriorCorpus) -> None:
    """Add the row of a minute's playing."""
    from distill_control.cli.main import main as distill
    from distill_engine.audio.files import read_audio
    from distill_engine.codes.prior_corpus import PriorCorpus
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.rendering.coding.fitted_codes import longest_copy, played_columns
    from distill_engine.rendering.loaded_model import load_model

    sound = model.with_suffix(".wav")
    if distill(["render", str(model), "-o", str(sound), "--source", "prior", "--duration", "60"]):
        raise SystemExit(f"{name} cannot be rendered")
    began = time.monotonic()
    PriorCorpus(shared.corpus, shared.path)
    counted = time.monotonic() - began
    sounds, loaded = [clip.samples for clip in load_corpus(folder).clips], load_model(model)
    like = Likeness(sounds)
    found = like(read_audio(sound).samples.mean(axis=0))
    copy = like(np.concatenate([loaded.copy_synthesise(one) for one in sounds]))
    copied = longest_copy(played_columns(shared, 0, 60.0), shared.corpus.offsets)
    cost, walk = (hop_milliseconds(instrument, source) for source in ("prior", "walk"))
    run.row(
        "playing",
        corpus=name,
        **found,
        timbre_of_copy=found["timbre"] / copy["timbre"],
        events_of_copy=found["events"] / copy["events"],
        copied_s=copied * 4 / instrument.frame_rate,
        ms_a_hop=cost,
        beyond_walk_ms=cost - walk,
        count_ms=1000 * counted,
    )


def move(run: Run, name: str, folder: Path, model: Path, minutes: float) -> None:
    """Add the row of what plays while everything moves."""
    from distill_engine.dataset.corpus import load_corpus
    from measures.clicks import clicks
    from measures.moving import play_moving

    samples = np.concatenate([clip.samples for clip in load_corpus(folder).clips])
    found = play_moving(model, minutes)
    run.row(
        "moving",
        corpus=name,
        **found | {"clicks": found["clicks"] / found["minutes"]},
        corpus_step=np.abs(np.diff(samples)).max(),
        corpus_clicks=len(clicks(samples)) / (len(samples) / 44100 / 60),
    )


def hop_milliseconds(instrument: Instrument, source: str) -> float:
    """Return the mean processor time of a hop of a source, in milliseconds."""
    from distill_engine.synthesis.sources.latent_sources import SourceSettings

    bank, settings = instrument.sources(0, source), SourceSettings()
    for _ in range(COST_HOPS // 10):
        bank.next(settings)
    began = time.thread_time()
    for _ in range(COST_HOPS):
        bank.next(settings)
    return 1000 * (time.thread_time() - began) / COST_HOPS


def measure(run: Run, name: str, options: Any, work: Path) -> None:
    """Add the rows of one corpus."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.inference.stored_codes import stored_route
    from distill_engine.rendering.coding.fitted_codes import fit_model_codes
    from distill_engine.synthesis.instrument import prepare_instrument

    folder = corpus_folder(name)
    model = first_version(load_corpus(folder), work / f"{folder.name}.distillgan")
    route = stored_route(model)
    if route is None:
        raise SystemExit(f"{name} has no path")
    fit_model_codes(model, route)
    instrument = prepare_instrument(model)
    if instrument.prior is None or instrument.skeleton is None:
        raise SystemExit(f"{name} has no prior")
    if not options.moving:
        run.row("prediction", corpus=folder.name, **prediction(folder))
        spread(run, folder.name, instrument.skeleton, instrument.prior, options.seeds)
        play(run, folder.name, folder, model, instrument, instrument.prior)
    if options.live:
        from live_support.prior_moving import play_live

        run.row("live", corpus=folder.name, **play_live(model, 60 * options.live, work))
    if options.minutes:
        move(run, folder.name, folder, model, options.minutes)


def main() -> None:
    """Measure the corpora."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default="sonicpi_cc0,struck,sung,percussive", help="names, or folders")
    parser.add_argument("--seeds", type=int, default=10, help="of the comparison with halves of the corpus")
    parser.add_argument("--minutes", type=float, default=0.0, help="of playing while everything moves")
    parser.add_argument("--live", type=float, default=0.0, help="minutes of the same with an engine on JACK")
    parser.add_argument("--moving", action="store_true", help="these two alone")
    options: Any = parser.parse_args()
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory() as folder:
        for name in filter(None, options.corpora.split(",")):
            measure(run, name, options, Path(folder))


if __name__ == "__main__":
    main()
