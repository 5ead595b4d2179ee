"""What a network says of spectra, judged before any of it is synthesised, and how sure it is, as a spread."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel import MelConfig, mel_filterbank
from distill_engine.vocoders.vocos.phase_continuation import SILENCE


def spread_of(concentration: Tensor) -> Tensor:
    """Standard deviation (radians) of the wrapped normal that is as wide as a von Mises distribution of this concentration.

    The mean phasor's length I1(k) / I0(k) by Amos's lower bound (Math. Comp. 28, 1974): a tenth too wide at most.
    """
    length = concentration / (0.5 + torch.sqrt(concentration.square() + 2.25))
    return torch.sqrt(-2.0 * torch.log(length))


def prediction_loss(samples: Tensor, log_magnitude: Tensor, advance: Tensor, concentration: Tensor, hop: int) -> Tensor:
    """How wrong predictions [B, F, bins] were for the sound [B, F * hop] itself, before any of it is synthesised: a scalar.

    The negative log-likelihood of its phases' advances (radians a hop, beyond the bin's own) under von Mises distributions (Mardia &
    Jupp, Directional Statistics, 3.5.4), the L1 distance of its log-magnitudes, and eight times that of their sums in 64 mel bands: alone,
    the distance of single bins is least where a partial that may lie in any of several bins is left out of all. Half of what
    concerns bins weighs each as the square root of its magnitude, half all alike; the likelihood weighs them all by that root.
    """
    bins = log_magnitude.shape[-1]
    n_fft = 2 * (bins - 1)
    margin = (n_fft - hop) // 2
    window = torch.hann_window(n_fft, device=samples.device)
    spectra = torch.stft(
        F.pad(samples, (margin, margin)), n_fft, hop, n_fft, window, center=False, normalized=False, return_complex=True
    ).transpose(1, 2) / math.sqrt(n_fft)  # fmt: skip
    magnitude = spectra.abs()
    weight = magnitude.sqrt()
    distance = (log_magnitude - magnitude.clamp_min(SILENCE).log()).abs()
    bank = torch.tensor(mel_filterbank(MelConfig(n_fft=n_fft, window=n_fft, hop=hop, bands=64)).T).to(samples)
    predicted, actual_bands = ((m @ bank).clamp_min(SILENCE / n_fft).log() for m in (log_magnitude.exp(), magnitude))
    loudness = 0.5 * distance.mean() + 0.5 * (weight * distance).sum() / weight.sum().clamp_min(1e-6)
    loudness = loudness + 8.0 * F.l1_loss(predicted, actual_bands)
    centre = 2 * math.pi / n_fft * (torch.arange(bins, device=samples.device) * hop % n_fft)
    actual = torch.angle(spectra[:, 1:] * spectra[:, :-1].conj()) - centre
    k, weight = concentration[:, 1:], weight[:, 1:]
    cost = k * (1 - torch.cos(actual - advance[:, 1:])) + torch.log(torch.special.i0e(k))
    return (weight * cost).sum() / weight.sum().clamp_min(1e-6) + loudness
