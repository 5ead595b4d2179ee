"""One step of vocoder training, in a spectral stage or in the adversarial stage after it.

It works on tensors alone; files and the clock are the task's and the loop's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.audio.mel_torch import MelSpectrogram
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.distributed import Ranks
from distill_engine.training.optimisation import adamw, cosine_rate, update_average
from distill_engine.training.vocoder.discriminators import Discriminators
from distill_engine.training.vocoder.losses import (
    MultiResolutionSTFTLoss,
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
)
from distill_engine.training.vocoder.settings import VocoderSettings

WARM_UP_STEPS = 100  # in which the generator's learning rate rises
FINAL_RATE = 0.1  # ratio to the learning rate, at the end of the cosine
BETAS = (0.8, 0.99)  # decay rates of AdamW's moments
WEIGHT_DECAY = 0.01  # of AdamW, relative to the learning rate
LARGEST_GRADIENT = 1000.0  # norm that gradients are clipped to
EDGE_FRAMES = 8  # first mel frames left out of the mel loss, at most a quarter of them
DISTURBING_GAIN = (0.7, 1.2)  # linear range
DISTURBING_NOISE = 1e-4  # standard deviation, full scale is 1


@dataclass(frozen=True)
class StepLosses:
    """Losses of one step.

    Attributes:
        mel: mean L1 of log-mels in nats.
        stft: multi-resolution STFT loss.
        discriminator: least-squares loss of the discriminators; 0 in the spectral stage.
        generator: least-squares loss of the generator; 0 in the spectral stage.
        feature: feature-matching loss; 0 in the spectral stage.
    """

    mel: float
    stft: float
    discriminator: float = 0.0
    generator: float = 0.0
    feature: float = 0.0


class VocoderStep:
    """A generator, the moving average of its weights, its discriminators, and both optimisers.

    Args:
        generator: the vocoder, mel [B, bands, F] -> samples [B, 1, F * hop]. Its method `own_loss`,
            if it has one, adds a loss of its own.
        settings: of the training.
        device: where to train, by default the CPU.
        ranks: the processes that train together, by default this one alone.
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
        self.optimizer = adamw(generator.parameters(), settings.learning_rate, BETAS, WEIGHT_DECAY)
        rate = settings.discriminator_rate
        self.discriminator_optimizer = adamw(self.discriminators.parameters(), rate, BETAS, WEIGHT_DECAY)
        self.mel = MelSpectrogram().to(self.device)
        self.stft = MultiResolutionSTFTLoss().to(self.device)
        self.noise = torch.Generator(device="cpu").manual_seed(settings.seed)
        self.steps = 0
        self.mixed_precision = self.device.type == "cuda"

    def adversarial(self, progress: float) -> bool:
        """Return whether `progress`, 0 to 1 of the training, lies in the adversarial stage."""
        return progress >= self.settings.spectral_fraction

    def step(self, mel: Tensor, samples: Tensor, progress: float) -> StepLosses:
        """Train on mels [B, bands, F] and the samples [B, F * hop] that they should become.

        `progress`, 0 to 1 of the training, decides the stage and the learning rates.
        """
        self._set_rates(progress)
        with self._mixed():
            fake = self.generator(mel)[:, 0]
        fake = fake.float()
        skip = min(EDGE_FRAMES, mel.shape[-1] // 4)  # these frames depend on where the segment was cut
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
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), LARGEST_GRADIENT)
        if torch.isfinite(norm):  # one that overflowed would ruin the weights for good
            self.optimizer.step()
        update_average(self.average, self.generator, self.steps, self.settings.ema_decay)
        self.steps += 1
        return StepLosses(float(mel_loss.detach()), float(stft_loss.detach()), *figures)

    def _adversarial(self, real: Tensor, fake: Tensor) -> tuple[Tensor, tuple[float, float, float]]:
        """Train the discriminators once on real and fake samples [B, T].

        Returns the generator's loss [] (adversarial plus weighted feature loss), and the three
        losses as numbers: discriminators', adversarial, feature.
        """
        real, fake = self._excerpt(real, fake)
        count = real.shape[0]
        scores, _ = self._judged(torch.cat(self._disturb(real, fake.detach())))
        d_loss = discriminator_loss([s[:count] for s in scores], [s[count:] for s in scores])
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()  # type: ignore[no-untyped-call]
        self.ranks.average(self.discriminators.parameters())
        norm = nn.utils.clip_grad_norm_(self.discriminators.parameters(), LARGEST_GRADIENT)
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
        """Return a context that computes products in bfloat16 on a GPU.

        The loss needs no scaling, because bfloat16 has the exponents of float32.
        """
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision)

    def _judged(self, samples: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Return the discriminators' scores and features for samples [B, T], in float32."""
        with self._mixed():
            scores, features = self.discriminators(samples)
        return [s.float() for s in scores], [[f.float() for f in fs] for fs in features]

    def _excerpt(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same random excerpt of both [B, T], `discriminator_frames` long."""
        length = self.settings.discriminator_frames * self.mel.config.hop
        if not 0 < length < real.shape[-1]:
            return real, fake
        start = int(torch.randint(real.shape[-1] - length + 1, (1,), generator=self.noise))
        return real[:, start : start + length], fake[:, start : start + length]

    def _disturb(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the same random gain and a little noise to both [B, T].

        This keeps the discriminators from memorising a small corpus. The values are drawn for the
        global batch, so that they do not depend on the number of processes.
        """
        if not self.settings.augment:
            return real, fake
        count = real.shape[0] * self.ranks.world
        gain = torch.empty(count, 1).uniform_(*DISTURBING_GAIN, generator=self.noise)
        noise = torch.randn((count, real.shape[1]), generator=self.noise)
        gain = self.ranks.share(gain).to(real.device)
        noise = self.ranks.share(noise).to(real.device) * DISTURBING_NOISE
        return real * gain + noise, fake * gain + noise

    def _set_rates(self, progress: float) -> None:
        """Set both learning rates: a cosine, and for the generator a warm-up as well."""
        cosine = cosine_rate(progress, FINAL_RATE)
        scale = min(1.0, (self.steps + 1) / WARM_UP_STEPS) * cosine
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * scale
        for group in self.discriminator_optimizer.param_groups:
            group["lr"] = self.settings.discriminator_rate * cosine

    def save(self, checkpoint: Checkpoint) -> None:
        """Add all networks, both optimisers and the generator of random numbers to a checkpoint."""
        checkpoint.put_module("generator", self.generator)
        checkpoint.put_module("average", self.average)
        checkpoint.put_module("discriminators", self.discriminators)
        checkpoint.put_optimizer("optimizer", self.optimizer)
        checkpoint.put_optimizer("discriminator_optimizer", self.discriminator_optimizer)
        checkpoint.put_generator("noise", self.noise)
        checkpoint.metadata["steps"] = self.steps

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""
        checkpoint.take_module("generator", self.generator)
        checkpoint.take_module("average", self.average)
        checkpoint.take_module("discriminators", self.discriminators)
        checkpoint.take_optimizer("optimizer", self.optimizer)
        checkpoint.take_optimizer("discriminator_optimizer", self.discriminator_optimizer)
        checkpoint.take_generator("noise", self.noise)
        self.steps = int(checkpoint.metadata["steps"])
