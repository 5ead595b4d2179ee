"""Feedback by ear: what a synthesis has made so far is analysed as its input was, and what the mel lacks is added.

Spectra put together with phases that are nobody's choice do not have the magnitudes they were made of, and a mel sees more finely
(windows of 2,048) than a short synthesis window does. A step of a gradient descent on the distance of the two mels, as it were, taken
once for each spectrum, while it can still be changed.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel import MelConfig, hann_window
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name, mel_filters

RAISING = 1.5  # times what is lacking
LOWERING = 3.5  # times what is too much, which sound that is already done has a part in
MOST_RAISED, MOST_LOWERED = 1.0, 0.7  # nats, of one correction, before those factors
MOST_HEARD = 1.5  # nats of what is lacking
LASTING = 0.4  # of what has been lacking lately, beside what is
LATELY = 0.5  # of what is lacking, in what has been lacking lately; the rest is from before
LEAST_COVERAGE = 0.5  # of a sample that later spectra still add to: below it, what is missing is not guessed


class MelFeedback(WithConstants):
    """Samples [B, window - hop], the log-mel [B, bands] they should have and what has been lacking lately [B, bands] (nats) -> what to add
    to a spectrum's own [B, n_fft], and what has been lacking by now.

    Where most of what is added sets in within the spectrum's window, by its share of the bands [B, bands], so does all of it, as the
    gains [B, n_fft] say.

    The spectrum's window lies `past` samples after the first; the samples are finished up to its first hop, and include the next
    spectrum.
    """

    bank: Tensor
    shares: Tensor
    ear: Tensor
    fade: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int) -> None:
        super().__init__()
        config = MelConfig(bands=bands)
        self.bands, self.n_fft, self.past, self.length = bands, n_fft, (config.window - n_fft) // 2, config.window
        self.floor = config.floor
        if self.past < hop:
            raise ValueError(f"mel feedback: n_fft {n_fft} must be shorter than the mel's window of {config.window}")
        window = hann_window(config.window).astype(np.float64)
        fade = hann_window(n_fft) * (2.0 * hop / n_fft)  # sums to one, like the spectra themselves
        begun = window.size + n_fft
        covered = np.zeros(begun + n_fft + hop)
        for start in range(self.past + hop, -n_fft, -hop):  # of the spectra up to the next one
            covered[n_fft + start : 2 * n_fft + start] += fade
        covered = covered[n_fft:begun]
        ear = window / np.maximum(covered, LEAST_COVERAGE)
        ear *= math.sqrt(np.square(window).sum() / np.square(ear * covered).sum())
        shares = 1.0 / np.maximum(mel_filters(bands).sum(0), 1e-9)
        self.hold(bank=constant_name("mel", bands), shares=shares, ear=ear, fade=RAISING * fade)

    def forward(
        self, samples: Tensor, wanted: Tensor, lately: Tensor, bands: Tensor | None = None, gate: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        size = samples.shape[-1]
        spectrum = torch.view_as_real(torch.fft.rfft(F.pad(samples * self.ear[:size], (0, self.length - size))))
        magnitude = torch.sqrt(spectrum.square().sum(-1) + 1e-20)
        heard = F.linear(magnitude, self.bank)
        lacking = wanted - torch.log(heard.clamp_min(self.floor))
        lacking = lacking.clamp(-MOST_HEARD, MOST_HEARD)
        change = (lacking + LASTING * lately).clamp(-MOST_LOWERED, MOST_RAISED)
        gain = torch.exp((change @ self.bank) * self.shares) - 1.0
        gain = torch.minimum(gain, (LOWERING / RAISING) * gain)
        added = torch.fft.irfft(torch.view_as_complex(spectrum * gain.unsqueeze(-1)), self.length)
        added = added[..., self.past : self.past + self.n_fft] * self.fade
        if bands is not None and gate is not None:
            power = (heard * torch.expm1(change)).square().clamp_min(1e-20)
            share = (power * bands).sum(-1, keepdim=True) / power.sum(-1, keepdim=True)
            added = added * (1.0 + share * (gate - 1.0))
        return added, LATELY * lacking + (1.0 - LATELY) * lately
