"""Weights and checkpoints as parts of a model file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from distill_engine.errors import ModelFileError, TrainingError
from distill_engine.modelfile import ModelFile, Part
from distill_engine.system.plain_json import parse
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.loop import Position

if TYPE_CHECKING:
    from torch import nn

    from distill_engine.dataset.corpus import Corpus


RELISTED = "its list of sounds has changed: it goes on, but not as if it had been begun with this list"


class StoredTraining(NamedTuple):
    """A checkpoint read from a file, and what was stored beside it.

    `about` holds `settings`, `corpus` (its digest), `config`, and the budget: `epochs`, `seconds`.
    """

    checkpoint: Checkpoint
    about: dict[str, Any]


def weights(module: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of a network's weights and buffers by name, each in its own shape [...]."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def load_weights(module: nn.Module, arrays: dict[str, np.ndarray], where: str) -> None:
    """Load weights and buffers, each in the shape [...] of the module's own.

    Half precision becomes float32. Raises ModelFileError, beginning with `where`, if names or
    shapes do not fit.
    """
    import torch

    state = {name: torch.from_numpy(np.ascontiguousarray(a)).float() for name, a in arrays.items()}
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise ModelFileError(
            f"{where}: weights do not fit the configuration: damaged, or made by a newer Distill"
        ) from error


def to_part(checkpoint: Checkpoint, about: dict[str, Any]) -> Part:
    """Return a checkpoint as a part of a model file, with `about` as JSON beside it."""
    return Part(checkpoint.arrays, {"checkpoint": json.dumps(checkpoint.metadata), "about": json.dumps(about)})


def check_corpus(path: Path, what: str, about: dict[str, Any], corpus: Corpus) -> None:
    """Check that a training was begun with this corpus, or with an earlier list of its sounds.

    `what` is "model" or begins with "vocoder". Raises TrainingError for another corpus.
    """
    if about["corpus"] not in (corpus.digest, *corpus.earlier):
        command = "distill train-vocoder" if what.startswith("vocoder") else "distill train"
        raise TrainingError(
            f"{path}: the {what} in it was begun with another corpus: name that one, or start again with `{command} --fresh`"
        )


def read_checkpoint(path: Path, part: str) -> StoredTraining | None:
    """Read the checkpoint in a part of a model file; return None if the file or the part is absent.

    Raises TrainingError if the part holds no readable checkpoint.
    """
    if not path.exists():
        return None
    with ModelFile.open(path) as file:
        if part not in file.parts:
            return None
        read = file.read(part)
    try:
        metadata, about = (parse(read.metadata[name], finite=False) for name in ("checkpoint", "about"))
        _check(metadata, about)
    except (KeyError, ValueError, TypeError) as error:
        raise TrainingError(f"{path}: the checkpoint in it cannot be read: start again with --fresh") from error
    return StoredTraining(Checkpoint(dict(read.arrays), metadata), about)


def _check(metadata: Any, about: Any) -> None:
    """Raise an error of Python's where something lacks that every training needs to go on."""
    position, settings = Position.from_dict(metadata["position"]), about["settings"]
    kinds: list[tuple[object, tuple[type, ...]]] = [
        (position.step, (int,)),
        (position.completed, (bool,)),
        (position.judged_from, (int,)),
        *((number, (int, float)) for number in (position.seconds, position.best)),
        *((budget, (int, float, type(None))) for budget in (about.get("epochs"), about.get("seconds"))),
        *((figures, (dict,)) for figures in position.history),
        *((table, (dict,)) for table in (settings, about["config"])),
        (settings["seed"], (int,)),
        (about["corpus"], (str,)),
    ]
    wrong = [value for value, types in kinds if type(value) not in types]
    if wrong or position.step < 0 or not math.isfinite(position.seconds):
        raise ValueError(f"{wrong[:1]} is not what it should be")


def checkpoint_to_resume(output: Path, part: str, what: str, corpus: Corpus) -> StoredTraining:
    """Read the checkpoint in a part of a model file, for a training of this corpus.

    `what` is "model" or begins with "vocoder". Raises TrainingError if there is no checkpoint, or
    one of another corpus.
    """
    found = read_checkpoint(output, part)
    if found is None:
        raise TrainingError(f"{output}: holds no checkpoint of a {what} to resume: train it with --fresh")
    check_corpus(output, what, found.about, corpus)
    return found
