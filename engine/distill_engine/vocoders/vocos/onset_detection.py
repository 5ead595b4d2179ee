"""Onset detection from log-mel frames, without learned weights.

A mel's window (46 ms) is longer than an attack. It shows an attack before it comes, softly at
first, and a synthesis that turns this into noise is early and dull. The rise of the level from
frame to frame, however, tells where in the window the sound starts: a step at one position raises
each frame by the part of the squared window after the step. The detector compares a few candidate
positions with the last frames by least squares of the levels in nats, and returns gains that are 0
before the best one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel_config import MelConfig
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name
from distill_engine.vocoders.vocos.part_tables import PAST_FRAMES, SMOOTHING_BANDS, onset_tables

RISING, RISEN = 0.4, 0.9  # nats of rise over those frames from which a band sets in partly, and wholly
SHARPNESS = 20.0  # log-probability of a position lost per squared nat of its error
MINIMUM_FRACTION = 0.03  # of a sound's energy that the newest frame is taken to contain at least
SILENT = MelConfig().floor ** 2  # energy of a band in silence


class Onsets(NamedTuple):
    """Onsets around each of F spectra.

    Attributes:
        bands: how far each mel band sets in [B, F, bands], 0 (goes on) to 1 (starts).
        bins: the same for the spectral bins [B, F, bins].
        gate: gains [B, F, n_fft], 0 to 1, of the onset over the window of the spectrum.
        gate_before: the same over the window of the spectrum before it, of which more is known by
            now.
    """

    bands: Tensor
    bins: Tensor
    gate: Tensor
    gate_before: Tensor


class OnsetDetector(WithConstants):
    """Log-mels [B, bands, T] -> `Onsets` of F = T * spectra_per_frame spectra, `hop` apart."""

    beside: Tensor
    sums: Tensor
    shown: Tensor
    ramps: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int) -> None:
        super().__init__()
        self.spectra_per_frame = MelConfig(bands=bands).hop // hop
        tables = onset_tables(bands, n_fft, hop)
        self.add_constants(
            beside=tables.beside[:, None],
            sums=tables.sums[:, None],
            shown=tables.shown,
            ramps=constant_name("ramps", n_fft),
        )

    def forward(self, mel: Tensor, past: Tensor, interpolated: Callable[[Tensor], Tensor]) -> Onsets:
        """Detect onsets around each spectrum.

        Args:
            mel: natural log-mel [B, bands, T].
            past: the PAST_FRAMES frames [B, bands, PAST_FRAMES] before it.
            interpolated: interpolates values of mel bands [B, bands, T] to spectral bins [B, T,
                bins].
        """
        energy = torch.exp(2.0 * torch.cat([past, mel], -1)).clamp_min(SILENT)
        energy = F.conv2d(energy[:, None], self.beside[None, None], padding=(SMOOTHING_BANDS - 1, 0))[:, 0] / self.sums
        each = [energy[..., PAST_FRAMES - j : -j or None] for j in range(PAST_FRAMES + 1)]
        rise = 0.5 * (torch.log(each[0]) - torch.log(each[-1]))
        onset = ((rise - RISING) / (RISEN - RISING)).clamp(0.0, 1.0)
        sums = (onset * torch.stack(each)).sum(2).clamp_min(SILENT)[..., None, None]  # [PAST_FRAMES + 1, B, T, 1, 1]
        observed, background = sums[:PAST_FRAMES], sums[PAST_FRAMES]
        whole = (sums[0] - background).clamp_min(0.0) / self.shown[0].clamp_min(MINIMUM_FRACTION)
        expected = background + whole * self.shown[:, None, None]
        error = (0.5 * torch.log(observed / expected)).square().sum(0)
        gates = torch.softmax(-SHARPNESS * error, -1) @ self.ramps  # [B, T, 2 * spectra_per_frame, n_fft]
        now, before = (gate.flatten(1, 2) for gate in gates.chunk(2, dim=2))
        bands, bins = (
            x.repeat_interleave(self.spectra_per_frame, dim=1) for x in (onset.transpose(1, 2), interpolated(onset))
        )
        return Onsets(bands, bins, now, before)


def onset_shares(bins: Tensor) -> Tensor:
    """Return the shares [..., 2, 1, bins] of each bin that go on and that set in.

    `bins` [..., bins] is how far each bin sets in, 0 to 1.
    """
    signs = bins.new_tensor([-1.0, 1.0])[:, None, None]
    return bins[..., None, None, :] * signs + (signs < 0)


def final_gains(onsets: Onsets | None) -> tuple[Tensor | None, Tensor | None]:
    """Return shares [B, F, 2, 1, bins] and gains [B, F, n_fft] of spectra whose next one is known.

    Those of the last spectrum are as they were when it came. Without onsets there are none.
    """
    if onsets is None:
        return None, None
    bins = torch.cat([onsets.bins[:, 1:], onsets.bins[:, -1:]], 1)
    return onset_shares(bins), torch.cat([onsets.gate_before[:, 1:], onsets.gate[:, -1:]], 1)
