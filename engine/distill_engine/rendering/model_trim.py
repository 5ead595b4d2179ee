"""Measure the level of a model's performances, and the gain that brings it to -16 dB at most."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from distill_engine.analysis.level import block_peaks, block_powers, gated_db, trim_for
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_power, power_to_db
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.modelfile import Manifest, ModelFile, update_model
from distill_engine.modelfile.reader import is_training
from distill_engine.modelfile.writer import PartLike
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import prepare_instrument

_PERFORMANCE_SECONDS = 15.0
_PERFORMANCES = (("drift", 0), ("drift", 1), ("drift", 2), ("drift", 3), ("corpus", 0))
_WALKS = (("walk", 0), ("walk", 1), ("drift", 0))  # of a model that plays stretches of its corpus
TRIM_SECONDS = len(_PERFORMANCES) * _PERFORMANCE_SECONDS
WALK_SECONDS = len(_WALKS) * _PERFORMANCE_SECONDS
"""Seconds of sound that are made to measure the level, of a model of version 1 and of one of 2."""


def loudness_db(samples: Float32Array, sample_rate: int = DEFAULT_MEL.sample_rate) -> float:
    """Return the gated level of samples [ch, T] in dB of full scale (RMS).

    Stretches of 0.4 s that are more than 10 dB below the mean are left out, as the relative gate of
    ITU-R BS.1770-5 does.
    """
    return gated_db(block_powers(samples, sample_rate))


def measured_trim_db(path: Path, vocoder: str = "auto", deadline: float = math.inf) -> float:
    """Return the gain in dB that brings a model's performances to -16 dB.

    Models that are trimmed with it start at the same level, unless their attacks would pass full
    scale. The level is the mean over
    performances of 15 s each: two walks and a drift of a model that has them, else four drifts and
    a path through the corpus. Several drifts are needed because one may stay for long in a loud or
    soft place. None begins after `deadline` (`time.monotonic`) but the first.
    """
    instrument = prepare_instrument(path, vocoder)
    levels: list[float] = []
    peaks: list[Float64Array] = []
    for source, seed in _WALKS if "walk" in instrument.source_names else _PERFORMANCES:
        if source not in instrument.source_names or (levels and time.monotonic() > deadline):
            continue
        score = Score(seconds=_PERFORMANCE_SECONDS, source=source, seed=seed)
        samples = np.concatenate(list(play_score(instrument, score)), axis=1)
        levels.append(loudness_db(samples))
        peaks.append(block_peaks(samples))
    return trim_for(float(power_to_db(np.mean(db_to_power(levels)))), np.concatenate(peaks))


def update_trimmed(
    path: Path,
    table: Mapping[str, Any],
    parts: Mapping[str, PartLike | None],
    *,
    output: Path | None = None,
    vocoder: str = "auto",
    deadline: float = math.inf,
) -> Manifest:
    """Write an analysis's table and parts into a model file, with the trim of what it then plays.

    The trim is measured on a copy first: the file is written once, and whoever plays it meanwhile
    never hears it without its trim. Arguments are those of `update_model` and `measured_trim_db`.
    """

    def with_trim(trim_db: float) -> Callable[[Manifest], Manifest]:
        return lambda old: replace(old, analysis={**table, "trim_db": trim_db})

    with ModelFile.open(path) as file:
        dropped = dict.fromkeys(part for part in file.parts if is_training(part))
    with TemporaryDirectory(prefix="distill-") as folder:
        copy = Path(folder) / path.name
        update_model(path, manifest=with_trim(0.0), parts={**parts, **dropped}, output=copy)
        trim = measured_trim_db(copy, vocoder, deadline)
    return update_model(path, manifest=with_trim(trim), parts=parts, output=output)
