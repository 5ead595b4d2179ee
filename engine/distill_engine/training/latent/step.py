"""One step of latent-model training: reconstruct mels through the bottleneck.

It works on tensors alone; files and the clock are the task's and the loop's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.models.latent_model import LatentModel, upsample
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.latent.coded_model import RESEEDING_SHARE, CodedModel
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.optimisation import adamw, cosine_rate, update_average

SCALES = (1, 2, 4, 8)  # sides of the squares that the loss averages over, in bands and frames
FINAL_RATE = 0.05  # ratio to the learning rate, at the end of the cosine
WARM_UP_STEPS = 50  # in which the learning rate rises
LINEAR_SHARE = 0.7  # of the steps interpolate latents linearly; the others hold them
LARGEST_GRADIENT = 1.0  # norm that gradients are clipped to
LEAST_SPREAD = 0.05  # standard deviation, in the bottleneck's units, of a dimension in use


def multi_scale_l1(prediction: Tensor, target: Tensor, scales: tuple[int, ...] = SCALES) -> Tensor:
    """Return the mean L1 [] in nats between log-mels [B, bands, T], averaged over squares.

    A square is n bands by n frames for each n of `scales`. The coarse scales demand the right
    energy where the fine pattern cannot be predicted, as in noise.
    """
    total = prediction.new_zeros(())
    for scale in scales:
        p = F.avg_pool2d(prediction.unsqueeze(1), scale) if scale > 1 else prediction
        t = F.avg_pool2d(target.unsqueeze(1), scale) if scale > 1 else target
        total = total + F.l1_loss(p, t)
    return total / len(scales)


class LatentStep:
    """A latent model, the moving average of its weights, and their optimiser.

    `optimizer` is None for a model that has no weights but codebooks.
    """

    def __init__(
        self, model: LatentModel | SkeletonModel, settings: LatentSettings, device: torch.device | None = None
    ) -> None:
        self.settings, self.device = settings, device or torch.device("cpu")
        self.model = model.to(self.device).train()
        self.average = copy.deepcopy(model).eval().requires_grad_(False)
        weights = list(model.parameters())
        self.optimizer = adamw(weights, settings.learning_rate, (0.9, 0.99), settings.weight_decay) if weights else None
        self.noise = torch.Generator(device="cpu").manual_seed(settings.seed)
        self.steps = 0

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Set the mean [bands, 1] and spread [1, 1] of mels, which a model of version 1 needs."""
        for model in (self.model, self.average):
            model.get_buffer("mel_mean").copy_(mean)
            model.get_buffer("mel_std").copy_(std)

    def step(self, mel: Tensor, progress: float) -> Mapping[str, float]:
        """Train on log-mels [B, bands, T] at `progress`, 0 to 1 of the training.

        Returns `mel`, the mean L1 in nats; `bottleneck`, its loss in nats per latent; `active`, the
        number of latent dimensions in use; and the bottleneck's further figures.
        """
        if isinstance(self.model, CodedModel):
            self.model.reseeding = progress < RESEEDING_SHARE
        result = self.model(mel, self._generator())
        linear = bool(torch.rand((), generator=self.noise) < LINEAR_SHARE)
        decoded = self.model.decode_raw(upsample(result.latents, self.model.config.reduction, linear=linear))
        reconstruction = multi_scale_l1(decoded, mel)
        weight = self.settings.bottleneck_weight * min(1.0, progress / max(self.settings.warm_up, 1e-6))
        if self.optimizer is not None:
            self._descend(self.optimizer, reconstruction + weight * result.loss, progress)
        update_average(self.average, self.model, self.steps, self.settings.ema_decay)
        for kept, value in zip(self.average.buffers(), self.model.buffers(), strict=True):
            kept.copy_(value)  # codebooks are averages themselves
        self.steps += 1
        fine = F.l1_loss(decoded.detach(), mel)
        losses = {"mel": float(fine), "bottleneck": float(result.loss.detach()), "active": float(result.active)}
        return losses | dict(result.figures)

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor, progress: float) -> None:
        """Move the weights against the gradient of `loss` [], unless that is not finite."""
        rate = cosine_rate(progress, FINAL_RATE) * min(1.0, (self.steps + 1) / WARM_UP_STEPS)
        for group in optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * rate
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if torch.isfinite(nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)):
            optimizer.step()

    def _generator(self) -> torch.Generator | None:
        """Return the seeded generator, which is the CPU's; None on other devices."""
        return self.noise if self.device.type == "cpu" else None

    def save(self, checkpoint: Checkpoint) -> None:
        """Add both copies of the model, the optimiser and the generator to a checkpoint."""
        checkpoint.put_module("model", self.model)
        checkpoint.put_module("average", self.average)
        if self.optimizer is not None:
            checkpoint.put_optimizer("optimizer", self.optimizer)
        checkpoint.put_generator("noise", self.noise)
        checkpoint.metadata["steps"] = self.steps

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""
        checkpoint.take_module("model", self.model)
        checkpoint.take_module("average", self.average)
        if self.optimizer is not None:
            checkpoint.take_optimizer("optimizer", self.optimizer)
        checkpoint.take_generator("noise", self.noise)
        self.steps = int(checkpoint.metadata["steps"])


@torch.no_grad()
def set_latent_statistics(model: LatentModel, mels: list[Tensor]) -> None:
    """Measure mean and spread of every latent dimension over log-mels [1, bands, T].

    They convert between the bottleneck's units inside the model and standard deviations (sigma)
    outside. A dimension that carries nothing (spread below LEAST_SPREAD) keeps a spread of 1, so
    that it can be moved without harm.
    """
    model.latent_mean.zero_()
    model.latent_std.fill_(1.0)
    latents = torch.cat([model.encode(mel)[0] for mel in mels], dim=1)
    std = latents.std(dim=1, keepdim=True) if latents.shape[1] > 1 else torch.ones_like(latents)
    model.latent_mean.copy_(latents.mean(dim=1, keepdim=True))
    model.latent_std.copy_(torch.where(std < LEAST_SPREAD, torch.ones_like(std), std))
