"""A vocoder as a task for the training loop."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.audio.mel import DEFAULT_MEL, LEAD_IN
from distill_engine.models.latent_model import LatentModel
from distill_engine.training.batches import Batches
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.distributed import Ranks
from distill_engine.training.latent_step import reconstruct
from distill_engine.training.vocoder_settings import VocoderSettings
from distill_engine.training.vocoder_step import VocoderStep


class VocoderTask:
    """Trains on `batches`, part of them heard through `latent_model`; validates by copy-synthesis of held-out clips [T].

    Figures: `mel` L1 in nats, `stft` multi-resolution STFT; `score` is mel + 0.3 stft. What is above `bounds`, the figures of the base
    that was begun with, in either is not taken for the best, however good in the other.
    """

    def __init__(
        self, generator: nn.Module, settings: VocoderSettings, batches: Batches, held_out: list[np.ndarray],
        *, latent_model: LatentModel | None = None, device: torch.device | None = None, ranks: Ranks | None = None,
    ) -> None:  # fmt: skip
        self.core = VocoderStep(generator, settings, device, ranks)
        self.settings, self.batches = settings, batches
        self.latent_model = latent_model.to(self.core.device).eval() if latent_model is not None else None
        self.held_out = [torch.from_numpy(_fitted(clip))[None].to(self.core.device) for clip in held_out]
        self.steps_per_epoch = batches.steps_per_epoch
        self.audio_seconds_per_step = batches.audio_seconds_per_step
        self.rng = np.random.default_rng([settings.seed, 7])
        self.best: dict[str, Tensor] | None = None
        self.bounds: Mapping[str, float] = {}

    def stage(self, progress: float) -> str:
        return "adversarial" if self.core.adversarial(progress) else "spectral"

    def step(self, progress: float) -> Mapping[str, float]:
        samples = torch.from_numpy(self.batches.next()).to(self.core.device)
        share = self.core.ranks.share
        losses = self.core.step(share(self._heard(samples)), share(samples), progress)
        named = {"mel": losses.mel, "stft": losses.stft}
        if self.core.adversarial(progress):
            named |= {"discriminator": losses.discriminator, "generator": losses.generator, "feature": losses.feature}
        return named

    def _heard(self, samples: Tensor) -> Tensor:
        """True mels, but for a share of the clips the latent model's reconstruction: what the vocoder is fed live."""
        mel: Tensor = self.core.mel(samples)
        through = self.rng.random(samples.shape[0]) < self.settings.decoded_share
        if self.latent_model is not None and through.any():
            index = torch.from_numpy(np.flatnonzero(through)).to(mel.device)
            mel[index] = reconstruct(self.latent_model, mel[index])
        return mel

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        return copy_synthesis(self.core.average, self.core, self.held_out)

    def score(self, figures: Mapping[str, float]) -> float:
        if any(figures[name] > most for name, most in self.bounds.items()):
            return math.inf
        return _sum(figures)

    def verdict(self, history: list[Mapping[str, float]]) -> str:
        """Plain words: discriminator has won, overfitting, improving, converged."""
        scores = [_sum(h) for h in history]
        best = min(scores)
        if len(history) >= 4 and scores[-1] > 1.5 * best:
            return "the discriminator has won: the sound gets worse; the best state so far is kept"
        if len(history) >= 6 and scores[-1] > 1.08 * best:
            return "overfitting: the held-out sounds get worse; the best state so far is kept"
        if len(history) >= 6 and best > 0.99 * min(scores[:-5]):
            return "converged: no gain on held-out sounds lately"
        return "still improving"

    def begin_with(self, base: nn.Module, figures: Mapping[str, float]) -> float:
        """What begins with a base does not end worse than it: takes it for the best so far and its figures for bounds; gives its score."""
        self.bounds = figures
        self.keep(base)
        return self.score(figures)

    def keep_best(self) -> None:
        self.keep(self.core.average)

    def keep(self, generator: nn.Module) -> None:
        """Takes this generator's weights for the best so far."""
        self.best = {k: v.detach().cpu().clone() for k, v in generator.state_dict().items()}

    def result(self) -> nn.Module:
        """The averaged generator in its best validated state."""
        if self.best is not None:
            self.core.average.load_state_dict(self.best)
        return self.core.average

    def save(self, checkpoint: Checkpoint) -> None:
        self.core.save(checkpoint)
        self.batches.save(checkpoint)
        checkpoint.put_numpy("heard", self.rng)
        for name, tensor in (self.best or {}).items():
            checkpoint.arrays[f"best.{name}"] = tensor.numpy().copy()

    def restore(self, checkpoint: Checkpoint) -> None:
        self.core.restore(checkpoint)
        self.batches.restore(checkpoint)
        checkpoint.take_numpy("heard", self.rng)
        best = {k[5:]: torch.from_numpy(v.copy()) for k, v in checkpoint.arrays.items() if k.startswith("best.")}
        self.best = best or None


def _sum(figures: Mapping[str, float]) -> float:
    return figures["mel"] + 0.3 * figures["stft"]


def _fitted(clip: np.ndarray, hop: int = DEFAULT_MEL.hop, shortest: int = 4096) -> np.ndarray:
    """Whole hops, long enough for every STFT of the losses."""
    length = max(shortest, len(clip) // hop * hop)
    return np.pad(clip, (0, max(0, length - len(clip))))[:length].astype(np.float32)


@torch.no_grad()
def copy_synthesis(generator: nn.Module, core: VocoderStep, clips: list[Tensor]) -> dict[str, float]:
    """Mean mel L1 (nats) and multi-resolution STFT of clips [1, T] sent after silence through their true mel and the generator."""
    mel_errors, stft_errors = [], []
    for clip in clips:
        out = generator(core.mel(F.pad(clip, (LEAD_IN, 0))))[:, 0, LEAD_IN:].float()
        mel_errors.append(float(F.l1_loss(core.mel(out), core.mel(clip))))
        stft_errors.append(float(core.stft(out, clip)))
    return {"mel": float(np.mean(mel_errors)), "stft": float(np.mean(stft_errors))}
