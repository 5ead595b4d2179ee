"""HiFi-GAN (arXiv 2010.05646): causal for live playing, or non-causal as published.

The non-causal network takes the weights of the published generator. Key layout: jik876/hifi-gan,
commit 4769534d45265d52a904b850da5a622601885777 (MIT, (c) 2020 Jungil Kong).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.conv import ConvState, StreamingConv1d, StreamingConvTranspose1d, TransposedState
from distill_engine.layers.residual import LEAK, FusionState, ReceptiveFieldFusion, ResidualBlock1, ResidualBlock2
from distill_engine.vocoders.configs import HifiGanConfig
from distill_vendor.weight_norm import fold_weight_norm


@dataclass
class HifiGanState:
    """State of a HifiGan: of its first convolution, its stages and its last convolution."""

    pre: ConvState
    ups: tuple[TransposedState, ...]
    fusions: tuple[FusionState, ...]
    post: ConvState


class HifiGan(nn.Module):
    """Log-mel [B, bands, T] -> samples [B, 1, T * hop] in [-1, 1].

    Loads published state dicts, with weight norm folded or not.
    """

    def __init__(self, config: HifiGanConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or HifiGanConfig()
        self.hop = self.stride = c.hop
        self.conv_pre = StreamingConv1d(c.bands, c.initial_channels, 7, causal=c.causal)
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        block_type = ResidualBlock1 if c.resblock == 1 else ResidualBlock2
        self._fusions = []
        channels = c.initial_channels
        for rate, kernel in zip(c.upsample_rates, c.upsample_kernels, strict=True):
            self.ups.append(StreamingConvTranspose1d(channels, channels // 2, kernel, rate, causal=c.causal))
            channels //= 2
            blocks = [
                block_type(channels, k, d, causal=c.causal)
                for k, d in zip(c.resblock_kernels, c.resblock_dilations, strict=True)
            ]
            self.resblocks.extend(blocks)
            self._fusions.append(ReceptiveFieldFusion(blocks, channels))
        self.conv_post = StreamingConv1d(channels, 1, 7, causal=c.causal)
        self.delay = self._total_delay()
        self.apply(_initialise)
        self.register_load_state_dict_pre_hook(fold_weight_norm)  # type: ignore[no-untyped-call]

    def _total_delay(self) -> int:
        """Set the lead of every layer; return the delay of the whole network in samples."""
        delay = self.conv_pre.set_lead(0)
        for up, fusion in zip(self.ups, self._fusions, strict=True):
            delay = fusion.set_lead(up.set_lead(delay))  # type: ignore[operator]
        return self.conv_post.set_lead(delay)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.conv_pre(mel)
        for up, fusion in zip(self.ups, self._fusions, strict=True):
            x = fusion.forward(up(F.leaky_relu(x, LEAK)))
        with torch.autocast(mel.device.type, enabled=False):  # samples need more than the 8 bits of bfloat16
            return torch.tanh(self.conv_post(F.leaky_relu(x.float())))

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> HifiGanState:
        return HifiGanState(
            self.conv_pre.initial_state(batch, device, dtype),
            tuple(up.initial_state(batch, device, dtype) for up in self.ups),  # type: ignore[operator]
            tuple(fusion.initial_state(batch, device, dtype) for fusion in self._fusions),
            self.conv_post.initial_state(batch, device, dtype),
        )

    def step(self, mel: Tensor, state: HifiGanState) -> tuple[Tensor, HifiGanState]:
        """Synthesise samples [B, 1, n * hop], `delay` late, from mel [B, bands, n]."""
        x, pre = self.conv_pre.step(mel, state.pre)
        ups, fusions = [], []
        for up, fusion, up_state, fusion_state in zip(self.ups, self._fusions, state.ups, state.fusions, strict=True):
            x, new_up = up.step(F.leaky_relu(x, LEAK), up_state)  # type: ignore[operator]
            x, new_fusion = fusion.step(x, fusion_state)
            ups.append(new_up)
            fusions.append(new_fusion)
        x, post = self.conv_post.step(F.leaky_relu(x), state.post)
        return torch.tanh(x), HifiGanState(pre, tuple(ups), tuple(fusions), post)


def _initialise(module: nn.Module) -> None:
    """Initialise a convolution, unless on meta: small normal weights (0.05 at most), no bias."""
    if isinstance(module, StreamingConv1d | StreamingConvTranspose1d) and not module.weight.is_meta:
        fan_in = module.in_channels * module.kernel_size[0]
        nn.init.normal_(module.weight, 0.0, min(0.05, 0.7 / fan_in**0.5))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
