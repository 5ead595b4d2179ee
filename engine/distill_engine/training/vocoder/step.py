"""One step of vocoder training: a spectral stage, then an adversarial one. Knows tensors, nothing of files or time."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.audio.mel_torch import MelSpectrogram
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.distributed import Ranks
from distill_engine.training.vocoder.discriminators import Discriminators
from distill_engine.training.vocoder.losses import (
    MultiResolutionSTFTLoss,
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
)
from distill_engine.training.vocoder.settings import VocoderSettings

WARM_UP_STEPS = 100
FINAL_RATE = 0.1  # of the learning rate, at the end of the cosine


@dataclass(frozen=True)
class StepLosses:
    """Mel L1 in nats, multi-resolution STFT; discriminator, generator and feature losses are 0 in the spectral stage."""

    mel: float
    stft: float
    discriminator: float = 0.0
    generator: float = 0.0
    feature: float = 0.0


class VocoderStep:
    """Generator, its moving average, discriminators and both optimisers.

    `step(mel, samples, progress)`: mel [B, bands, F] as the generator hears it, samples [B, F * hop] as they should sound, progress
    0 to 1 of the whole training (stage and learning rate follow it).
    """

    def __init__(
        self,
        generator: nn.Module,
        settings: VocoderSettings,
        device: torch.device | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.settings, self.device, self.ranks = settings, device or torch.device("cpu"), ranks or Ranks()
        self.generator = generator.to(self.device).train()
        self._own_loss: Callable[[Tensor], Tensor] | None = getattr(generator, "own_loss", None)
        self.average = copy.deepcopy(generator).eval().requires_grad_(False)
        state = torch.random.get_rng_state()
        torch.manual_seed(settings.seed)
        self.discriminators = Discriminators(settings.width, first_scale=settings.first_scale).to(self.device)
        torch.random.set_rng_state(state)
        betas = (0.8, 0.99)
        self.optimizer = torch.optim.AdamW(generator.parameters(), settings.learning_rate, betas, weight_decay=0.01)
        self.discriminator_optimizer = torch.optim.AdamW(
            self.discriminators.parameters(), settings.discriminator_rate, betas, weight_decay=0.01
        )
        self.mel = MelSpectrogram().to(self.device)
        self.stft = MultiResolutionSTFTLoss().to(self.device)
        self.noise = torch.Generator(device="cpu").manual_seed(settings.seed)
        self.steps = 0
        self.mixed_precision = self.device.type == "cuda"

    def adversarial(self, progress: float) -> bool:
        return progress >= self.settings.spectral_fraction

    def step(self, mel: Tensor, samples: Tensor, progress: float) -> StepLosses:
        self._set_rates(progress)
        with self._mixed():
            fake = self.generator(mel)[:, 0]
        fake = fake.float()
        skip = min(8, mel.shape[-1] // 4)  # frames that hear the segment's beginning, not the sound's
        mel_loss = F.l1_loss(self.mel(fake)[..., skip:], self.mel(samples)[..., skip:])
        stft_loss = self.stft(fake, samples)
        loss = self.settings.mel_weight * mel_loss + self.settings.stft_weight * stft_loss
        if self._own_loss is not None:
            loss = loss + self.settings.own_weight * self._own_loss(samples)
        figures = (0.0, 0.0, 0.0)
        if self.adversarial(progress):
            extra, figures = self._adversarial(samples, fake)
            loss = loss + extra
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.ranks.average(self.generator.parameters())
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), 1000.0)
        if torch.isfinite(norm):  # a step that overflowed is left out rather than kept for ever
            self.optimizer.step()
        self._update_average()
        self.steps += 1
        return StepLosses(float(mel_loss.detach()), float(stft_loss.detach()), *figures)

    def _adversarial(self, real: Tensor, fake: Tensor) -> tuple[Tensor, tuple[float, float, float]]:
        """Trains the discriminators once, then gives the generator's adversarial and feature losses."""
        real, fake = self._stretch(real, fake)
        real_heard, fake_heard = self._disturb(real, fake.detach())
        count = real.shape[0]
        scores, _ = self._judged(torch.cat([real_heard, fake_heard]))
        d_loss = discriminator_loss([s[:count] for s in scores], [s[count:] for s in scores])
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()  # type: ignore[no-untyped-call]
        self.ranks.average(self.discriminators.parameters())
        norm = nn.utils.clip_grad_norm_(self.discriminators.parameters(), 1000.0)
        if torch.isfinite(norm):
            self.discriminator_optimizer.step()
        self.discriminators.requires_grad_(False)
        with torch.no_grad():
            _, real_features = self._judged(real)
        scores, features = self._judged(fake)
        self.discriminators.requires_grad_(True)
        g_loss, f_loss = adversarial_loss(scores), feature_matching_loss(real_features, features)
        figures = (float(d_loss.detach()), float(g_loss.detach()), float(f_loss.detach()))
        return g_loss + self.settings.feature_weight * f_loss, figures

    def _mixed(self) -> torch.autocast:
        """Products in bfloat16 where that is quicker. Needs no scaling of the loss: its exponents are float32's."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision)

    def _judged(self, samples: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Scores and features of the discriminators, in float32."""
        with self._mixed():
            scores, features = self.discriminators(samples)
        return [s.float() for s in scores], [[f.float() for f in fs] for fs in features]

    def _stretch(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The same random stretch of both, as long as the discriminators shall hear."""
        length = self.settings.discriminator_frames * self.mel.config.hop
        if not 0 < length < real.shape[-1]:
            return real, fake
        start = int(torch.randint(real.shape[-1] - length + 1, (1,), generator=self.noise))
        return real[:, start : start + length], fake[:, start : start + length]

    def _disturb(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The same random gain and a little noise on both, against discriminators that learn a small corpus by heart."""
        if not self.settings.augment:
            return real, fake
        count = (
            real.shape[0] * self.ranks.world
        )  # drawn for the global batch, so that any number of processes draws alike
        gain = self.ranks.share(torch.empty(count, 1).uniform_(0.7, 1.2, generator=self.noise)).to(real.device)
        noise = self.ranks.share(torch.randn((count, real.shape[1]), generator=self.noise)).to(real.device) * 1e-4
        return real * gain + noise, fake * gain + noise

    def _set_rates(self, progress: float) -> None:
        cosine = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
        scale = min(1.0, (self.steps + 1) / WARM_UP_STEPS) * cosine
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * scale
        for group in self.discriminator_optimizer.param_groups:
            group["lr"] = self.settings.discriminator_rate * cosine

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.settings.ema_decay, (1 + self.steps) / (10 + self.steps))
        for mean, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.put_module("generator", self.generator)
        checkpoint.put_module("average", self.average)
        checkpoint.put_module("discriminators", self.discriminators)
        checkpoint.put_optimizer("optimizer", self.optimizer)
        checkpoint.put_optimizer("discriminator_optimizer", self.discriminator_optimizer)
        checkpoint.put_generator("noise", self.noise)
        checkpoint.metadata["steps"] = self.steps

    def restore(self, checkpoint: Checkpoint) -> None:
        checkpoint.take_module("generator", self.generator)
        checkpoint.take_module("average", self.average)
        checkpoint.take_module("discriminators", self.discriminators)
        checkpoint.take_optimizer("optimizer", self.optimizer)
        checkpoint.take_optimizer("discriminator_optimizer", self.discriminator_optimizer)
        checkpoint.take_generator("noise", self.noise)
        self.steps = int(checkpoint.metadata["steps"])
