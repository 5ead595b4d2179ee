"""Loss of predicted spectra before synthesis, and the spread that a concentration stands for."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel import mel_filterbank
from distill_engine.audio.mel_config import MelConfig
from distill_engine.vocoders.vocos.phase_continuation import SILENCE


def spread_of(concentration: Tensor) -> Tensor:
    """Return the spread [...] in radians that corresponds to von Mises concentrations [...].

    It is the standard deviation of the wrapped normal distribution with the same mean resultant
    length. That length, I1(k) / I0(k), is replaced by Amos's lower bound (Math. Comp. 28, 1974):
    the spread is at most a tenth too wide.
    """
    resultant = concentration / (0.5 + torch.sqrt(concentration.square() + 2.25))
    return torch.sqrt(-2.0 * torch.log(resultant))


def prediction_loss(samples: Tensor, log_magnitude: Tensor, advance: Tensor, concentration: Tensor, hop: int) -> Tensor:
    """Return the loss (scalar) of predicted spectra against the sound itself, before synthesis.

    It is the sum of three terms. First, the negative log-likelihood of the sound's phase advances
    under von Mises distributions (Mardia & Jupp, Directional Statistics, 3.5.4), weighted by the
    square root of the magnitude. Second, the L1 distance of log-magnitudes: half of it with that
    weight, half unweighted. Third, eight times the L1 distance of the log of the sums in 64 mel
    bands. The third is needed because the L1 distance of single bins alone is least if a partial
    that may lie in any of several bins is left out of all of them.

    Args:
        samples: the sound [B, F * hop].
        log_magnitude: predicted log-magnitudes [B, F, bins], nats.
        advance: predicted phase advances [B, F, bins], radians per hop beyond the bin's own.
        concentration: von Mises concentrations [B, F, bins] of the advances.
        hop: samples between spectra.
    """
    bins = log_magnitude.shape[-1]
    n_fft = 2 * (bins - 1)
    margin = (n_fft - hop) // 2
    window = torch.hann_window(n_fft, device=samples.device)
    spectra = torch.stft(
        F.pad(samples, (margin, margin)), n_fft, hop, n_fft, window, center=False, normalized=False, return_complex=True
    ).transpose(1, 2) / math.sqrt(n_fft)
    magnitude = spectra.abs()
    weight = magnitude.sqrt()
    distance = (log_magnitude - magnitude.clamp_min(SILENCE).log()).abs()
    bank = torch.tensor(mel_filterbank(MelConfig(n_fft=n_fft, window=n_fft, hop=hop, bands=64)).T).to(samples)
    predicted, actual_bands = ((m @ bank).clamp_min(SILENCE / n_fft).log() for m in (log_magnitude.exp(), magnitude))
    magnitude_loss = 0.5 * distance.mean() + 0.5 * (weight * distance).sum() / weight.sum().clamp_min(1e-6)
    magnitude_loss = magnitude_loss + 8.0 * F.l1_loss(predicted, actual_bands)
    centre = 2 * math.pi / n_fft * (torch.arange(bins, device=samples.device) * hop % n_fft)
    actual = torch.angle(spectra[:, 1:] * spectra[:, :-1].conj()) - centre
    k, weight = concentration[:, 1:], weight[:, 1:]
    likelihood_loss = k * (1 - torch.cos(actual - advance[:, 1:])) + torch.log(torch.special.i0e(k))
    return (weight * likelihood_loss).sum() / weight.sum().clamp_min(1e-6) + magnitude_loss
