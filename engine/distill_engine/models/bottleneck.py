"""The part between encoder and decoder. A family is a bottleneck; nothing else in the model knows which it is.

A bottleneck turns features [B, F, L] into latents [B, D, L]: `mean` is the deterministic reading, `forward` the one used in training,
with its loss per latent in nats and figures for the progress display.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass
class BottleneckResult:
    """`latents` [B, D, L]; `loss` scalar (nats per latent frame); `active` dimensions in use."""

    latents: Tensor
    loss: Tensor
    active: int


class Bottleneck(Protocol):
    """What a family implements. `features` is the number of channels it wants from the encoder."""

    features: int

    def mean(self, features: Tensor) -> Tensor: ...

    def __call__(self, features: Tensor, generator: torch.Generator | None = None) -> BottleneckResult: ...


class GaussianBottleneck(nn.Module):
    """Diagonal Gaussian posterior with KL to N(0, 1) (arXiv 1312.6114) and free bits per dimension (arXiv 1606.04934, C.8)."""

    ACTIVE_NATS = 0.02

    def __init__(self, latent_dim: int, *, free_nats: float = 0.1) -> None:
        super().__init__()
        self.latent_dim, self.features, self.free_nats = latent_dim, 2 * latent_dim, free_nats

    def _split(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = features.chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 4.0)

    def mean(self, features: Tensor) -> Tensor:
        return self._split(features)[0]

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        mean, log_variance = self._split(features)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=(0, 2))
        active = int((kl.detach() > self.ACTIVE_NATS).sum())
        loss = kl.clamp_min(self.free_nats).sum()
        return BottleneckResult(mean + noise * (0.5 * log_variance).exp(), loss, active)


BOTTLENECKS = {"vae": GaussianBottleneck}
