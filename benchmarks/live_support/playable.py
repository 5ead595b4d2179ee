"""Choose the model that the live benchmarks play."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.errors import DistillError
from distill_engine.library.assets import starter_path

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


def model_to_play(given: Path | None, folder: Path) -> Path:
    """Return the model asked for, the built-in one, or an untrained one of the same size.

    The speed does not depend on the training.
    """
    if given is not None:
        return given
    with contextlib.suppress(DistillError):
        return starter_path()
    return untrained_model(folder / "untrained.distillgan")


def untrained_model(path: Path) -> Path:
    """Write a model of the default size with both kinds of vocoder and random weights."""
    import torch

    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.modelfile import Manifest, save_model
    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.graphs.export import export_runtime
    from distill_engine.vocoders import HifiGan, HifiGanConfig, Vocos, VocosConfig

    torch.manual_seed(0)
    model = LatentModel(ModelConfig()).eval()
    vocoders = {"vocos": Vocos(VocosConfig()).eval(), "hifigan": HifiGan(HifiGanConfig()).eval()}
    parts = {"model": _arrays(model)} | {f"vocoder/{kind}": _arrays(network) for kind, network in vocoders.items()}
    configs = {"vocos": VocosConfig(), "hifigan": HifiGanConfig()}
    entries = {
        kind: {"config": config.to_dict(), "epochs": 100, "steps": 1, "usable": True, "validation": {}}
        for kind, config in configs.items()
    }
    manifest = Manifest(
        name="untrained", family="vae", mel=DEFAULT_MEL.to_dict(), model=model.config.to_dict(), vocoders=entries
    )
    save_model(path, manifest, parts, export_runtime(model, vocoders))
    return path


def _arrays(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
