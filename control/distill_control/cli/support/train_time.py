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
LEAST_VOCODER_MINUTES = 5  # of --minutes, from which on a vocoder is trained
FULL_VOCODER_MINUTES = 10  # up to which a model in training gets as much as the vocoder
CORRECTION_SECONDS = 60.0  # that a latent model in training keeps where the vocoder gets the rest
MOST_ANALYSIS_SHARE = 1 / 3  # of --minutes, where a training needs the rest
_TRAINED = {  # what is trained, by whether the skeleton is complete and the family
    (False, "vae"): ("correction", "brings copies nearer to the sounds"),
    (False, "rvq"): ("correction and codes", "bring copies and codes nearer to the sounds"),
    (True, "rvq"): ("codes", "come nearer to sounds like yours"),
}


@dataclass(frozen=True)
class Times:
    """When the parts of a command end (`time.monotonic`); None where --minutes is not given.

    Attributes:
        model: the end of the latent model's training.
        vocoder: the end of the vocoder's.
        analysis: the end of the command.
        analysis_seconds: expected for measuring the controls, if nothing shortens it.
        analysis_share: of --minutes, that it gets at most.
    """

    model: float | None = None
    vocoder: float | None = None
    analysis: float | None = None
    analysis_seconds: float = 0.0
    analysis_share: float = 1.0


def divide(
    args: argparse.Namespace, began: float, analysis_seconds: float, *, with_vocoder: bool, model_trains: bool
) -> Times:
    """Return when each part ends, of a command that began at `began`.

    The analysis gets at most a third of --minutes, all of it where nothing is trained. A vocoder
    gets the rest. If the model trains too, it gets half of that up to FULL_VOCODER_MINUTES and
    CORRECTION_SECONDS above. What a part leaves goes to the next.
    """
    if not args.minutes:
        return Times(analysis_seconds=analysis_seconds)
    whole, now = 60.0 * args.minutes, time.monotonic()
    end = began + whole
    share = MOST_ANALYSIS_SHARE if with_vocoder or model_trains else 1.0
    rest_ends = end - FINISH_SECONDS - min(analysis_seconds, share * whole)
    half = (rest_ends - now) / 2 if model_trains else 0.0
    least = half if args.minutes <= FULL_VOCODER_MINUTES else min(half, CORRECTION_SECONDS)
    return Times(now + least if with_vocoder else rest_ends, rest_ends, end, analysis_seconds, share)


def expected_analysis_seconds(args: argparse.Namespace, config: ModelConfig, corpus: Corpus) -> float:
    """Return what the analysis takes here by a short measurement; 0 if none is to be made."""
    if args.no_analysis:
        return 0.0
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.rendering.analysis_cost import expected_seconds

    sound = sum(len(clip.stored) for clip in corpus.clips) / DEFAULT_MEL.sample_rate
    return expected_seconds(config, sound, args.kind if args.with_vocoder else None)


def planned(
    args: argparse.Namespace, config: ModelConfig, times: Times, *, model: bool, with_vocoder: bool
) -> tuple[PlannedPart, ...]:
    """Return what each part gets and is expected to bring.

    `model` is whether the model of `config` is made or changed.
    """
    from distill_engine.training.events import PlannedPart

    model_trains = model and not config.closed_form
    now, parts = time.monotonic(), []
    if model:
        parts.append(PlannedPart("skeleton", None, "in seconds; from then on the file plays"))
    if model_trains:
        left = None if times.model is None else times.model - now
        what, brings = _TRAINED[config.complete, config.family]
        parts.append(PlannedPart(what, left, f"{brings}; no longer than it gains"))
    if with_vocoder:
        begins = times.model if model_trains and times.model is not None else now
        left = None if times.vocoder is None else times.vocoder - begins
        leaves = f", with what the {parts[-1].name} leaves" if model_trains else ""
        parts.append(PlannedPart("vocoder", left, f"a vocoder of its own{leaves}"))
    if times.analysis_seconds:
        parts.append(_analysis_part(args, times))
    return tuple(parts)


def _analysis_part(args: argparse.Namespace, times: Times) -> PlannedPart:
    """Return the part of the analysis, shortened to its share of --minutes where it is longer."""
    from distill_engine.training.events import PlannedPart

    seconds, share = times.analysis_seconds, times.analysis_share
    most = share * 60 * args.minutes if args.minutes else math.inf
    brings = "measures which controls the sound follows"
    if seconds > most:
        enough = math.ceil(seconds / share / 60)
        brings += f", on fewer places than with --minutes {enough}"
    return PlannedPart("controls", min(seconds, most), brings)


def name_unused(args: argparse.Namespace, config: ModelConfig, listen: Callable[[Warned], None]) -> None:
    """Name the options that a model in closed form has no use for."""
    from distill_engine.training.events import Warned

    alone = not args.with_vocoder
    given = {"--preset": args.preset, "--epochs": args.epochs and alone, "--previews": args.previews and alone}
    unused = [option for option, value in given.items() if value]
    if config.closed_form and unused:
        listen(Warned(f"{' and '.join(unused)}: nothing to do here; the model is found at once, without training"))


def leaves_vocoder_out(args: argparse.Namespace, listen: Callable[[Warned], None]) -> bool:
    """Return whether --minutes is too short for a vocoder that would be better than the shipped."""
    from distill_engine.training.events import Warned

    if not args.minutes or args.minutes >= LEAST_VOCODER_MINUTES:
        return False
    later = f"distill train-vocoder {args.output} {args.corpus}"
    cure = f"give --minutes {LEAST_VOCODER_MINUTES} or more, or `{later}` later"
    listen(Warned(f"--minutes {args.minutes:g} is too short for a vocoder of its own, the shipped one plays: {cure}"))
    return True
