"""How `distill train` divides the time of --minutes among its parts, and the plan it prints."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.events import PlannedPart, Warned

FINISH_SECONDS = 12.0  # for the graphs at the end of a training (14 s of one processor), besides the analysis
LEAST_VOCODER_MINUTES, FULL_VOCODER_MINUTES = 5, 10  # of --minutes: from here on a vocoder gets half, then the rest
CORRECTION_SECONDS = 60.0  # that the latent model keeps where the vocoder gets the rest
MOST_ANALYSIS_SHARE = 1 / 3  # of --minutes


@dataclass(frozen=True)
class Times:
    """When the parts of a command end (`time.monotonic`); None where --minutes is not given.

    Attributes:
        model: the end of the latent model's training.
        vocoder: the end of the vocoder's.
        analysis: the end of the command.
        analysis_seconds: expected for measuring the controls, if nothing shortens it.
    """

    model: float | None = None
    vocoder: float | None = None
    analysis: float | None = None
    analysis_seconds: float = 0.0


def divide(args: argparse.Namespace, began: float, analysis_seconds: float, *, with_vocoder: bool) -> Times:
    """Return when each part ends, of a command that began at `began`.

    The analysis gets at most a third of --minutes. A vocoder gets half of the rest up to
    FULL_VOCODER_MINUTES, and all but CORRECTION_SECONDS above. What a part leaves goes to the next.
    """
    if not args.minutes:
        return Times(analysis_seconds=analysis_seconds)
    whole, now = 60.0 * args.minutes, time.monotonic()
    end = began + whole
    rest_ends = end - FINISH_SECONDS - min(analysis_seconds, MOST_ANALYSIS_SHARE * whole)
    half = (rest_ends - now) / 2
    least = half if args.minutes <= FULL_VOCODER_MINUTES else min(half, CORRECTION_SECONDS)
    return Times(now + least if with_vocoder else rest_ends, rest_ends, end, analysis_seconds)


def expected_analysis_seconds(args: argparse.Namespace, config: ModelConfig, corpus: Corpus) -> float:
    """Return what the analysis takes here by a short measurement; 0 if none is to be made."""
    if args.no_analysis:
        return 0.0
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.rendering.analysis_cost import expected_seconds

    sound = sum(len(clip.stored) for clip in corpus.clips) / DEFAULT_MEL.sample_rate
    return expected_seconds(config, sound, args.kind if args.with_vocoder else None)


def planned(args: argparse.Namespace, times: Times, *, model: bool, with_vocoder: bool) -> tuple[PlannedPart, ...]:
    """Return what each part gets and is expected to bring; `model` is whether the model trains."""
    from distill_engine.training.events import PlannedPart

    now, parts = time.monotonic(), []
    if model:
        left = None if times.model is None else times.model - now
        parts.append(PlannedPart("skeleton", None, "in seconds; from then on the file plays"))
        parts.append(PlannedPart("correction", left, "brings copies nearer to the sounds; ends when it gains no more"))
    if with_vocoder:
        left = None if times.vocoder is None or times.model is None else times.vocoder - (times.model if model else now)
        parts.append(PlannedPart("vocoder", left, "a vocoder of its own, with what the correction leaves"))
    if times.analysis_seconds:
        parts.append(_analysis_part(args, times.analysis_seconds))
    return tuple(parts)


def _analysis_part(args: argparse.Namespace, seconds: float) -> PlannedPart:
    """Return the part of the analysis, shortened where it would take more than its share."""
    from distill_engine.training.events import PlannedPart

    share = MOST_ANALYSIS_SHARE * 60 * args.minutes if args.minutes else math.inf
    brings = "measures which controls the sound follows"
    if seconds > share:
        enough = math.ceil(seconds / MOST_ANALYSIS_SHARE / 60)
        brings += f", on fewer places than with --minutes {enough}"
    return PlannedPart("controls", min(seconds, share), brings)


def leaves_vocoder_out(args: argparse.Namespace, listen: Callable[[Warned], None]) -> bool:
    """Return whether --minutes is too short for a vocoder that would be better than the shipped."""
    from distill_engine.training.events import Warned

    if not args.minutes or args.minutes >= LEAST_VOCODER_MINUTES:
        return False
    later = f"distill train-vocoder {args.output} {args.corpus}"
    cure = f"give --minutes {LEAST_VOCODER_MINUTES} or more, or `{later}` later"
    listen(Warned(f"--minutes {args.minutes:g} is too short for a vocoder of its own, the shipped one plays: {cure}"))
    return True
