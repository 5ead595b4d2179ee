"""A latent model of version 2: a skeleton, and a causal network that adds what the skeleton lacks.

One latent per mel frame, in sigma units. The correction starts at zero, so the model is never worse
than the skeleton when training begins.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton
from distill_engine.layers.convnext import ChannelNorm
from distill_engine.models.bottleneck import BottleneckResult
from distill_engine.models.latent_model import Stack, StackState
from distill_engine.models.model_config import ModelConfig

NOISE = 0.02  # sigma of the noise added to latents in training


class SkeletonModel(nn.Module):
    """Encode and decode mel frames linearly, with a correction of the decoded mel.

    `encode` and `decode` take whole signals, `encoder_step` and `decoder_step` blocks, with the
    same result and delay 0.
    """

    basis: Tensor
    mean: Tensor
    spread: Tensor
    ceiling: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        c = self.config = config
        self.register_buffer("basis", torch.eye(c.bands)[:, : c.latent_dim].clone())
        self.register_buffer("mean", torch.zeros(c.bands, 1))
        self.register_buffer("spread", torch.ones(c.latent_dim, 1))
        self.register_buffer("ceiling", torch.full((c.bands, 1), 10.0))
        self.correction = Correction(c) if c.corrected else None

    def set_skeleton(self, skeleton: Skeleton) -> None:
        """Take over the numbers of a skeleton."""
        for name, value in skeleton.to_arrays().items():
            getattr(self, name).copy_(torch.from_numpy(value))

    def uncorrected(self) -> Self:
        """Return a copy of the model without its correction."""
        alone = copy.deepcopy(self)
        alone.correction, alone.config = None, replace(self.config, corrected=False)
        return alone

    def encode(self, mel: Tensor) -> Tensor:
        """Return the latents [B, D, T] in sigma units of mel [B, bands, T]."""
        return (self.basis.T @ (mel - self.mean)) / self.spread

    def decode(self, latents: Tensor) -> Tensor:
        """Return the mel [B, bands, T] of latents [B, D, T] in sigma units."""
        correction = self.correction(latents) if self.correction is not None else 0.0
        return self._bounded(self._linear(latents) + correction)

    decode_raw = decode  # the bottleneck's own units are sigma

    def _linear(self, latents: Tensor) -> Tensor:
        return self.basis @ (latents * self.spread) + self.mean

    def _bounded(self, mel: Tensor) -> Tensor:
        return torch.minimum(mel.clamp_min(FLOOR), self.ceiling)

    def forward(self, mel: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        """Return the latents [B, D, T] of mel [B, bands, T] with noise, for training."""
        latents = self.encode(mel)
        noise = torch.randn(latents.shape, generator=generator, device=mel.device, dtype=mel.dtype)
        return BottleneckResult(latents + NOISE * noise, mel.new_zeros(()), self.config.latent_dim)

    def decoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> StackState | None:
        """Return the decoder's state before the first frame; None without a correction."""
        if self.correction is None:
            return None
        return self.correction.stack.initial_state(batch, device, dtype)

    def decoder_step(self, latents: Tensor, state: StackState | None) -> tuple[Tensor, StackState | None]:
        """Compute the mel [B, bands, n] of latents [B, D, n], and the next state."""
        mel = self._linear(latents)
        if self.correction is not None and state is not None:
            added, state = self.correction.step(latents, state)
            mel = mel + added
        return self._bounded(mel), state

    def encoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> None:
        """Return None: the encoder has no state."""

    def encoder_step(self, mel: Tensor, state: None) -> tuple[Tensor, None]:
        """Compute the latents [B, D, n] of mel [B, bands, n], and the next state."""
        return self.encode(mel), state


class Correction(nn.Module):
    """A causal network: latents [B, D, T] -> what is added to the mel [B, bands, T], 0 at first."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        c = config
        self.stack = Stack(c.latent_dim, c.decoder_channels, c.decoder_blocks, c.expansion, c.kernel)
        self.norm = ChannelNorm(c.decoder_channels)
        self.output = nn.Conv1d(c.decoder_channels, c.bands, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)  # type: ignore[arg-type]

    def forward(self, latents: Tensor) -> Tensor:
        added: Tensor = self.output(self.norm(self.stack(latents)))
        return added

    def step(self, latents: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """Compute the addition [B, bands, n] of latents [B, D, n], and the next state."""
        x, state = self.stack.step(latents, state)
        return self.output(self.norm(x)), state
