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
LEAST_VOCODER_MINUTES, FULL_VOCODER_MINUTES = 5, 10  # of --minutes: from here on a vocoder gets half, then the rest
CORRECTION_SECONDS = 60.0  # that the latent model keeps where the vocoder gets the rest
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


def end_time(args: argparse.Namespace, began: float, reserve: float) -> float | None:
    """Return when the training must end (`time.monotonic`), `reserve` seconds before --minutes.

    None without --minutes.
    """
    return float(began + args.minutes * 60 - reserve) if args.minutes else None


def model_end_time(args: argparse.Namespace, began: float, reserve: float) -> float | None:
    """Return when the latent model's training must end, so that the vocoder has its share."""
    end = end_time(args, began, reserve)
    if end is None or not args.with_vocoder or args.minutes < LEAST_VOCODER_MINUTES:
        return end
    now = time.monotonic()
    left = end - now
    return now + (left / 2 if args.minutes <= FULL_VOCODER_MINUTES else min(left / 2, CORRECTION_SECONDS))


def leaves_vocoder_out(args: argparse.Namespace, listen: Callable[[Warned], None]) -> bool:
    """Return whether --minutes is too short for a vocoder that would be better than the shipped."""
    from distill_engine.training.events import Warned

    if not args.minutes or args.minutes >= LEAST_VOCODER_MINUTES:
        return False
    later = f"distill train-vocoder {args.output} {args.corpus}"
    cure = f"give --minutes {LEAST_VOCODER_MINUTES} or more, or `{later}` later"
    listen(Warned(f"--minutes {args.minutes:g} is too short for a vocoder of its own, the shipped one plays: {cure}"))
    return True
