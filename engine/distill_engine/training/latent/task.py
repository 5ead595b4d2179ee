"""The latent model as a task for the training loop."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.audio.mel_torch import MelSpectrogram
from distill_engine.models.latent_model import LatentModel
from distill_engine.training.batches import Batches
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.step import LatentStep, reconstruct


def coloured(mel: Tensor, noise: torch.Generator) -> Tensor:
    """Log-mels [B, bands, T], half of them through a random smooth equaliser (about +-3 dB a term, five cosine terms over the bands).

    A small corpus has few colours; hearing each sound in many keeps the latents from learning the clips by heart. The floor stays.
    """
    count, bands = mel.shape[0], mel.shape[1]
    terms = torch.cos(torch.pi / bands * torch.arange(bands)[None] * torch.arange(5)[:, None])
    curves = 0.35 * torch.randn((count, 5), generator=noise) @ terms
    curves *= (torch.rand((count, 1), generator=noise) < 0.5).float()
    floor = math.log(DEFAULT_MEL.floor)
    moved = (mel + curves[:, :, None].to(mel.device)).clamp_min(floor)
    return torch.where(mel <= floor, mel, moved)


class LatentTask:
    """Trains on `batches`; validates on held-out mels [bands, F]: `mel` L1 in nats, `active` latent dimensions."""

    def __init__(
        self, model: LatentModel, settings: LatentSettings, batches: Batches, held_out: list[np.ndarray],
        device: torch.device | None = None,
    ) -> None:  # fmt: skip
        self.core = LatentStep(model, settings, device)
        self.settings, self.batches = settings, batches
        self.held_out = [torch.from_numpy(mel)[None].to(self.core.device) for mel in held_out]
        self.mel = MelSpectrogram().to(self.core.device)
        self.steps_per_epoch = batches.steps_per_epoch
        self.audio_seconds_per_step = batches.audio_seconds_per_step
        self.best: dict[str, torch.Tensor] | None = None
        self._recent = 0.0

    def stage(self, progress: float) -> str:
        return "warm-up" if progress < self.settings.warm_up else "training"

    def step(self, progress: float) -> Mapping[str, float]:
        samples = torch.from_numpy(self.batches.next()).to(self.core.device)
        mel = self.mel(samples)
        if self.settings.augment:
            mel = coloured(mel, self.core.noise)
        losses = self.core.step(mel, progress)
        self._recent += 0.05 * (losses["mel"] - self._recent) if self._recent else losses["mel"]
        return losses

    def validate(self) -> Mapping[str, float]:
        with torch.no_grad():
            errors = [float(F.l1_loss(reconstruct(self.core.average, mel), mel)) for mel in self.held_out]
            active = [self.core.average.bottleneck(self.core.average.features(mel)).active for mel in self.held_out]
        return {"mel": float(np.mean(errors)), "active": float(np.mean(active)), "training": self._recent}

    def score(self, figures: Mapping[str, float]) -> float:
        return figures["mel"]

    def verdict(self, history: list[Mapping[str, float]]) -> str:
        """Plain words: posterior collapse, overfitting, improving, converged."""
        last = history[-1]
        if len(history) >= 3 and last["active"] < 2:
            return "the latent space is collapsing (under 2 dimensions in use): use more varied sounds or a longer training"
        best = min(h["mel"] for h in history)
        if len(history) >= 6 and last["mel"] > 1.1 * best and last["training"] < 0.8 * last["mel"]:
            return "overfitting: the held-out sounds get worse; the best state so far is kept"
        if len(history) >= 6 and best > 0.99 * min(h["mel"] for h in history[:-5]):
            return "converged: no gain on held-out sounds lately"
        return "still improving"

    def keep_best(self) -> None:
        self.best = {k: v.detach().cpu().clone() for k, v in self.core.average.state_dict().items()}

    def result(self) -> LatentModel:
        """The averaged model in its best validated state."""
        if self.best is not None:
            self.core.average.load_state_dict(self.best)
        return self.core.average

    def save(self, checkpoint: Checkpoint) -> None:
        self.core.save(checkpoint)
        self.batches.save(checkpoint)
        checkpoint.metadata["recent"] = self._recent
        for name, tensor in (self.best or {}).items():
            checkpoint.arrays[f"best.{name}"] = tensor.numpy().copy()

    def restore(self, checkpoint: Checkpoint) -> None:
        self.core.restore(checkpoint)
        self.batches.restore(checkpoint)
        self._recent = float(checkpoint.metadata["recent"])
        best = {k[5:]: torch.from_numpy(v.copy()) for k, v in checkpoint.arrays.items() if k.startswith("best.")}
        self.best = best or None
