"""The bottleneck between encoder and decoder, in models of version 1.

A bottleneck turns encoder features [B, F, L] into latents [B, D, L]. `mean` is deterministic.
Calling it samples, as training does, and adds a loss per latent in nats and figures for the
progress display.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass
class BottleneckResult:
    """Latents of one training step and the loss of the bottleneck.

    Attributes:
        latents: [B, D, L] in the bottleneck's own units.
        loss: scalar, nats per latent frame.
        active: number of latent dimensions in use.
        figures: further ones for the progress display, by name.
    """

    latents: Tensor
    loss: Tensor
    active: int
    figures: Mapping[str, float] = field(default_factory=dict)


class Bottleneck(Protocol):
    """Interface of a family's bottleneck.

    `features` is the number F of channels that it takes from the encoder.
    """

    features: int

    def mean(self, features: Tensor) -> Tensor:
        """Return the latents [B, D, L] of features [B, F, L], without noise."""

    def __call__(self, features: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        """Sample latents from features [B, F, L] for training; `generator` draws the noise."""


class GaussianBottleneck(nn.Module):
    """Diagonal Gaussian posterior of a variational autoencoder.

    Features are mean and log-variance: F = 2 D. The loss is the KL divergence from N(0, 1) (arXiv
    1312.6114, appendix B), at least `free_nats` per dimension (free bits: arXiv 1606.04934,
    appendix C.8).
    """

    ACTIVE_NATS = 0.02  # KL above which a dimension counts as used

    def __init__(self, latent_dim: int, *, free_nats: float = 0.1) -> None:
        super().__init__()
        self.latent_dim, self.features, self.free_nats = latent_dim, 2 * latent_dim, free_nats

    def _split(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance [B, D, L] of features [B, 2 D, L]."""
        mean, log_variance = features.chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 4.0)

    def mean(self, features: Tensor) -> Tensor:
        """Return the posterior means [B, D, L] of features [B, 2 D, L]."""
        return self._split(features)[0]

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        mean, log_variance = self._split(features)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=(0, 2))
        active = int((kl.detach() > self.ACTIVE_NATS).sum())
        loss = kl.clamp_min(self.free_nats).sum()
        return BottleneckResult(mean + noise * (0.5 * log_variance).exp(), loss, active)


BOTTLENECKS = {"vae": GaussianBottleneck}
"""Bottlenecks by the name of their family."""
