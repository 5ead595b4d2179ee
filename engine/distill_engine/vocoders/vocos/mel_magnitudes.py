"""What a log-mel says of spectra without any training: magnitudes, frequencies, and where a partial is alone.

A mel band is wider than a partial, so magnitudes interpolated between bands are those of noise. Triangular filters that sum to one
interpolate linearly, though: the mean of their centres, weighted by what they hold, is the mean frequency of the sound in them, and
the variance around it tells a lone partial (within two neighbouring bands) from anything wider. Where a partial is alone and bands
are wider than its lobe, its magnitudes are gathered around its frequency.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from distill_engine.audio.mel import MelConfig, hann_window, mel_filterbank
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import FloatArray, band_centres, constant_name
from distill_engine.vocoders.vocos.phase_continuation import SILENCE

MAXIMUM_LOG_MAGNITUDE = 6.0
NEAR = 2.5  # bands on either side of a bin, the outermost fading, that count as near it
ALONE, WIDER = (
    0.25,
    0.6,
)  # variances (squared band spacings) up to which a partial is wholly alone, from which it is not
LEAST_LOBE = 0.05  # of a lone partial's magnitude, beyond its main lobe


class MelMagnitudes(WithConstants):
    """Log-mel [B, bands, T] -> log-magnitudes, advances and alone, each [B, T, n_fft // 2 + 1].

    Advances are in radians a `hop`, beyond the bin's own; alone is 0 to 1.
    """

    offset: Tensor
    apart: Tensor
    centres: Tensor
    bins: Tensor
    heights: Tensor
    lobe: Tensor
    spacing: Tensor
    gain: Tensor
    bands: Tensor
    wide: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int) -> None:
        super().__init__()
        config = MelConfig(bands=bands)
        radians = 2 * np.pi * hop / config.sample_rate  # an advance, of a Hz
        centres, sums = band_centres(bands)
        spacing = np.interp(_bins(n_fft), centres, np.gradient(centres)) * radians
        lobe = 0.5 * (config.sample_rate / config.n_fft * radians) ** 2  # the variance of the analysis window's own
        heights = mel_filterbank(MelConfig(bands=bands, area_norm=False)).sum(1) / sums
        self.hold(
            offset=_implied_magnitude(bands, n_fft)[1],
            apart=constant_name("apart", n_fft // 2 + 1, bands),
            centres=centres * radians,
            heights=heights,
            bins=_bins(n_fft)[:, None] * radians,
            spacing=spacing**2,
            lobe=lobe,
            gain=_lone_gain(bands, n_fft),
            bands=constant_name("levels", n_fft // 2 + 1),
            wide=np.clip(spacing * n_fft / (2 * np.pi * hop) - 1.0, 0.0, 1.0),
        )

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        log = self.implied(mel)
        amplitude = torch.exp(mel.clamp_max(MAXIMUM_LOG_MAGNITUDE)).transpose(1, 2)
        near = (NEAR - self.apart).clamp(0.0, 1.0) * self.heights
        distance = self.centres - self.bins
        mass, first, second = (amplitude @ m.T for m in (near, near * distance, near * distance.square()))
        mean = first / mass.clamp_min(1e-12)
        variance = (second / mass.clamp_min(1e-12) - mean.square() - self.lobe) / self.spacing
        alone = ((WIDER - variance) / (WIDER - ALONE)).clamp(0.0, 1.0)
        advance = mean.clamp(-math.pi, math.pi)  # a bin hears two bins on either side
        lobe = (0.5 + 0.5 * torch.cos(advance)).clamp_min(LEAST_LOBE)
        level, share = self.level(log), alone * self.wide
        gathered = torch.lerp(log, self.moved(torch.log(lobe), level), share)
        return self.moved(gathered, level - self.level(gathered)) + share * self.gain, advance, alone

    def implied(self, mel: Tensor) -> Tensor:
        """Log-magnitudes [B, T, bins] interpolated between bands, as if all were noise."""
        return (torch.matmul(self.between(), mel) + self.offset).transpose(1, 2)

    def between(self) -> Tensor:
        """What each bin has of each band [bins, bands]: lines between their centres."""
        return (1.0 - self.apart).clamp_min(0.0)

    def level(self, log: Tensor) -> Tensor:
        """Logarithms of the sums [..., LEVELS] of magnitudes in mel bands, from log-magnitudes [..., bins]."""
        return torch.log(torch.exp(log.clamp_max(MAXIMUM_LOG_MAGNITUDE)) @ self.bands.T + SILENCE)

    def moved(self, log: Tensor, by: Tensor) -> Tensor:
        """Log-magnitudes whose levels are moved by so much [..., LEVELS]."""
        return log + by @ self.bands


def _implied_magnitude(bands: int, n_fft: int) -> tuple[FloatArray, FloatArray]:
    """Matrix [bins, bands] and offset [bins, 1] that read log-magnitudes of `n_fft`-point spectra off a log-mel.

    Linear interpolation between band centres in Hz; the offset takes out each band's filter sum and the analysis window's gain on
    noise, so that noise keeps its level.
    """
    config = MelConfig(bands=bands)
    centres, sums = band_centres(bands)
    matrix = np.stack([np.interp(_bins(n_fft), centres, row) for row in np.eye(bands)], axis=1)
    window_gain = np.sqrt(np.square(hann_window(config.window).astype(np.float64)).sum())
    return matrix, (-(matrix @ np.log(sums)) - np.log(window_gain))[:, None]


def _bins(n_fft: int) -> FloatArray:
    """Frequencies in Hz of a spectrum."""
    return np.asarray(np.fft.rfftfreq(n_fft, 1.0 / MelConfig().sample_rate), np.float64)


@cache
def _lone_gain(bands: int, n_fft: int) -> FloatArray:
    """By how much (nats) a lone partial near each bin has more magnitude in all than its mel implies, as if it were noise."""
    config = MelConfig(bands=bands)
    matrix, offset = _implied_magnitude(bands, n_fft)
    count = n_fft // 2 + 1

    def spectra(size: int) -> FloatArray:
        phase = 2 * np.pi / config.sample_rate * np.maximum(_bins(n_fft), 1.0)[:, None] * np.arange(size) + np.pi / 4
        found: FloatArray = np.abs(np.fft.rfft(0.2 * np.cos(phase) * hann_window(size), axis=1))
        return found

    mel = np.log(np.maximum(spectra(config.n_fft) @ mel_filterbank(config).T, config.floor))
    implied = np.exp(mel @ matrix.T + offset.T)
    around = np.abs(np.arange(count)[:, None] - np.arange(count)) <= 20
    gain: FloatArray = np.log((spectra(n_fft) / np.sqrt(n_fft) * around).sum(1) / (implied * around).sum(1))
    return gain
