"""One step of latent-model training: reconstruct mels through the bottleneck. Knows tensors, nothing of files or time."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.models.latent_model import LatentModel, upsample
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.latent.settings import LatentSettings

SCALES = (1, 2, 4, 8)
FINAL_RATE = 0.05


def multi_scale_l1(prediction: Tensor, target: Tensor, scales: tuple[int, ...] = SCALES) -> Tensor:
    """Mean L1 in nats of mels [B, bands, T], seen whole and averaged over squares of 2, 4, 8 bands by frames.

    The coarse views ask for the right energy where the fine pattern cannot be known (noise).
    """
    total = prediction.new_zeros(())
    for scale in scales:
        p = F.avg_pool2d(prediction.unsqueeze(1), scale) if scale > 1 else prediction
        t = F.avg_pool2d(target.unsqueeze(1), scale) if scale > 1 else target
        total = total + F.l1_loss(p, t)
    return total / len(scales)


class LatentStep:
    """The model, its moving average and its optimiser. `step(mel [B, bands, T], progress)` -> losses by name."""

    def __init__(self, model: LatentModel, settings: LatentSettings, device: torch.device | None = None) -> None:
        self.settings, self.device = settings, device or torch.device("cpu")
        self.model = model.to(self.device).train()
        self.average = copy.deepcopy(model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            model.parameters(), settings.learning_rate, (0.9, 0.99), weight_decay=settings.weight_decay
        )
        self.noise = torch.Generator(device="cpu").manual_seed(settings.seed)
        self.steps = 0

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Per-band mean [bands, 1] and overall spread [1, 1] of the corpus's mels, for both copies."""
        for model in (self.model, self.average):
            model.mel_mean.copy_(mean)
            model.mel_std.copy_(std)

    def step(self, mel: Tensor, progress: float) -> Mapping[str, float]:
        rate = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * rate * min(1.0, (self.steps + 1) / 50)
        result = self.model(mel, self._generator())
        linear = bool(torch.rand((), generator=self.noise) < 0.7)
        decoded = self.model.decode_raw(upsample(result.latents, self.model.config.reduction, linear=linear))
        reconstruction = multi_scale_l1(decoded, mel)
        weight = self.settings.bottleneck_weight * min(1.0, progress / max(self.settings.warm_up, 1e-6))
        loss = reconstruction + weight * result.loss
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if torch.isfinite(nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)):
            self.optimizer.step()
        self._update_average()
        self.steps += 1
        fine = F.l1_loss(decoded.detach(), mel)
        return {"mel": float(fine), "bottleneck": float(result.loss.detach()), "active": float(result.active)}

    def _generator(self) -> torch.Generator | None:
        return self.noise if self.device.type == "cpu" else None

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.settings.ema_decay, (1 + self.steps) / (10 + self.steps))
        for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.put_module("model", self.model)
        checkpoint.put_module("average", self.average)
        checkpoint.put_optimizer("optimizer", self.optimizer)
        checkpoint.put_generator("noise", self.noise)
        checkpoint.metadata["steps"] = self.steps

    def restore(self, checkpoint: Checkpoint) -> None:
        checkpoint.take_module("model", self.model)
        checkpoint.take_module("average", self.average)
        checkpoint.take_optimizer("optimizer", self.optimizer)
        checkpoint.take_generator("noise", self.noise)
        self.steps = int(checkpoint.metadata["steps"])


@torch.no_grad()
def reconstruct(model: LatentModel, mel: Tensor) -> Tensor:
    """Mel [B, bands, T] through encoder, upsampling and decoder, without sampling; same shape."""
    latents = upsample(model.encode(mel), model.config.reduction, linear=True)
    return model.decode(latents)[..., : mel.shape[-1]]


@torch.no_grad()
def set_latent_statistics(model: LatentModel, mels: list[Tensor]) -> None:
    """Measures mean and spread of every latent dimension over the corpus, so that outside the model latents are in sigma units.

    A dimension that carries nothing (spread under 0.05) keeps a spread of 1: moving it stays harmless.
    """
    model.latent_mean.zero_()
    model.latent_std.fill_(1.0)
    latents = torch.cat([model.encode(mel)[0] for mel in mels], dim=1)
    std = latents.std(dim=1, keepdim=True) if latents.shape[1] > 1 else torch.ones_like(latents)
    model.latent_mean.copy_(latents.mean(dim=1, keepdim=True))
    model.latent_std.copy_(torch.where(std < 0.05, torch.ones_like(std), std))
