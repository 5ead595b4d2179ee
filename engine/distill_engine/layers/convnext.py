"""Causal ConvNeXt blocks over frames.

Sources: arXiv 2201.03545 (ConvNeXt); arXiv 2306.00814, section 3 (Vocos: used for audio).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.conv import ConvState, StreamingConv1d


class ChannelNorm(nn.Module):
    """Layer norm over the channels of [B, C, T], one frame at a time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = F.layer_norm(x.transpose(1, 2), (x.shape[1],), self.weight, self.bias, 1e-6)
        return y.transpose(1, 2)


class ConvNeXtBlock(nn.Module):
    """Residual block [B, C, T] -> [B, C, T], delay 0.

    Depthwise convolution, layer norm, linear to `hidden` channels, GELU, linear back to C channels,
    a learned scale per channel (initially `scale`), and the skip connection.
    """

    delay = 0
    stride = 1

    def __init__(self, channels: int, hidden: int, *, kernel: int = 7, dilation: int = 1, scale: float = 0.125) -> None:
        super().__init__()
        self.depthwise = StreamingConv1d(channels, channels, kernel, dilation=dilation, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.widen = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def _pointwise(self, y: Tensor) -> Tensor:
        """Compute the residual branch after the depthwise convolution: [B, C, T] -> [B, C, T]."""
        y = self.narrow(F.gelu(self.widen(self.norm(y.transpose(1, 2)))))
        return (self.scale * y).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self._pointwise(self.depthwise(x))

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> ConvState:
        return self.depthwise.initial_state(batch, device, dtype)

    def step(self, x: Tensor, state: ConvState) -> tuple[Tensor, ConvState]:
        y, state = self.depthwise.step(x, state)
        return x + self._pointwise(y), state
