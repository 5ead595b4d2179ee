"""HiFi-GAN's residual blocks and multi-receptive-field fusion, as exact streams.

In a non-causal stream the parallel branches have different delays; each is delayed further, to the
slowest. Source: arXiv 2010.05646, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.conv import ConvState, Delay, DelayState, StreamingConv1d

LEAK = 0.1  # slope of the leaky ReLU below zero


@dataclass
class ResidualState:
    """State of a residual block: its convolutions in order, then its skip paths' delay lines."""

    convs: tuple[ConvState, ...]
    skips: tuple[DelayState, ...]


@dataclass
class FusionState:
    """State of a fusion: its parallel blocks, and the delay lines that align them."""

    blocks: tuple[ResidualState, ...]
    aligns: tuple[DelayState, ...]


class ResidualBlock1(nn.Module):
    """Residual block of HiFi-GAN V1 and V2: [B, C, T] -> [B, C, T].

    For each dilation: x + conv(leaky(conv_dilated(leaky(x)))).
    """

    stride = 1

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], *, causal: bool) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            StreamingConv1d(channels, channels, kernel, dilation=d, causal=causal) for d in dilations
        )
        self.convs2 = nn.ModuleList(StreamingConv1d(channels, channels, kernel, causal=causal) for _ in dilations)
        delays = [a.delay + b.delay for a, b in self._chains()]
        self._skips = [Delay(channels, d) for d in delays]
        self.delay = sum(delays)

    def _chains(self) -> list[tuple[StreamingConv1d, ...]]:
        """Return, for each dilation, the convolutions between x and the sum."""
        return list(zip(self.convs1, self.convs2, strict=True))  # type: ignore[arg-type]

    def set_lead(self, lead: int) -> int:
        """Set the delay of a stream's input, in samples; return the delay of its output."""
        for chain in self._chains():
            for conv in chain:
                lead = conv.set_lead(lead)
        return lead

    def forward(self, x: Tensor) -> Tensor:
        for chain in self._chains():
            y = x
            for conv in chain:
                y = conv(F.leaky_relu(y, LEAK))
            x = x + y
        return x

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> ResidualState:
        convs = tuple(conv.initial_state(batch, device, dtype) for chain in self._chains() for conv in chain)
        return ResidualState(convs, tuple(skip.initial_state(batch, device, dtype) for skip in self._skips))

    def step(self, x: Tensor, state: ResidualState) -> tuple[Tensor, ResidualState]:
        convs, skips, conv_states = [], [], iter(state.convs)
        for chain, skip, skip_state in zip(self._chains(), self._skips, state.skips, strict=True):
            y = x
            for conv in chain:
                y, conv_state = conv.step(F.leaky_relu(y, LEAK), next(conv_states))
                convs.append(conv_state)
            delayed, new_skip = skip.step(x, skip_state)
            skips.append(new_skip)
            x = delayed + y
        return x, ResidualState(tuple(convs), tuple(skips))


class ResidualBlock2(ResidualBlock1):
    """Residual block of HiFi-GAN V3: [B, C, T] -> [B, C, T].

    For each dilation: x + conv_dilated(leaky(x)). Streams as ResidualBlock1 does, with one
    convolution per dilation.
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], *, causal: bool) -> None:
        nn.Module.__init__(self)
        self.convs = nn.ModuleList(
            StreamingConv1d(channels, channels, kernel, dilation=d, causal=causal) for d in dilations
        )
        self._skips = [Delay(channels, chain[0].delay) for chain in self._chains()]
        self.delay = sum(skip.delay for skip in self._skips)

    def _chains(self) -> list[tuple[StreamingConv1d, ...]]:
        return [(conv,) for conv in self.convs]  # type: ignore[misc]


class ReceptiveFieldFusion:
    """Mean of parallel residual blocks, aligned in time: [B, C, T] -> [B, C, T].

    It owns no weights: the blocks are registered in the network, whose published key layout has no
    level for a fusion.
    """

    stride = 1

    def __init__(self, blocks: list[ResidualBlock1], channels: int) -> None:
        self.blocks = blocks
        self.delay = max(block.delay for block in blocks)
        self._aligns = [Delay(channels, self.delay - block.delay) for block in blocks]

    def set_lead(self, lead: int) -> int:
        """Set the delay of a stream's input, in samples; return the delay of its output."""
        return max(block.set_lead(lead) for block in self.blocks)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([block(x) for block in self.blocks]).sum(0) / len(self.blocks)

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> FusionState:
        return FusionState(
            tuple(block.initial_state(batch, device, dtype) for block in self.blocks),
            tuple(align.initial_state(batch, device, dtype) for align in self._aligns),
        )

    def step(self, x: Tensor, state: FusionState) -> tuple[Tensor, FusionState]:
        total: Tensor | None = None
        blocks, aligns = [], []
        for block, align, block_state, align_state in zip(
            self.blocks, self._aligns, state.blocks, state.aligns, strict=True
        ):
            y, new_block = block.step(x, block_state)
            y, new_align = align.step(y, align_state)
            blocks.append(new_block)
            aligns.append(new_align)
            total = y if total is None else total + y
        if total is None:
            raise ValueError("a fusion needs at least one block")
        return total / len(self.blocks), FusionState(tuple(blocks), tuple(aligns))
