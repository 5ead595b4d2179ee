"""The `vocos` kind: causal ConvNeXt blocks over mel frames and an inverse STFT (after arXiv 2306.00814).

Unlike the paper's head, which predicts magnitudes from nothing, ours predicts a correction to the magnitudes that the mel itself
implies (its bands interpolated on the Hz axis): from the first step the spectrum is about right, and the level follows the input's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from distill_engine.audio.mel import MelConfig, hann_window, mel_filterbank
from distill_engine.layers.conv import ConvState, StreamingConv1d
from distill_engine.layers.convnext import ChannelNorm, ConvNeXtBlock
from distill_engine.layers.istft import InverseSTFT, OverlapState
from distill_engine.vocoders.config import VocosConfig

MAXIMUM_LOG_MAGNITUDE = 6.0
MEL_CENTRE, MEL_SCALE = -5.0, 3.0  # about the mean and spread of log-mels of music


def implied_magnitude(bands: int, n_fft: int) -> tuple[Tensor, Tensor]:
    """Matrix [bins, bands] and offset [bins, 1] that read log-magnitudes of `n_fft`-point spectra off a log-mel.

    Linear interpolation between band centres in Hz; the offset takes out each band's filter sum and the analysis window's gain on
    noise, so that noise keeps its level.
    """
    config = MelConfig(bands=bands)
    bank = mel_filterbank(config).astype(np.float64)
    frequencies = np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)
    sums = np.maximum(bank.sum(1), 1e-12)
    centres = (bank @ frequencies) / sums
    bins = np.fft.rfftfreq(n_fft, 1.0 / config.sample_rate)
    matrix = np.stack([np.interp(bins, centres, row) for row in np.eye(bands)], axis=1)
    window_gain = np.sqrt(np.square(hann_window(config.window).astype(np.float64)).sum())
    offset = -(matrix @ np.log(sums)) - np.log(window_gain)
    return torch.tensor(matrix, dtype=torch.float32), torch.tensor(offset[:, None], dtype=torch.float32)


@dataclass
class VocosState:
    embed: ConvState
    blocks: tuple[ConvState, ...]
    overlap: OverlapState


class Vocos(nn.Module):
    """Log-mel [B, bands, T] -> samples [B, 1, T * hop]. The stream is `delay` samples late (half the window's overlap)."""

    implied_matrix: Tensor
    implied_offset: Tensor

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
        self.head = nn.Linear(c.channels, c.frames_per_hop * (c.n_fft + 2))
        self.inverse = InverseSTFT(c.n_fft, c.hop // c.frames_per_hop)
        self.delay = self.inverse.delay
        matrix, offset = implied_magnitude(c.bands, c.n_fft)
        self.register_buffer("implied_matrix", matrix, persistent=False)
        self.register_buffer("implied_offset", offset, persistent=False)
        self.apply(_initialise)

    def _spectrum(self, x: Tensor, mel: Tensor) -> Tensor:
        """Features [B, C, T] and mel [B, bands, T] -> real and imaginary bins [B, n_fft + 2, T * frames_per_hop]."""
        c = self.config
        y = self.head(self.head_norm(x).transpose(1, 2))
        y = y.reshape(y.shape[0], -1, c.n_fft + 2).transpose(1, 2)
        correction, phase = y.split(c.n_fft // 2 + 1, dim=1)
        implied = torch.matmul(self.implied_matrix, mel) + self.implied_offset
        if c.frames_per_hop > 1:
            implied = implied.repeat_interleave(c.frames_per_hop, dim=-1)
        magnitude = torch.exp((implied + correction).clamp_max(MAXIMUM_LOG_MAGNITUDE))
        return torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], dim=1)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.embed_norm(self.embed((mel - MEL_CENTRE) / MEL_SCALE))
        for block in self.blocks:
            x = block(x)
        with torch.autocast(mel.device.type, enabled=False):  # sums over a window, and exponents, need all of float32
            samples: Tensor = self.inverse(self._spectrum(x.float(), mel.float()))
        return samples.unsqueeze(1)

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> VocosState:
        return VocosState(
            self.embed.initial_state(batch, device, dtype),
            tuple(block.initial_state(batch, device, dtype) for block in self.blocks),  # type: ignore[operator]
            self.inverse.initial_state(batch, device, dtype),
        )

    def step(self, mel: Tensor, state: VocosState) -> tuple[Tensor, VocosState]:
        """Mel [B, bands, n] -> samples [B, 1, n * hop], `delay` late."""
        x, embed = self.embed.step((mel - MEL_CENTRE) / MEL_SCALE, state.embed)
        x = self.embed_norm(x)
        states = []
        for block, old in zip(self.blocks, state.blocks, strict=True):
            x, new = block.step(x, old)  # type: ignore[operator]
            states.append(new)
        samples, overlap = self.inverse.step(self._spectrum(x, mel), state.overlap)
        return samples.unsqueeze(1), VocosState(embed, tuple(states), overlap)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
