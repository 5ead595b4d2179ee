"""A trained latent model, read from its file and used as a whole: mel in, mel out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.modelfile import ModelFile
from distill_engine.models.build import build_model
from distill_engine.models.latent_model import LatentModel, upsample
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.storage import load_weights

Encode = Callable[[Tensor], Tensor]
"""A function from log-mels [B, bands, T] to latents [B, D, L]."""


def load_latent_model(path: Path) -> LatentModel | SkeletonModel | None:
    """Return the latent model of a file, in evaluation mode on the CPU; None if it has none."""
    with ModelFile.open(path) as file:
        if "model" not in file.parts:
            return None
        model = build_model(file.manifest.model)
        load_weights(model, file.read_part("model"), str(path))
    return model.eval()


@torch.no_grad()
def reconstruct(model: LatentModel | SkeletonModel, mel: Tensor, encode: Encode | None = None) -> Tensor:
    """Encode and decode log-mels [B, bands, T] without sampling; return [B, bands, T].

    Latents are interpolated linearly to the mel rate. `encode` takes the place of the model's own.
    """
    latents = upsample((encode or model.encode)(mel), model.config.reduction, linear=True)
    return model.decode(latents)[..., : mel.shape[-1]]


@torch.no_grad()
def mel_error(model: LatentModel | SkeletonModel, mels: Iterable[Tensor], encode: Encode | None = None) -> float:
    """Return the mean L1 in nats between log-mels [1, bands, T] and what `reconstruct` returns."""
    return float(np.mean([float(F.l1_loss(reconstruct(model, mel, encode), mel)) for mel in mels]))
