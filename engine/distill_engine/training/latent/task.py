"""A latent model as a task for the training loop."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio.mel_torch import MelSpectrogram
from distill_engine.models.latent_model import LatentModel
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.batches import Batches
from distill_engine.training.best_state import BestState
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.latent.coded_model import CodedModel
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.step import LatentStep
from distill_engine.training.reconstruction import mel_error
from distill_engine.training.verdict import Verdict, has_converged

TERMS = 5  # count of cosine terms of the random equaliser
TERM_NATS = 0.35  # standard deviation of each term, about 3 dB
EQUALISED_SHARE = 0.5  # of the mels go through it
SMOOTHING = 0.05  # weight of the newest loss in the running mean
FEWEST_ACTIVE = 2  # dimensions; fewer in use are a collapse


def coloured(mel: Tensor, noise: torch.Generator) -> Tensor:
    """Send half of the log-mels [B, bands, T] through random smooth equalisers.

    An equaliser is a sum of TERMS cosines over the bands. Bands at the floor (silence) stay there.
    A small corpus has few timbres. The variety keeps the latents from memorising its clips.
    """
    count, bands = mel.shape[0], mel.shape[1]
    terms = torch.cos(torch.pi / bands * torch.arange(bands)[None] * torch.arange(TERMS)[:, None])
    curves = TERM_NATS * torch.randn((count, TERMS), generator=noise) @ terms
    curves *= (torch.rand((count, 1), generator=noise) < EQUALISED_SHARE).float()
    floor = math.log(DEFAULT_MEL.floor)
    moved = (mel + curves[:, :, None].to(mel.device)).clamp_min(floor)
    return torch.where(mel <= floor, mel, moved)


class LatentTask:
    """Train a latent model on batches of sound; validate it on held-out mels.

    Args:
        model: the model.
        settings: of the training.
        batches: sounds to train on.
        held_out: log-mels [bands, F] to validate on.
        device: where to train, by default the CPU.

    Validation figures: `mel`, the mean L1 of reconstructed mels in nats; `active`, the mean number
    of latent dimensions in use; `training`, a running mean of the training's mel L1. In family
    `rvq` `mel` goes through the codes, and `uncoded` past them.
    """

    def __init__(
        self,
        model: LatentModel | SkeletonModel,
        settings: LatentSettings,
        batches: Batches,
        held_out: list[np.ndarray],
        device: torch.device | None = None,
    ) -> None:
        self.core = LatentStep(model, settings, device)
        self.settings, self.batches = settings, batches
        self.held_out = [torch.from_numpy(mel)[None].to(self.core.device) for mel in held_out]
        self.mel = MelSpectrogram().to(self.core.device)
        self.steps_per_epoch = batches.steps_per_epoch
        self.audio_seconds_per_step = batches.audio_seconds_per_step
        self._best = BestState()
        self._recent = 0.0

    def stage(self, progress: float) -> str:
        """Return "warm-up" while the bottleneck's weight rises, then "training"."""
        return "warm-up" if progress < self.settings.warm_up else "training"

    def step(self, progress: float) -> Mapping[str, float]:
        """Train on one batch; return the losses that `LatentStep.step` returns."""
        augmented = self.settings.augment
        if augmented and self.settings.plain_share:
            augmented = bool(torch.rand((), generator=self.core.noise) >= self.settings.plain_share)
        samples = torch.from_numpy(self.batches.next(augmented=augmented)).to(self.core.device)
        mel = self.mel(samples)
        if augmented:
            mel = coloured(mel, self.core.noise)
        losses = self.core.step(mel, progress)
        self._recent += SMOOTHING * (losses["mel"] - self._recent) if self._recent else losses["mel"]
        return losses

    def validate(self) -> Mapping[str, float]:
        """Measure the averaged model on the held-out mels."""
        average = self.core.average
        with torch.no_grad():
            active = [average(mel).active for mel in self.held_out]
        error = mel_error(average, self.held_out)
        figures = {"mel": error, "active": float(np.mean(active)), "training": self._recent}
        if isinstance(average, CodedModel):
            figures |= {"mel": average.coded_error(self.held_out), "uncoded": error, **average.use()}
        return figures

    def score(self, figures: Mapping[str, float]) -> float:
        """Return the held-out mel error in nats."""
        return figures["mel"]

    def verdict(self, history: list[Mapping[str, float]]) -> Verdict:
        """Judge the course: posterior collapse, overfitting, convergence or progress."""
        last, scores = history[-1], [figures["mel"] for figures in history]
        if len(history) >= 3 and last["active"] < FEWEST_ACTIVE:
            return Verdict.COLLAPSING
        if len(history) >= 6 and last["mel"] > 1.1 * min(scores) and last["training"] < 0.8 * last["mel"]:
            return Verdict.OVERFITTING
        return Verdict.CONVERGED if has_converged(scores) else Verdict.IMPROVING

    def agree(self, progress: float, stopped: bool) -> tuple[float, bool]:
        """Return both as they are: latent models train in one process."""
        return progress, stopped

    def begin_best(self) -> float:
        """Keep codebooks as they are, if there are any, as the best so far; return their score."""
        average = self.core.average
        if not isinstance(average, CodedModel):
            return math.inf
        self.keep_best()
        with torch.no_grad():
            return average.coded_error(self.held_out)

    def keep_best(self) -> None:
        """Keep the averaged model as it is now as the best state so far."""
        self._best.keep(self.core.average)

    def result(self) -> LatentModel | SkeletonModel:
        """Return the averaged model in its best validated state."""
        self._best.load_into(self.core.average)
        return self.core.average

    def save(self, checkpoint: Checkpoint) -> None:
        """Add the complete state to a checkpoint."""
        self.core.save(checkpoint)
        self.batches.save(checkpoint)
        self._best.save(checkpoint)
        checkpoint.metadata["recent"] = self._recent

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""
        self.core.restore(checkpoint)
        self.batches.restore(checkpoint)
        self._best.restore(checkpoint)
        self._recent = float(checkpoint.metadata["recent"])
