"""Train a model from a Python program."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable

from distill_engine.dataset.corpus import load_corpus
from distill_engine.errors import ArgumentError, Cancelled, TrainingError
from distill_engine.library.folders import cache_dir
from distill_engine.library.lookup import MODEL_SUFFIX
from distill_engine.program.model import Model, load_model
from distill_engine.system.checked_values import checked_function, checked_path, checked_whole
from distill_engine.system.listeners import ignore
from distill_engine.system.torchrun import need_one_process
from distill_engine.vocabulary.table import SEED_LIMIT


def train(  # seven parameters: a training has that many choices, all but two with a default
    corpus: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    minutes: float | None = None,
    seed: int = 0,
    analyse: bool = True,
    listen: Callable[[object], None] = ignore,
    stopped: Callable[[], bool] = lambda: False,
) -> Model:
    """Train a model on a folder of sounds, find its controls, and return it.

    Args:
        corpus: folder with 5 to 500 sound files.
        output: the `.distillgan` file to write; it plays after the first seconds.
        minutes: for everything; by default the controls are measured as well as they can be.
        seed: of all random choices.
        analyse: whether to measure at the end which controls the sound follows; without it they
            are those that the corpus suggests.
        listen: called with every event of `distill_engine.training.events` and of the analysis.
        stopped: asked before the model is written and after; True ends it there.

    Raises:
        ArgumentError: for an argument of another type, or out of range.
        CorpusError, TrainingError: if the sounds cannot be trained on, or `output` exists.
        Cancelled: if it was stopped before its end.
    """
    need_one_process("distill_engine.train")
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.rendering.analysing import AnalysisOptions, analyse_model_file
    from distill_engine.training.latent.model_options import ModelOptions
    from distill_engine.training.latent.train_model import train_model

    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float) or not minutes > 0):
        raise ArgumentError(f"minutes: {minutes!r}: expected a number above 0, or None")
    path, folder = checked_path(output, "output"), checked_path(corpus, "corpus")
    checked_whole(seed, "seed", 0, SEED_LIMIT)
    for name, function in (("listen", listen), ("stopped", stopped)):
        checked_function(function, name)
    if path.suffix != MODEL_SUFFIX:
        raise ArgumentError(f"output: {path}: expected NAME{MODEL_SUFFIX}")
    if path.exists():
        raise TrainingError(f"{path}: exists already, nothing is overwritten: choose another name")
    end = time.monotonic() + 60.0 * minutes if minutes else None
    sounds = load_corpus(folder, seed=seed, cache_dir=cache_dir())
    options = ModelOptions(skeleton_config(), seed=seed, fresh=True)
    if not train_model(sounds, path, options, listen=listen, stopped=stopped).completed or stopped():
        raise Cancelled(f"{path}: stopped; " + ("the model is saved" if path.exists() else "nothing was written"))
    if analyse:
        analysis = AnalysisOptions(seed, deadline=math.inf if end is None else end, goes_on=True)
        analyse_model_file(path, sounds, analysis, listen)
    return load_model(path)
