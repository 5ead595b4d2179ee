"""How `distill train` divides the time of --minutes among its parts."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.events import Warned

FINISH_SECONDS = 5.0  # for statistics and graphs at the end of a training, besides the analysis
MOST_RESERVED_SHARE = 0.6  # of --minutes that may be set aside for the analysis


def reserved_seconds(
    args: argparse.Namespace, config: ModelConfig, corpus: Corpus, listen: Callable[[Warned], None]
) -> float:
    """Return the seconds of --minutes that are set aside for the analysis and for writing the file.

    A short measurement tells what the analysis will take on this machine. Where more than
    MOST_RESERVED_SHARE would be needed, a warning says how many minutes are enough.
    """
    if not args.minutes:
        return 0.0
    if args.no_analysis:
        return FINISH_SECONDS
    from distill_engine.audio.mel import DEFAULT_MEL
    from distill_engine.rendering.analysis_cost import expected_seconds
    from distill_engine.training.events import Warned

    sound = sum(len(clip.samples) for clip in corpus.clips) / DEFAULT_MEL.sample_rate
    wanted = FINISH_SECONDS + expected_seconds(config, sound, args.kind if args.with_vocoder else None)
    most = MOST_RESERVED_SHARE * args.minutes * 60
    if wanted > most:
        enough, longer = math.ceil(wanted / MOST_RESERVED_SHARE / 60), math.ceil((wanted - most) / 60)
        cause = f"--minutes {args.minutes:g} is too short here: finding the controls takes up to {wanted:.0f} s"
        cure = f"give --minutes {enough} or more, or --no-analysis"
        listen(Warned(f"{cause}. This command will take up to {longer} min longer: {cure}"))
    return float(min(wanted, most))


def end_time(args: argparse.Namespace, began: float, reserve: float, kept: float) -> float | None:
    """Return when a part of the training must end (`time.monotonic`); None without --minutes.

    `reserve` is in seconds; `kept` is the share (0 to 1) of the time left that a later part gets.
    """
    if not args.minutes:
        return None
    now, end = time.monotonic(), began + args.minutes * 60 - reserve
    return float(now + (end - now) * (1 - kept))
