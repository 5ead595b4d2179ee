"""Multi-period and multi-scale discriminators for the adversarial stage.

Sources: multi-period, HiFi-GAN (arXiv 2010.05646, section 2.3); multi-scale, MelGAN (arXiv
1910.06711, section 2.2). All numbers of channels are multiplied by a width, so that a CPU can train
them. Width 1 is that of the papers: 32 and 128 channels in the first layer.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

LEAK = 0.1  # slope of the leaky ReLU below 0
PERIODS = (2, 3, 5, 7, 11)  # samples
SCALES = 3  # count, each at half the rate of the one before

Judgement = tuple[Tensor, list[Tensor]]
"""Scores [B, N] of a discriminator and the features [B, C, ...] of its layers."""


def _channels(base: int, width: float) -> int:
    """Return `base` channels scaled by `width`, a multiple of 4 from 4."""
    return max(4, 4 * round(base * width / 4))


class PeriodDiscriminator(nn.Module):
    """Strided convolutions along time over samples folded by a period."""

    def __init__(self, period: int, width: float) -> None:
        super().__init__()
        self.period = period
        sizes = [1] + [_channels(c, width) for c in (32, 128, 512, 1024, 1024)]
        strides = (3, 3, 3, 3, 1)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (s, 1), padding=(2, 0)))
            for a, b, s in zip(sizes[:-1], sizes[1:], strides, strict=True)
        )
        self.post = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, samples: Tensor) -> Judgement:
        """Fold samples [B, T] to [B, 1, T / period, period]; return scores and features."""
        spare = -samples.shape[-1] % self.period
        x = F.pad(samples.unsqueeze(1), (0, spare), mode="reflect")
        x = x.reshape(x.shape[0], 1, -1, self.period)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), LEAK)
            features.append(x)
        return self.post(x).flatten(1), features


class ScaleDiscriminator(nn.Module):
    """Grouped strided convolutions over samples at the rate / 2 ** scale."""

    def __init__(self, scale: int, width: float) -> None:
        super().__init__()
        self.scale = scale
        base = [_channels(c, width) for c in (128, 128, 256, 512, 1024, 1024)]
        layers = [(1, base[0], 15, 1), (base[0], base[1], 41, 2), (base[1], base[2], 41, 2), (base[2], base[3], 41, 4)]
        layers += [(base[3], base[4], 41, 4), (base[4], base[5], 5, 1)]
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv1d(a, b, k, s, padding=k // 2, groups=_groups(a, b, index)))
            for index, (a, b, k, s) in enumerate(layers)
        )
        self.post = weight_norm(nn.Conv1d(base[5], 1, 3, padding=1))

    def forward(self, samples: Tensor) -> Judgement:
        """Average samples [B, T] down by 2 ** scale; return scores and features."""
        x = samples.unsqueeze(1)
        for _ in range(self.scale):
            x = F.avg_pool1d(x, 4, 2, padding=2)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), LEAK)
            features.append(x)
        return self.post(x).flatten(1), features


def _groups(a: int, b: int, index: int) -> int:
    """Return MelGAN's number of groups of layer `index`, reduced to divide both channel counts."""
    return math.gcd(math.gcd(a, b), (1, 4, 16, 16, 16, 1)[index])


class Discriminators(nn.Module):
    """All period and scale discriminators.

    With `first_scale` 1 only the period discriminators see the full rate. The scale discriminators
    with their long kernels take most of the time on a CPU: 0.31 s of 0.43 s for 16 x 8,192 samples
    at width 1/8 on one core, and 0.16 s when they begin at half the rate.
    """

    def __init__(self, width: float = 1.0, periods: tuple[int, ...] = PERIODS, first_scale: int = 0) -> None:
        super().__init__()
        self.width = width
        parts: list[nn.Module] = [PeriodDiscriminator(p, width) for p in periods]
        parts += [ScaleDiscriminator(first_scale + s, width) for s in range(SCALES)]
        self.parts = nn.ModuleList(parts)

    def forward(self, samples: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Judge samples [B, T].

        Returns scores by discriminator, and features by discriminator and layer.
        """
        judged: list[Judgement] = [part(samples) for part in self.parts]
        return [scores for scores, _ in judged], [features for _, features in judged]
