"""Mel feedback: corrects the audio synthesised so far by its error in the input's mel.

Overlapping spectra whose phases are not those of one signal do not add up to the magnitudes that
they were made of. A mel (windows of 2,048 samples) also resolves more than a short synthesis window
does. The feedback therefore analyses the audio so far with the mel transform of the input and adds
the log-mel error, band by band, to the newest window that can still be changed: one gradient step
on the mel distance, once per spectrum.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel_config import MelConfig
from distill_engine.layers.runtime_forms import banded_product, pieces_of, samples_of, spectrum_of
from distill_engine.vocoders.vocos.constant_buffers import FourierConstants, WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name, mel_filters
from distill_engine.vocoders.vocos.part_tables import RAISE_FACTOR, feedback_tables

LOWER_FACTOR = 3.5  # multiplies the cut where it is too high; finished audio keeps its part of the excess
MAXIMUM_RISE, MAXIMUM_CUT = 1.0, 0.7  # nats in one correction, before those factors
MAXIMUM_ERROR = 1.5  # nats to which the log-mel error is clipped
RECENT_WEIGHT = 0.4  # weight of the running mean of the error, added to the error itself
SMOOTHING = 0.5  # weight of the newest error in the running mean


class MelFeedback(WithConstants):
    """Correction of one window of samples towards a target mel.

    The window starts `past` samples after the first of the given samples. These are complete up to
    the end of the window's first hop and include the spectrum after the window's.

    Raises ValueError if `n_fft` is longer than the mel's window minus two hops.
    """

    bank: Tensor
    filters: Tensor
    shares: Tensor
    ear: Tensor
    fade: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int, rise: int) -> None:
        super().__init__()
        config = MelConfig(bands=bands)
        self.bands, self.n_fft, self.past, self.length = bands, n_fft, (config.window - n_fft) // 2, config.window
        self.floor = config.floor
        if self.past < hop:
            raise ValueError(
                f"mel feedback: n_fft {n_fft} must be two hops shorter than the mel's window of {config.window}"
            )
        bank = mel_filters(bands)
        ear, fade, shares = feedback_tables(bands, n_fft, hop, rise)
        self.add_constants(bank=constant_name("mel", bands), filters=bank.T, shares=shares, ear=ear, fade=fade)
        self.fourier = FourierConstants(config.window)
        self._to_mel, self._to_bins = pieces_of(bank.T), pieces_of(bank)

    def forward(
        self,
        samples: Tensor,
        target: Tensor,
        recent_error: Tensor,
        onset_bands: Tensor | None = None,
        gate: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the samples [B, n_fft] to add to the window, and the error's new running mean.

        If most of the added power lies in bands that set in within the window, the added samples
        follow the onset's gain too, in proportion to that power.

        Args:
            samples: audio so far [B, window - hop], full scale +-1.
            target: log-mel [B, bands] that the audio should have, nats.
            recent_error: running mean of the error [B, bands], nats.
            onset_bands: how far each band sets in [B, bands], 0 to 1; None: no onsets.
            gate: gain [B, n_fft], 0 to 1, of the onset.
        """
        spectrum = spectrum_of(samples * self.ear[: samples.shape[-1]], self.fourier.tables)
        magnitude = torch.sqrt(spectrum.square().sum(-2) + 1e-20)
        mel = banded_product(magnitude, self.filters, self._to_mel)
        error = target - torch.log(mel.clamp_min(self.floor))
        error = error.clamp(-MAXIMUM_ERROR, MAXIMUM_ERROR)
        change = (error + RECENT_WEIGHT * recent_error).clamp(-MAXIMUM_CUT, MAXIMUM_RISE)
        gain = torch.exp(banded_product(change, self.bank, self._to_bins) * self.shares) - 1.0
        gain = torch.minimum(gain, (LOWER_FACTOR / RAISE_FACTOR) * gain)
        gain = F.pad(gain, (0, self.fourier.width - gain.shape[-1]))  # mels have no part of the first and the last bin
        added = samples_of(spectrum * gain.unsqueeze(-2), self.fourier.tables, self.past, self.n_fft) * self.fade
        if onset_bands is not None and gate is not None:
            power = (mel * torch.expm1(change)).square().clamp_min(1e-20)
            onset_share = (power * onset_bands).sum(-1, keepdim=True) / power.sum(-1, keepdim=True)
            added = added * (1.0 + onset_share * (gate - 1.0))
        return added, SMOOTHING * error + (1.0 - SMOOTHING) * recent_error
