"""Going on with a changed list of sounds: skeleton, path, and the weights learned so far."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.errors import PresetError
from distill_engine.library.marks import MarkStore
from distill_engine.library.presets import PresetStore
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Listener, Saved, Warned
from distill_engine.training.latent.carried_presets import Meaning, carry_marks, carry_presets
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version, write_path

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

LEAST_REFIT_GAIN = 0.02  # nats that a new skeleton must be nearer to the sounds, to replace the old one


def write_changed_list(
    corpus: Corpus, config: ModelConfig, output: Path, *, keep_path: bool, listen: Listener
) -> Skeleton:
    """Write the path of a changed list of sounds into `output`; return the skeleton that it is of.

    The skeleton stays unless a new one is nearer to the sounds by more than LEAST_REFIT_GAIN. The
    new one is turned towards the old one, and the file then plays it without a correction.
    """
    before = Meaning.of_file(output, config)
    old, new = before.skeleton, skeleton_of(corpus, config, before.skeleton)
    before_error, after_error = (one.error(clip.mel for clip in corpus.clips) for one in (old, new))
    gain = before_error - after_error
    if gain > LEAST_REFIT_GAIN:
        listen(
            Warned(
                f"a new skeleton is {gain:.3f} nat nearer to the sounds and replaces the old one: the correction "
                "starts anew, and latents by number mean something else"
            )
        )
        write_first_version(corpus, new, config, output, replaces=False, keep_path=keep_path)
    else:
        write_path(corpus, old, output, keep_path=keep_path)
    listen(Saved(output, 0))
    after = Meaning.of_file(output, config)
    _carry(before, after, listen)
    return after.skeleton


def _carry(before: Meaning, after: Meaning, listen: Listener) -> None:
    """Carry the presets and marks of the library over, and say so."""
    for what, one, carry in (
        ("presets", "preset", partial(carry_presets, PresetStore(), before, after)),
        ("sets of marks", "set of marks", partial(carry_marks, MarkStore(), before, after)),
    ):
        try:
            count = carry()
        except PresetError as error:
            listen(Warned(f"{what} stay as they were, for the sounds of before: {error}"))
            continue
        if count:
            said = f"1 {one} was" if count == 1 else f"{count} {what} were"
            listen(Warned(f"{said} carried over: latents and places on the map mean the same sound as before"))


def is_of(checkpoint: Checkpoint, skeleton: Skeleton) -> bool:
    """Return whether the weights in a checkpoint were trained with this skeleton."""
    kept = checkpoint.arrays_under("model")
    return all(name in kept and np.array_equal(kept[name], array) for name, array in skeleton.to_arrays().items())
