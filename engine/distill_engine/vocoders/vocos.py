"""The `vocos` kind: causal ConvNeXt blocks over mel frames and an inverse STFT (after arXiv 2306.00814).

Unlike the paper's head, which predicts magnitudes from nothing, ours predicts a correction to the magnitudes that the mel itself
implies (its bands interpolated on the Hz axis): from the first step the spectrum is about right. The correction moves sound within
64 mel bands, but hardly from band to band: the level follows the input's, also for sounds that no training has shown it. Nor does it
predict phases: it corrects how far the mel implies that they advance, predicts how surely they do, and the sound so far gives the rest
(see `layers.continuation`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from distill_engine.audio.mel import MelConfig, hann_window, mel_filterbank
from distill_engine.layers.continuation import SILENCE, ContinuationState, PhaseContinuation, prediction_loss, spread_of
from distill_engine.layers.conv import ConvState, StreamingConv1d
from distill_engine.layers.convnext import ChannelNorm, ConvNeXtBlock
from distill_engine.vocoders.config import VocosConfig

FloatArray = npt.NDArray[np.float64]

MAXIMUM_LOG_MAGNITUDE = 6.0
LEEWAY = 0.3  # nats, about what a band's sum differs by between a partial and noise of the same mel
NEAR = 2.5  # bands on either side of a bin, the outermost fading, whose mean frequency is that of the bin's sound
CONCENTRATION = (-4.0, 7.0)  # logarithms: from noise to a steady partial
MEL_CENTRE, MEL_SCALE = -5.0, 3.0  # about the mean and spread of log-mels of music


def _band_centres(config: MelConfig) -> tuple[FloatArray, FloatArray]:
    """Centres [bands] in Hz of the mel filters, and their sums [bands]."""
    bank = mel_filterbank(config).astype(np.float64)
    sums = np.maximum(bank.sum(1), 1e-12)
    return (bank @ np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)) / sums, sums


def implied_magnitude(bands: int, n_fft: int) -> tuple[Tensor, Tensor]:
    """Matrix [bins, bands] and offset [bins, 1] that read log-magnitudes of `n_fft`-point spectra off a log-mel.

    Linear interpolation between band centres in Hz; the offset takes out each band's filter sum and the analysis window's gain on
    noise, so that noise keeps its level.
    """
    config = MelConfig(bands=bands)
    centres, sums = _band_centres(config)
    bins = np.fft.rfftfreq(n_fft, 1.0 / config.sample_rate)
    matrix = np.stack([np.interp(bins, centres, row) for row in np.eye(bands)], axis=1)
    window_gain = np.sqrt(np.square(hann_window(config.window).astype(np.float64)).sum())
    offset = -(matrix @ np.log(sums)) - np.log(window_gain)
    return torch.tensor(matrix, dtype=torch.float32), torch.tensor(offset[:, None], dtype=torch.float32)


def implied_advance(bands: int, n_fft: int, hop: int) -> tuple[Tensor, Tensor]:
    """Matrices `moment` and `mass` [bins, bands]: moment @ a / mass @ a is how far (radians a hop) the sound near each bin runs ahead of
    the bin's own frequency, where a = exp(log-mel) [bands].

    The mean frequency of the amplitude in the bands within NEAR of the bin. Triangular filters that sum to one interpolate
    linearly: the mean of their centres is the mean frequency itself, so a lone partial's is found between bands and bins.
    """
    config = MelConfig(bands=bands)
    centres, sums = _band_centres(config)
    heights = mel_filterbank(MelConfig(bands=bands, area_norm=False)).sum(1) / sums
    bins = np.fft.rfftfreq(n_fft, 1.0 / config.sample_rate)
    apart = np.abs(np.interp(bins, centres, np.arange(bands))[:, None] - np.arange(bands))
    mass = np.clip(NEAR - apart, 0.0, 1.0) * heights
    moment = mass * (centres - bins[:, None]) * (2 * np.pi * hop / config.sample_rate)
    return torch.tensor(moment, dtype=torch.float32), torch.tensor(mass, dtype=torch.float32)


@dataclass
class VocosState:
    embed: ConvState
    blocks: tuple[ConvState, ...]
    sound: ContinuationState


class Vocos(nn.Module):
    """Log-mel [B, bands, T] -> samples [B, 1, T * hop]. The stream is `delay` samples late (half a window and half the way to the next)."""

    implied_matrix: Tensor
    implied_offset: Tensor
    moment: Tensor
    mass: Tensor
    bands: Tensor

    def __init__(self, config: VocosConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or VocosConfig()
        self.hop = self.stride = c.hop
        self.embed = StreamingConv1d(c.bands, c.channels, c.kernel)
        self.embed_norm = ChannelNorm(c.channels)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c.channels, c.hidden, kernel=c.kernel, scale=1.0 / c.blocks) for _ in range(c.blocks)
        )
        self.head_norm = ChannelNorm(c.channels)
        self.synthesis = PhaseContinuation(c.n_fft, c.hop // c.frames_per_hop)
        self.spectra = nn.Linear(c.channels, (c.frames_per_hop + 2) * self.synthesis.bins)
        self.delay = self.synthesis.delay
        self._predicted: tuple[Tensor, Tensor, Tensor] | None = None
        matrix, offset = implied_magnitude(c.bands, c.n_fft)
        self.register_buffer("implied_matrix", matrix, persistent=False)
        self.register_buffer("implied_offset", offset, persistent=False)
        for name, weights in zip(
            ("moment", "mass"), implied_advance(c.bands, c.n_fft, self.synthesis.hop), strict=True
        ):
            self.register_buffer(name, weights, persistent=False)
        bands = mel_filterbank(MelConfig(n_fft=c.n_fft, window=c.n_fft, hop=c.hop, bands=64, area_norm=False)).copy()
        bands[0, 0] = 1.0  # every bin's shares of the bands make one, the outermost bins' too
        self.register_buffer("bands", torch.tensor(bands / bands.sum(0)), persistent=False)
        self.apply(_initialise)

    def _predict(self, x: Tensor, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features [B, C, T] and mel [B, bands, T] -> magnitude, advance and spread [B, T * frames_per_hop, bins]."""
        each, bins = self.config.frames_per_hop, self.synthesis.bins
        y = self.spectra(self.head_norm(x).transpose(1, 2))
        correction, advance, concentration = y.split([each * bins, bins, bins], dim=2)
        implied = (torch.matmul(self.implied_matrix, mel) + self.implied_offset).transpose(1, 2)
        implied = implied.repeat_interleave(each, dim=1)
        log = implied + correction.reshape(y.shape[0], -1, bins)
        concentration = torch.exp(concentration.clamp(*CONCENTRATION)).repeat_interleave(each, dim=1)
        amplitude = torch.exp(mel.clamp_max(MAXIMUM_LOG_MAGNITUDE))
        near = torch.matmul(self.moment, amplitude) / torch.matmul(self.mass, amplitude).clamp_min(1e-12)
        near = near.clamp(-math.pi, math.pi).transpose(1, 2)  # a bin hears two bins on either side
        advance = (advance + near).repeat_interleave(each, dim=1)
        if self.training:
            self._predicted = (log.clamp_min(math.log(SILENCE)), advance, concentration)
        else:  # in training too, corrections would learn to lean on it: 0.34 instead of 0.31 nat after 30 minutes
            log = self._levelled(log, implied)
        return torch.exp(log.clamp_max(MAXIMUM_LOG_MAGNITUDE)), advance, spread_of(concentration)

    def _levelled(self, log: Tensor, implied: Tensor) -> Tensor:
        """Log-magnitudes [..., bins] whose sums in mel bands differ from the implied ones' by LEEWAY at most."""
        sums = [
            torch.log(torch.exp(x.clamp_max(MAXIMUM_LOG_MAGNITUDE)) @ self.bands.T + SILENCE) for x in (log, implied)
        ]
        apart = sums[0] - sums[1]
        return log + (LEEWAY * torch.tanh(apart / LEEWAY) - apart) @ self.bands

    def own_loss(self, samples: Tensor) -> Tensor:
        """How wrong the predictions for the last batch were for its sound [B, T * hop]: a scalar, once a forward pass."""
        if self._predicted is None:
            raise RuntimeError("own_loss follows a forward pass in training mode")
        predicted, self._predicted = self._predicted, None
        return prediction_loss(samples, *predicted, self.synthesis.hop)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.embed_norm(self.embed((mel - MEL_CENTRE) / MEL_SCALE))
        for block in self.blocks:
            x = block(x)
        with torch.autocast(mel.device.type, enabled=False):  # sums over a window, and exponents, need all of float32
            samples: Tensor = self.synthesis(*self._predict(x.float(), mel.float()))
        return samples.unsqueeze(1)

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> VocosState:
        return VocosState(
            self.embed.initial_state(batch, device, dtype),
            tuple(block.initial_state(batch, device, dtype) for block in self.blocks),  # type: ignore[operator]
            self.synthesis.initial_state(batch, device, dtype),
        )

    def step(self, mel: Tensor, state: VocosState) -> tuple[Tensor, VocosState]:
        """Mel [B, bands, n] -> samples [B, 1, n * hop], `delay` late."""
        x, embed = self.embed.step((mel - MEL_CENTRE) / MEL_SCALE, state.embed)
        x = self.embed_norm(x)
        states = []
        for block, old in zip(self.blocks, state.blocks, strict=True):
            x, new = block.step(x, old)  # type: ignore[operator]
            states.append(new)
        samples, sound = self.synthesis.step(*self._predict(x, mel), state.sound)
        return samples.unsqueeze(1), VocosState(embed, tuple(states), sound)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
