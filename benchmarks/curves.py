"""How good a model's own vocoder is after so many CPU minutes, on held-out clips, from the base vocoder and from nothing.

    python benchmarks/curves.py --corpus DIR [--kind vocos] [--minutes 5,20,60] [--files 5] [--from-scratch] [--spectral-only]
        [--json FILE]

One training whose schedule is as long as the last figure; it is measured at each. The clock is the process's CPU time, so that a busy
machine changes nothing. Each row stands beside the base vocoder and Griffin-Lim on the same clips, and counts the clips on which it is
better than the base in log-mel and in MR-STFT. The measures are those of quality.py. With `--files` so many clips are somebody's whole
folder (one of them validates), and the figures are of the others (24 at most), which neither the training nor the choice of its best
has met.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from quality import Measures, copied, griffin_lim, vocode

from distill_engine.dataset.corpus import Corpus, load_corpus
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.events import Progress, TrainingEvent
from distill_engine.training.loop import Budget, TrainingLoop
from distill_engine.training.vocoder.base import base_network
from distill_engine.training.vocoder.settings import default_settings
from distill_engine.training.vocoder.task import VocoderTask, copy_synthesis
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

CLIP_SECONDS, MOST_CLIPS = 8, 24
COLUMNS = ("log_mel", "mr_stft", "zimtohrli", "transient_lsd")
Rows = list[dict[str, float]]
Clips = list[np.ndarray]


def parts(corpus: Corpus, files: int) -> tuple[Clips, Clips, Clips]:
    """The clips to train on, to validate with and to measure: the corpus's own held-out clips, or of `files` at random the rest."""
    if not files:
        held = [corpus.clips[i].samples for i in corpus.validation]
        return [corpus.clips[i].samples for i in corpus.training], held, held
    order = np.random.default_rng(0).permutation(len(corpus.clips))
    assert 2 <= files < len(order), f"--files: from 2 to {len(order) - 1} here"
    samples = [corpus.clips[i].samples for i in order]
    return samples[1:files], samples[:1], samples[files : files + MOST_CLIPS]


def each_clip(clips: Clips, run: Any, measures: Measures) -> Rows:
    """The measures of every clip sent through its true mel and `run`."""
    return [measures(clip, copied(clip, run)) for clip in clips]


def line(name: str, rows: Rows, base: Rows) -> str:
    """One row of the table: means, and the clips better than the base in both of the first two columns."""
    means = " | ".join(f"{np.mean([row[c] for row in rows]):.3f}" for c in COLUMNS)
    better = sum(a["log_mel"] < b["log_mel"] and a["mr_stft"] < b["mr_stft"] for a, b in zip(rows, base, strict=True))
    return f"| {name} | {means} | {'' if rows is base else f'{better} of {len(rows)}'} |"


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--kind", default="vocos", choices=("vocos", "hifigan"))
    parser.add_argument("--minutes", default="5,20,60")
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--from-scratch", action="store_true")
    parser.add_argument("--spectral-only", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    stops = sorted(float(m) for m in args.minutes.split(","))

    corpus = load_corpus(args.corpus, seed=0)
    training, validation, measured = parts(corpus, args.files)
    clips = [clip[: min(len(clip), CLIP_SECONDS * 44100) // 512 * 512] for clip in measured]
    measures = Measures()
    config = vocoder_kind(args.kind).config().to_dict()
    begin = base_network(args.kind, config)
    assert begin is not None, "no base vocoder is shipped"
    base = each_clip(clips, vocode(begin), measures)

    settings = default_settings(args.kind, "cpu")
    if not args.from_scratch:
        settings = settings.from_base()
    if args.spectral_only:
        settings = replace(settings, spectral_fraction=1.0)
    torch.manual_seed(settings.seed)
    network = build_vocoder(args.kind, config)
    if not args.from_scratch:
        network.load_state_dict(begin.state_dict())
    batches = Batches(training, settings.batch_size, settings.segment_frames, settings.seed, Augmentation())
    task = VocoderTask(network, settings, batches, validation)

    start = "from scratch" if args.from_scratch else "from the base"
    stage = ", spectral losses only" if args.spectral_only else ""
    print(f"{len(clips)} held-out clips of {args.corpus.name}, {len(training)} to train on, {machine()}\n", flush=True)
    print("| what | log-mel L1 (nat) | MR-STFT | zimtohrli | transients LSD (dB) | better than the base on |")
    print("|---|---|---|---|---|---|")
    table = {"Griffin-Lim 60": each_clip(clips, griffin_lim, measures), f"base {args.kind}": base}
    for name, rows in table.items():
        print(line(name, rows, base), flush=True)
    left, paused = list(stops), 0.0

    def clock() -> float:
        return time.process_time() - paused

    began = clock()

    def measure(event: TrainingEvent) -> None:
        nonlocal paused
        if not isinstance(event, Progress) or not left or clock() - began < 60 * left[0]:
            return
        from_here = time.process_time()
        name = f"own {args.kind}, {start}{stage}, {left.pop(0):g} min, {event.step} steps"
        best = copy.deepcopy(task.core.average)
        if task.best is not None:
            best.load_state_dict(task.best)
        table[name] = each_clip(clips, vocode(best.eval()), measures)
        print(line(name, table[name], base), flush=True)
        paused += time.process_time() - from_here

    seconds = 60 * stops[-1] + 5
    loop = TrainingLoop(task, Budget(seconds=seconds), lambda *_: None, listen=measure, clock=clock)
    if not args.from_scratch:
        loop.position.best = task.begin_with(begin, copy_synthesis(begin, task.core, task.held_out))
    loop.run()
    if args.json:
        args.json.write_text(json.dumps({"machine": machine(), "rows": table}, indent=1))


if __name__ == "__main__":
    main()
