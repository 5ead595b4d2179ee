"""Discriminators for the adversarial stage: multi-period and multi-scale, of a settable width, cheap enough for a CPU.

Multi-period: HiFi-GAN (arXiv 2010.05646, section 2.3). Multi-scale: MelGAN (arXiv 1910.06711, section 2.2). Width 1 is the papers'
(32 and 128 channels at the first layer); channels scale with it.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

LEAK = 0.1
PERIODS = (2, 3, 5, 7, 11)
SCALES = 3

Judgement = tuple[Tensor, list[Tensor]]


def _channels(base: int, width: float) -> int:
    return max(4, 4 * round(base * width / 4))


class PeriodDiscriminator(nn.Module):
    """Samples [B, T] folded to [B, 1, T / period, period]; strided convolutions along time. Returns (scores, features)."""

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
        spare = -samples.shape[-1] % self.period
        x = F.pad(samples.unsqueeze(1), (0, spare), mode="reflect")
        x = x.reshape(x.shape[0], 1, -1, self.period)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), LEAK)
            features.append(x)
        return self.post(x).flatten(1), features


class ScaleDiscriminator(nn.Module):
    """Samples [B, T] averaged down by 2 ** scale; grouped strided convolutions. Returns (scores, features)."""

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
        x = samples.unsqueeze(1)
        for _ in range(self.scale):
            x = F.avg_pool1d(x, 4, 2, padding=2)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), LEAK)
            features.append(x)
        return self.post(x).flatten(1), features


def _groups(a: int, b: int, index: int) -> int:
    """MelGAN's grouping, reduced until it divides the channels."""
    return math.gcd(math.gcd(a, b), (1, 4, 16, 16, 16, 1)[index])


class Discriminators(nn.Module):
    """All of them. Samples [B, T] -> scores per discriminator and features per discriminator and layer.

    `first_scale` 1 leaves the full rate to the period discriminators: the scale ones, long kernels on many samples, are what costs on
    a CPU (0.31 s of 0.43 s for 16 x 8,192 samples at width 1/8 on one core; 0.16 s from the half rate on).
    """

    def __init__(self, width: float = 1.0, periods: tuple[int, ...] = PERIODS, first_scale: int = 0) -> None:
        super().__init__()
        self.width = width
        parts: list[nn.Module] = [PeriodDiscriminator(p, width) for p in periods]
        parts += [ScaleDiscriminator(first_scale + s, width) for s in range(SCALES)]
        self.parts = nn.ModuleList(parts)

    def forward(self, samples: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        judged: list[Judgement] = [part(samples) for part in self.parts]
        return [scores for scores, _ in judged], [features for _, features in judged]
