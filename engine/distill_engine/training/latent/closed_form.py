"""A model without any training: a skeleton of all components gives each mel frame back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.modelfile import Manifest, update_model
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Finished, Listener, Saved
from distill_engine.training.latent.model_options import CHECKPOINT_PART, ModelOptions
from distill_engine.training.latent.relisting import write_changed_list
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version
from distill_engine.training.loop import Position
from distill_engine.training.storage import StoredTraining, to_part

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

VERDICT = "complete: it gives each spectrum back, and training has nothing to add"


def write_closed_form(
    corpus: Corpus,
    output: Path,
    options: ModelOptions,
    begun: StoredTraining | None,
    *,
    listen: Listener,
    stopped: Callable[[], bool],
) -> Finished:
    """Write a completed model into `output`; go on from `begun` with a changed list of sounds.

    A stop before the writing leaves the file as it is.
    """
    began = time.monotonic()
    if stopped():
        return Finished(False, 0, 0, 0.0, 0.0)
    keep_path = options.keep_path
    if begun is None:
        skeleton = skeleton_of(corpus, options.config)
        write_first_version(corpus, skeleton, options.config, output, replaces=options.fresh, keep_path=keep_path)
        _complete(corpus, output, options, skeleton)
    elif begun.about["corpus"] != corpus.digest:
        skeleton = write_changed_list(corpus, options.config, output, keep_path=keep_path, listen=listen)
        _complete(corpus, output, options, skeleton)
    done = Finished(True, 0, 0, time.monotonic() - began, 0.0)
    listen(Saved(output, 0, final=True))
    listen(done)
    return done


def _complete(corpus: Corpus, output: Path, options: ModelOptions, skeleton: Skeleton) -> None:
    """Write that the model is completed, and a checkpoint that says what was asked for."""
    settings = LatentSettings(seed=options.seed).to_dict()
    about = {"settings": settings, "corpus": corpus.digest, "config": options.config.to_dict()}
    row = {
        "epochs": 0,
        "steps": 0,
        "completed": True,
        "best_log_mel": skeleton.error(corpus.clips[index].mel for index in corpus.validation),
        "verdict": VERDICT,
        "settings": settings,
    }

    def manifest(old: Manifest) -> Manifest:
        return replace(old, training={**old.training, "model": row})

    checkpoint = Checkpoint(metadata={"position": Position(completed=True).to_dict()})
    update_model(output, manifest=manifest, parts={CHECKPOINT_PART: to_part(checkpoint, about)})
