"""Magnitudes and frequencies of spectra estimated from a log-mel, without learned weights.

A mel band is wider than a partial, so magnitudes interpolated between bands describe noise.
Triangular filters that sum to 1 interpolate linearly, however: the mean of their centres, weighted
by their amplitudes, is the mean frequency of the sound in them, and the variance around it tells an
isolated partial (two neighbouring bands) from anything wider. Where a partial is isolated and the
bands are wider than its main lobe, its magnitudes are concentrated around its frequency.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from distill_engine.layers.runtime_forms import banded_product, pieces_of
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import bands_apart, constant_name
from distill_engine.vocoders.vocos.part_tables import NEIGHBOURHOOD, reading_tables
from distill_engine.vocoders.vocos.phase_continuation import SILENCE

MAXIMUM_LOG_MAGNITUDE = 6.0  # nats: a magnitude of 400
ISOLATED_VARIANCE = 0.25  # squared band spacings up to which a partial counts as isolated
WIDE_VARIANCE = 0.6  # squared band spacings from which it does not count as isolated at all
MINIMUM_LOBE = 0.05  # magnitude outside an isolated partial's main lobe, relative to its peak


class MelMagnitudes(WithConstants):
    """Log-mel [B, bands, T] -> log-magnitudes, phase advances and isolation.

    All three are [B, T, n_fft // 2 + 1]. Log-magnitudes are in nats, on the scale of orthonormal
    spectra: those of white noise are about the log of its standard deviation. An advance is in
    radians per `hop`, relative to the bin's own frequency. Isolation, 0 to 1, tells
    whether the sound around a bin is a single partial.
    """

    offset: Tensor
    apart: Tensor
    distance: Tensor
    heights: Tensor
    lobe: Tensor
    spacing: Tensor
    gain: Tensor
    bands: Tensor
    wide: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int) -> None:
        super().__init__()
        tables = reading_tables(bands, n_fft, hop)
        self.add_constants(
            apart=constant_name("apart", n_fft // 2 + 1, bands),
            distance=constant_name("advances", n_fft // 2 + 1, bands, hop),
            bands=constant_name("levels", n_fft // 2 + 1),
            **tables._asdict(),
        )
        self._near = pieces_of(bands_apart(n_fft // 2 + 1, bands).T < NEIGHBOURHOOD)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        log = self.implied(mel)
        amplitude = torch.exp(mel.clamp_max(MAXIMUM_LOG_MAGNITUDE)).transpose(1, 2)
        weights = (NEIGHBOURHOOD - self.apart).clamp(0.0, 1.0) * self.heights
        moments = weights, weights * self.distance, weights * self.distance.square()
        matrices = torch.stack(moments).transpose(1, 2)
        total, first, second = banded_product(amplitude.unsqueeze(1), matrices, self._near).unbind(1)
        mean = first / total.clamp_min(1e-12)
        variance = (second / total.clamp_min(1e-12) - mean.square() - self.lobe) / self.spacing
        isolation = ((WIDE_VARIANCE - variance) / (WIDE_VARIANCE - ISOLATED_VARIANCE)).clamp(0.0, 1.0)
        advance = mean.clamp(-math.pi, math.pi)  # two bins: the half-width of the window's main lobe
        lobe = (0.5 + 0.5 * torch.cos(advance)).clamp_min(MINIMUM_LOBE)
        level, concentrated = self.level(log), isolation * self.wide
        narrowed = torch.lerp(log, self.shifted(torch.log(lobe), level), concentrated)
        narrowed = self.shifted(narrowed, level - self.level(narrowed))
        return narrowed + concentrated * self.gain, advance, isolation

    def implied(self, mel: Tensor) -> Tensor:
        """Return log-magnitudes [B, T, bins] interpolated between the bands of mel [B, bands, T].

        They are right for noise.
        """
        return self.interpolated(mel) + self.offset

    def interpolated(self, mel: Tensor) -> Tensor:
        """Return values [B, T, bins] between those of mel bands [B, bands, T], linearly in Hz."""
        return banded_product(mel.transpose(1, 2), (1.0 - self.apart).clamp_min(0.0).T, self._near)

    def level(self, log: Tensor) -> Tensor:
        """Return the log [..., LEVELS] of the magnitudes' sums in mel bands, in nats.

        `log` [..., bins] are log-magnitudes in nats.
        """
        return torch.log(torch.exp(log.clamp_max(MAXIMUM_LOG_MAGNITUDE)) @ self.bands.T + SILENCE)

    def shifted(self, log: Tensor, change: Tensor) -> Tensor:
        """Return log-magnitudes [..., bins], their levels changed by [..., LEVELS] nats."""
        return log + change @ self.bands
