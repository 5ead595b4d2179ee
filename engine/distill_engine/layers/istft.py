"""Inverse STFT as a matrix product and a streaming overlap-add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.istft_basis import inverse_basis


@dataclass
class OverlapState:
    """`tail` [B, n_fft - hop] samples that later frames still add to."""

    tail: Tensor


class InverseSTFT(nn.Module):
    """Real and imaginary spectra [B, n_fft + 2, F] (real bins first) -> samples [B, F * hop].

    Frame f is centred on sample (f + 1/2) * hop, so whole signals need no offset; the stream comes `delay` samples late.
    """

    basis: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        if n_fft % hop or (n_fft - hop) % 2:
            raise ValueError(f"inverse STFT: n_fft {n_fft} must be a multiple of hop {hop}")
        self.n_fft, self.hop, self.delay, self.stride = n_fft, hop, (n_fft - hop) // 2, hop
        self.register_buffer("basis", torch.from_numpy(inverse_basis(n_fft, hop)), persistent=False)

    def _frames(self, spectrum: Tensor) -> Tensor:
        return torch.matmul(spectrum.transpose(1, 2), self.basis)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """Frames [B, F, n_fft] -> [B, (F - 1) * hop + n_fft]."""
        batch, count = frames.shape[0], frames.shape[1]
        parts = frames.reshape(batch, count, -1, self.hop)
        ratio = self.n_fft // self.hop
        rows = [F.pad(parts[:, :, i], (0, 0, i, ratio - 1 - i)) for i in range(ratio)]
        total = rows[0]
        for row in rows[1:]:
            total = total + row
        return total.reshape(batch, -1)

    def forward(self, spectrum: Tensor) -> Tensor:
        full = self._overlap_add(self._frames(spectrum))
        return full[:, self.delay : self.delay + spectrum.shape[-1] * self.hop]

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> OverlapState:
        return OverlapState(torch.zeros(batch, self.n_fft - self.hop, device=device, dtype=dtype))

    def step(self, spectrum: Tensor, state: OverlapState) -> tuple[Tensor, OverlapState]:
        length = spectrum.shape[-1] * self.hop
        full = self._overlap_add(self._frames(spectrum)) + F.pad(state.tail, (0, length))
        return full[:, :length], OverlapState(full[:, length:].clone())
