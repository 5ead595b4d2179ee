"""A vocoder as a task for the training loop."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.audio.mel_config import DEFAULT_MEL, LEAD_IN
from distill_engine.models.latent_model import LatentModel
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.batches import Batches
from distill_engine.training.best_state import BestState
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.distributed import Ranks
from distill_engine.training.reconstruction import reconstruct
from distill_engine.training.verdict import Verdict, has_converged
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.step import VocoderStep

STFT_WEIGHT = 0.3  # of the STFT figure in the score, beside the mel L1 in nats
SHORTEST_SAMPLES = 4096  # the longest window of the STFT loss


class VocoderTask:
    """Train a vocoder on batches of sound; validate it by copy synthesis of held-out clips.

    Args:
        generator: the vocoder.
        settings: of the training.
        batches: sounds to train on.
        held_out: clips [T] to validate on.
        device: where to train, by default the CPU.
        ranks: the processes that train together, by default this one alone.

    Attributes:
        bounds: greatest figures of a state that can be the best, by name. A state above any of them
            scores infinity.

    Validation figures: `mel`, the mean L1 of log-mels in nats, and `stft`, the multi-resolution
    STFT loss. The score is mel + STFT_WEIGHT * stft.
    """

    def __init__(
        self,
        generator: nn.Module,
        settings: VocoderSettings,
        batches: Batches,
        held_out: list[np.ndarray],
        device: torch.device | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.core = VocoderStep(generator, settings, device, ranks)
        self.settings, self.batches = settings, batches
        self.latent_model: LatentModel | SkeletonModel | None = None
        self.held_out = [torch.from_numpy(_fitted(clip))[None].to(self.core.device) for clip in held_out]
        self.steps_per_epoch = batches.steps_per_epoch
        self.audio_seconds_per_step = batches.audio_seconds_per_step
        self.rng = np.random.default_rng([settings.seed, 7])
        self.bounds: Mapping[str, float] = {}
        self._best = BestState()

    @property
    def best(self) -> dict[str, Tensor] | None:
        """Weights of the best state so far, each in its own shape [...]; None before the first."""
        return self._best.weights

    def use_latent_model(self, model: LatentModel | SkeletonModel) -> None:
        """Replace the mels of `decoded_share` of the clips by this model's reconstruction of them.

        Live, the vocoder receives such mels.
        """
        self.latent_model = model.to(self.core.device).eval()

    def stage(self, progress: float) -> str:
        """Return "spectral", then "adversarial"."""
        return "adversarial" if self.core.adversarial(progress) else "spectral"

    def step(self, progress: float) -> Mapping[str, float]:
        """Train on one batch; return the losses of the stage by name, as in `StepLosses`."""
        samples = torch.from_numpy(self.batches.next()).to(self.core.device)
        share = self.core.ranks.share
        losses = self.core.step(share(self._input_mels(samples)), share(samples), progress)
        named = {"mel": losses.mel, "stft": losses.stft}
        if self.core.adversarial(progress):
            named |= {"discriminator": losses.discriminator, "generator": losses.generator, "feature": losses.feature}
        return named

    def _input_mels(self, samples: Tensor) -> Tensor:
        """Return mels [B, bands, F] of samples [B, T], some of them through the latent model."""
        mel: Tensor = self.core.mel(samples)
        through = self.rng.random(samples.shape[0]) < self.settings.decoded_share
        if self.latent_model is not None and through.any():
            index = torch.from_numpy(np.flatnonzero(through)).to(mel.device)
            mel[index] = reconstruct(self.latent_model, mel[index])
        return mel

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Measure the averaged generator on the held-out clips."""
        return copy_synthesis(self.core.average, self.core, self.held_out)

    def score(self, figures: Mapping[str, float]) -> float:
        """Return mel + STFT_WEIGHT * stft; infinity if a figure is above its bound."""
        if any(figures[name] > most for name, most in self.bounds.items()):
            return math.inf
        return _weighted(figures)

    def verdict(self, history: list[Mapping[str, float]]) -> Verdict:
        """Judge the course: a dominant discriminator, overfitting, convergence or progress."""
        scores = [_weighted(figures) for figures in history]
        best = min(scores)
        if len(history) >= 4 and scores[-1] > 1.5 * best:
            return Verdict.DISCRIMINATOR_WON
        if len(history) >= 6 and scores[-1] > 1.08 * best:
            return Verdict.OVERFITTING
        return Verdict.CONVERGED if has_converged(scores) else Verdict.IMPROVING

    def agree(self, progress: float, stopped: bool) -> tuple[float, bool]:
        """Return the progress and the stop that all processes of this training follow."""
        return self.core.ranks.agree(progress, stopped)

    def begin_with(self, base: nn.Module, figures: Mapping[str, float]) -> float:
        """Take a base vocoder for the best state so far; return its score.

        Its figures become the bounds, so the result of the training is no worse than the base in
        any figure.
        """
        self.bounds = figures
        self._best.keep(base)
        return self.score(figures)

    def keep_best(self) -> None:
        """Keep the averaged generator as it is now as the best state so far."""
        self._best.keep(self.core.average)

    def result(self) -> nn.Module:
        """Return the averaged generator in its best validated state."""
        self._best.load_into(self.core.average)
        return self.core.average

    def save(self, checkpoint: Checkpoint) -> None:
        """Add the complete state to a checkpoint."""
        self.core.save(checkpoint)
        self.batches.save(checkpoint)
        self._best.save(checkpoint)
        checkpoint.put_numpy("heard", self.rng)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""
        self.core.restore(checkpoint)
        self.batches.restore(checkpoint)
        self._best.restore(checkpoint)
        checkpoint.take_numpy("heard", self.rng)


def _weighted(figures: Mapping[str, float]) -> float:
    return figures["mel"] + STFT_WEIGHT * figures["stft"]


def _fitted(clip: np.ndarray, hop: int = DEFAULT_MEL.hop) -> np.ndarray:
    """Crop a clip [T] to whole hops, or pad it with silence to SHORTEST_SAMPLES."""
    length = max(SHORTEST_SAMPLES, len(clip) // hop * hop)
    return np.pad(clip, (0, max(0, length - len(clip))))[:length].astype(np.float32)


@torch.no_grad()
def copy_synthesis(generator: nn.Module, core: VocoderStep, clips: list[Tensor]) -> dict[str, float]:
    """Measure how well a generator reproduces clips [1, T] from their own mels.

    Silence of LEAD_IN samples goes before each clip and is cut off again. Returns the means over
    the clips: `mel`, the L1 of log-mels in nats, and `stft`, the multi-resolution STFT loss.
    """
    mel_errors, stft_errors = [], []
    for clip in clips:
        out = generator(core.mel(F.pad(clip, (LEAD_IN, 0))))[:, 0, LEAD_IN:].float()
        mel_errors.append(float(F.l1_loss(core.mel(out), core.mel(clip))))
        stft_errors.append(float(core.stft(out, clip)))
    return {"mel": float(np.mean(mel_errors)), "stft": float(np.mean(stft_errors))}
