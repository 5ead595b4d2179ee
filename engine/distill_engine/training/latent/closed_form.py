"""A model without any training: a skeleton of all components gives each mel frame back."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.modelfile import Manifest, Part, update_model
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Finished, Listener, Saved
from distill_engine.training.latent.file_entry import CHECKPOINT_PART
from distill_engine.training.latent.relisting import write_changed_list
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version
from distill_engine.training.loop import Position
from distill_engine.training.storage import StoredTraining, to_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from distill_engine.dataset.corpus import Corpus

VERDICT = "complete: it gives each spectrum back, and training has nothing to add"


def write_closed_form(
    corpus: Corpus,
    output: Path,
    config: ModelConfig,
    begun: StoredTraining | None,
    *,
    seed: int,
    replaces: bool,
    keep_path: bool,
    listen: Listener,
    stopped: Callable[[], bool],
) -> Finished:
    """Write a completed model into `output`; go on from `begun` with a changed list of sounds.

    With `replaces` a file there is replaced, otherwise its model is. `seed` chose the sounds kept
    aside, and is kept for the vocoder. A stop before the writing leaves the file as it is.
    """
    began = time.monotonic()
    if stopped():
        return Finished(False, 0, 0, 0.0, 0.0)
    about = {"settings": LatentSettings(seed=seed).to_dict(), "config": config.to_dict(), "preset": "auto"}
    about = {**about, **(begun.about if begun is not None else {}), "corpus": corpus.digest}

    def complete(skeleton: Skeleton) -> tuple[dict[str, Part], dict[str, Any]]:
        """Return the checkpoint, which only says what was asked for, and the manifest's row."""
        position = Position(completed=True, seconds=time.monotonic() - began)
        row = {
            "epochs": 0,
            "steps": 0,
            "seconds": position.seconds,
            "completed": True,
            "validation": {},
            "best_log_mel": skeleton.error(corpus.clips[index].mel for index in corpus.validation),
            "verdict": VERDICT,
            "settings": about["settings"],
        }
        return {CHECKPOINT_PART: to_part(Checkpoint(metadata={"position": position.to_dict()}), about)}, row

    if begun is None:
        skeleton = skeleton_of(corpus, config)
        parts, row = complete(skeleton)
        write_first_version(
            corpus, skeleton, config, output, replaces=replaces, keep_path=keep_path, more=parts, training=row
        )
    elif begun.about["corpus"] != corpus.digest:
        parts, row = complete(write_changed_list(corpus, config, output, keep_path=keep_path, listen=listen))

        def manifest(old: Manifest) -> Manifest:
            return replace(old, training={**old.training, "model": row})

        update_model(output, manifest=manifest, parts=parts)
    listen(Saved(output, 0, final=True))
    done = Finished(True, 0, 0, time.monotonic() - began, 0.0)
    listen(done)
    return done
