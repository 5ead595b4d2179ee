"""Measure how good a model's own vocoder is after so many CPU minutes, on held-out clips.

    python benchmarks/curves.py --corpus DIR [--kind vocos] [--minutes 5,20,60] [--files 5]
        [--from-scratch] [--spectral-only]

One training whose schedule is as long as the last figure; it is measured at each. The clock is
the process's CPU time, so that a busy machine changes nothing. Each row stands beside the base
vocoder and Griffin-Lim on the same clips, and counts the clips on which it is better than the
base in log-mel and in MR-STFT. The distances are those of quality.py. With `--files` so many
clips are a user's whole folder (one of them validates), and the figures are of the others (24 at
most), which neither the training nor the choice of its best has met.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.benchmark import Benchmark, Column, Run, Table
from measures.columns import DISTANCES

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.training.vocoder.task import VocoderTask
    from measures.distances import Distances
    from measures.vocoders import Vocode

CLIP_SECONDS, MOST_CLIPS = 8, 24
EXTRA_SECONDS = 5
"""Training goes on a little after the last figure, so that its last measurement takes place."""
Rows = list[dict[str, float]]
Clips = list[np.ndarray]
BENCHMARK = Benchmark(
    "curves",
    "Curves: a model's own vocoder over CPU time",
    [
        Table(
            "curves",
            "Copy-synthesis of held-out clips. Better counts the clips on which log-mel and MR-STFT are both better "
            "than the base's. Tabla (26 strokes) and loops (15 drum loops) are of the package sonic-pi-samples (CC0); "
            "no base vocoder was trained on them.",
            (
                Column("corpus", "corpus"),
                Column("what", "vocoder"),
                Column("minutes", "CPU min", "g"),
                Column("steps", "steps", ",d"),
                *DISTANCES,
                Column("better", "better", "d"),
                Column("clips", "of", "d"),
            ),
            key=("corpus", "what", "minutes"),
        )
    ],
)


@dataclass(frozen=True)
class Measured:
    """The clips to measure, how, and the base vocoder's rows on them."""

    corpus: str
    clips: Clips
    distances: Distances
    base: Rows

    def row(self, run: Run, what: str, rows: Rows, **more: Any) -> None:
        """Add the means of `rows`, and the clips that are better than the base in both measures."""
        means = {column.field: float(np.mean([row[column.field] for row in rows])) for column in DISTANCES}
        if rows is not self.base:
            pairs = zip(rows, self.base, strict=True)
            more["better"] = sum(a["log_mel"] < b["log_mel"] and a["mr_stft"] < b["mr_stft"] for a, b in pairs)
            more["clips"] = len(rows)
        run.row("curves", corpus=self.corpus, what=what, **means, **more)


def parts(corpus: Corpus, files: int) -> tuple[Clips, Clips, Clips]:
    """Return the clips to train on, to validate with and to measure.

    The corpus's own held-out clips are measured, or with `files` those outside that many at random.
    """
    if not files:
        held = [corpus.clips[i].samples for i in corpus.validation]
        return [corpus.clips[i].samples for i in corpus.training], held, held
    order = np.random.default_rng(0).permutation(len(corpus.clips))
    if not 2 <= files < len(order):
        raise SystemExit(f"error: --files: from 2 to {len(order) - 1} here")
    samples = [corpus.clips[i].samples for i in order]
    return samples[1:files], samples[:1], samples[files : files + MOST_CLIPS]


def each_clip(clips: Clips, run: Vocode, distances: Distances) -> Rows:
    """Return the distances of every clip sent through its true mel and `run`."""
    from measures.vocoders import copied

    return [distances(clip, copied(clip, run)) for clip in clips]


def prepared(options: argparse.Namespace, training: Clips, validation: Clips, begin: Any) -> VocoderTask:
    """Return the task of the training asked for, begun with the base or from nothing."""
    import torch

    from distill_engine.training.batches import Augmentation, Batches
    from distill_engine.training.vocoder.settings import default_settings
    from distill_engine.training.vocoder.task import VocoderTask
    from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

    settings = default_settings(options.kind, "cpu")
    if not options.from_scratch:
        settings = settings.from_base()
    if options.spectral_only:
        settings = replace(settings, spectral_fraction=1.0)
    torch.manual_seed(settings.seed)
    network = build_vocoder(options.kind, vocoder_kind(options.kind).config().to_dict())
    if not options.from_scratch:
        network.load_state_dict(begin.state_dict())
    batches = Batches(training, settings.batch_size, settings.segment_frames, settings.seed, Augmentation())
    return VocoderTask(network, settings, batches, validation)


def train(run: Run, options: argparse.Namespace, task: VocoderTask, begin: Any, measured: Measured) -> None:
    """Train for as long as the last figure, and measure the best so far at each."""
    from distill_engine.training.events import Progress, TrainingEvent
    from distill_engine.training.loop import Budget, TrainingLoop
    from distill_engine.training.vocoder.task import copy_synthesis
    from measures.vocoders import vocode

    start = "from scratch" if options.from_scratch else "from the base"
    what = f"own {options.kind}, {start}{', spectral losses only' if options.spectral_only else ''}"
    left, paused = list(options.minutes), 0.0

    def clock() -> float:
        return time.process_time() - paused

    began = clock()

    def measure(event: TrainingEvent) -> None:
        nonlocal paused
        if not isinstance(event, Progress) or not left or clock() - began < 60 * left[0]:
            return
        from_here = time.process_time()
        best = copy.deepcopy(task.core.average)
        if task.best is not None:
            best.load_state_dict(task.best)
        rows = each_clip(measured.clips, vocode(best.eval()), measured.distances)
        measured.row(run, what, rows, minutes=left.pop(0), steps=event.step)
        paused += time.process_time() - from_here

    budget = Budget(seconds=60 * options.minutes[-1] + EXTRA_SECONDS)
    loop = TrainingLoop(task, budget, lambda *_: None, listen=measure, clock=clock)
    if not options.from_scratch:
        loop.position.best = task.begin_with(begin, copy_synthesis(begin, task.core, task.held_out))
    loop.run()


def measure(run: Run, options: argparse.Namespace) -> None:
    """Measure Griffin-Lim and the base vocoder, then the training."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.training.vocoder.base import base_network
    from distill_engine.vocoders.registry import vocoder_kind
    from measures.distances import Distances
    from measures.vocoders import griffin_lim, vocode

    training, validation, held_out = parts(load_corpus(options.corpus, seed=0), options.files)
    clips = [clip[: min(len(clip), CLIP_SECONDS * 44100) // 512 * 512] for clip in held_out]
    begin = base_network(options.kind, vocoder_kind(options.kind).config().to_dict())
    if begin is None:
        raise SystemExit("error: no base vocoder is shipped")
    distances = Distances()
    name = options.corpus.name + (f", {options.files} files" if options.files else "")
    measured = Measured(name, clips, distances, each_clip(clips, vocode(begin), distances))
    measured.row(run, "Griffin-Lim 60", each_clip(clips, griffin_lim, distances))
    measured.row(run, f"base {options.kind}", measured.base)
    train(run, options, prepared(options, training, validation, begin), begin, measured)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpus", type=Path, help="a folder of clips that no base vocoder has heard")
    parser.add_argument("--kind", default="vocos", choices=("vocos", "hifigan"))
    parser.add_argument(
        "--minutes",
        default="5,20,60",
        type=lambda text: sorted(float(m) for m in text.split(",")),
        help="CPU minutes at which the training is measured",
    )
    parser.add_argument("--files", type=int, default=0, help="train on so many clips, measure the others")
    parser.add_argument("--from-scratch", action="store_true", help="do not begin with the base vocoder")
    parser.add_argument("--spectral-only", action="store_true", help="no adversarial stage")
    options = parser.parse_args()
    if options.corpus is None:
        print("curves: not measured, --corpus DIR is needed: clips that no base vocoder has heard", file=sys.stderr)
        return 0
    warnings.simplefilter("ignore")
    with BENCHMARK.run(options) as run:
        measure(run, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
