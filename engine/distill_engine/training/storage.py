"""Training states inside the model file: checkpoints in, checkpoints out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from distill_engine.errors import ModelFileError, TrainingError
from distill_engine.modelfile import ModelFile, Part
from distill_engine.training.checkpoint import Checkpoint


def weights(module: nn.Module) -> dict[str, np.ndarray]:
    """A network's weights and buffers as arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def load_weights(module: nn.Module, arrays: dict[str, np.ndarray], where: str) -> None:
    """Loads arrays strictly (half precision is widened). Raises ModelFileError where they do not fit."""
    state = {name: torch.from_numpy(np.ascontiguousarray(a)).float() for name, a in arrays.items()}
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise ModelFileError(
            f"{where}: weights do not fit the configuration: damaged, or made by a newer Distill"
        ) from error


def to_part(checkpoint: Checkpoint, about: dict[str, Any]) -> Part:
    """A checkpoint as a part; `about` (settings, corpus digest) is JSON beside it."""
    return Part(checkpoint.arrays, {"checkpoint": json.dumps(checkpoint.metadata), "about": json.dumps(about)})


def check_corpus(path: Path, what: str, about: dict[str, Any], digest: str) -> None:
    """Raises TrainingError where a checkpoint was begun with another corpus than the one of this digest."""
    if about["corpus"] != digest:
        command = "distill train-vocoder" if what.startswith("vocoder") else "distill train"
        raise TrainingError(
            f"{path}: the {what} in it was begun with another corpus: name that one, or start again with `{command} --fresh`"
        )


def read_checkpoint(path: Path, part: str) -> tuple[Checkpoint, dict[str, Any]] | None:
    """The checkpoint in a part and what was said about it; None where the file or the part is absent."""
    if not path.exists():
        return None
    with ModelFile.open(path) as file:
        if part not in file.parts:
            return None
        read = file.read(part)
    try:
        metadata, about = json.loads(read.metadata["checkpoint"]), json.loads(read.metadata["about"])
    except (KeyError, ValueError) as error:
        raise TrainingError(f"{path}: the checkpoint in it cannot be read: start again with --fresh") from error
    return Checkpoint(dict(read.arrays), metadata), about
