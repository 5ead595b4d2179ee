"""When, within the windows of a synthesis, something sets in, and in which bands: read off a mel without any training.

A mel's window (46 ms) is wider than an attack is long: it shows an attack before it comes, at first softly, and a synthesis that makes
noise of that is early and dull. How far the level has risen from frame to frame says where in the window the sound begins, though: a
step at a place within it raises each of the frames around by what of the squared window lies after the step. The place that explains
the last frames best is found (a few are tried, by least squares of the levels in nats), and what rises sounds from there on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.audio.mel import MelConfig, hann_window
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name, onset_places

PAST = 3  # frames before the newest: the first of them lies wholly before what sets in near a spectrum being made
RISING, RISEN = 0.4, 0.9  # nats over those frames: from where a band counts as setting in, and from where wholly
BESIDE = 6  # bands over which levels are smoothed first: single bands of noise rise and fall by chance
FITTING = 20.0  # a squared nat of distance, in how sure a place is
LEAST_SHOWN = 0.03  # of its energy, what a frame shows of a sound that is yet to begin
SILENT = MelConfig().floor ** 2

FloatArray = npt.NDArray[np.float64]


class Onsets(NamedTuple):
    """For each spectrum of a synthesis: how far each mel band [B, F, bands] and bin [B, F, bins] is one that sets in (0 to 1), and when, as
    gains [B, F, n_fft] over the window of this spectrum, and over that of the one before it, of which more is known by now."""

    bands: Tensor
    bins: Tensor
    gate: Tensor
    gate_before: Tensor


class OnsetReading(WithConstants):
    """Log-mels [B, bands, T], the `PAST` frames before them and what bins have of bands [bins, bands] -> `Onsets` of T * each spectra,
    `hop` samples apart."""

    beside: Tensor
    sums: Tensor
    shown: Tensor
    ramps: Tensor

    def __init__(self, bands: int, n_fft: int, hop: int) -> None:
        super().__init__()
        config = MelConfig(bands=bands)
        self.each = config.hop // hop
        beside = 1.0 - np.abs(np.arange(-BESIDE + 1, BESIDE)) / BESIDE
        # The newest frame's centre, from that of each spectrum of its hop, and from those of the ones before them
        newest = (self.each / 2 - 0.5 - np.arange(self.each)) * hop
        frames = np.concatenate([newest, newest + hop])[:, None, None] - config.hop * np.arange(PAST)[:, None]
        self.hold(
            beside=beside[:, None],
            sums=np.convolve(np.ones(bands), beside, "same")[:, None],
            shown=_after(onset_places(n_fft) - frames, config.window).transpose(1, 0, 2),
            ramps=constant_name("ramps", n_fft),
        )

    def forward(self, mel: Tensor, past: Tensor, between: Tensor) -> Onsets:
        frames = mel.shape[-1]
        energy = torch.exp(2.0 * torch.cat([past, mel], -1)).clamp_min(SILENT)
        energy = F.conv2d(energy[:, None], self.beside[None, None], padding=(BESIDE - 1, 0))[:, 0] / self.sums
        newest, *older = (energy[..., PAST - j : PAST - j + frames] for j in range(PAST + 1))
        rise = 0.5 * (torch.log(newest) - torch.log(older[-1]))
        share = ((rise - RISING) / (RISEN - RISING)).clamp(0.0, 1.0)
        sums = ((share * e).sum(1).clamp_min(SILENT)[..., None, None] for e in (newest, *older))
        *levels, background = sums  # [B, T, 1, 1]
        whole = (levels[0] - background).clamp_min(0.0) / self.shown[0].clamp_min(LEAST_SHOWN)
        heard, explained = torch.stack(levels), background + whole * self.shown[:, None, None]
        distance = (0.5 * torch.log(heard / explained)).square().sum(0)
        gates = torch.softmax(-FITTING * distance, -1) @ self.ramps  # [B, T, 2 each, n_fft]
        now, before = (gate.flatten(1, 2) for gate in gates.chunk(2, dim=2))
        bands, bins = (x.transpose(1, 2).repeat_interleave(self.each, dim=1) for x in (share, between @ share))
        return Onsets(bands, bins, now, before)


def _after(places: FloatArray, window: int) -> FloatArray:
    """What of a squared window's sum lies after a place, in samples from its centre."""
    squared = np.square(hann_window(window).astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(squared[::-1])]) / squared.sum()
    found: FloatArray = np.interp(window / 2 - places, np.arange(window + 1), sums)
    return found
