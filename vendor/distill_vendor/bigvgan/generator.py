"""BigVGAN-v2's generator (arXiv 2206.04658): log-mel to samples, whole or as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from distill_vendor.bigvgan.config import BigVGANConfig
from distill_vendor.bigvgan.layers import AmpBlock, AntiAliased, Convolution, Upsampling, _Filter
from distill_vendor.bigvgan.stream import Feed, Signal, Stream, Whole, silence
from distill_vendor.weight_norm import fold_weight_norm


@dataclass
class BigVGANState:
    """State of a stream.

    `position` [1] counts the frames so far, `end` [1] is the number of all frames (-1: not known
    yet); both are int64 on the CPU. `contexts` are the last input rows [B, rows, C] of each layer,
    in the order in which layers run.
    """

    position: Tensor
    end: Tensor
    contexts: tuple[Tensor, ...]


class BigVGAN(nn.Module):
    """Turns log-mel [B, bands, T] into samples [B, 1, T * hop] in [-1, 1]; not for training.

    `load_state_dict` takes upstream's "generator" entry with or without weight norm; `state_dict`
    is folded. The stream of `step` is `delay` samples late and otherwise equal to `forward`.
    """

    def __init__(self, config: BigVGANConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or BigVGANConfig()
        self.hop = self.stride = c.hop
        self.delay = c.delay
        channels = c.initial_channels
        self.conv_pre = Convolution(c.bands, channels, 7)
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for rate, kernel in zip(c.upsample_rates, c.upsample_kernels, strict=True):
            self.ups.append(nn.ModuleList([Upsampling(channels, channels // 2, kernel, rate)]))
            channels //= 2
            for size, dilations in zip(c.resblock_kernels, c.resblock_dilations, strict=True):
                self.resblocks.append(AmpBlock(channels, size, dilations, c))
        self.activation_post = AntiAliased(channels, c)
        self.conv_post = Convolution(channels, 1, 7, bias=c.bias_at_final)
        for module in self.modules():
            if isinstance(module, Convolution | Upsampling) and not module.weight.is_meta:
                nn.init.normal_(module.weight, 0.0, 0.01)
        self.register_load_state_dict_pre_hook(fold_weight_norm)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(_forget_derived)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def forward(self, mel: Tensor) -> Tensor:
        """Compute samples [B, 1, T * hop] of a whole log-mel [B, bands, T], aligned with it.

        Memory grows with T: use `step` for long sounds.
        """
        if mel.shape[-1] == 0:
            return mel.new_zeros(mel.shape[0], 1, 0)
        return self._run(Signal(mel.transpose(1, 2), 0, mel.shape[-1]), Whole())

    def _run(self, signal: Signal, feed: Feed) -> Tensor:
        """Compute samples [B, 1, T * hop] from the Signal of a mel [B, T, bands]."""
        count = len(self.config.resblock_kernels)
        x = self.conv_pre.run(signal, feed)
        for index, up in enumerate(self.ups):
            x = up[0].run(silence(x), feed)  # type: ignore[index]
            blocks = self.resblocks[index * count : (index + 1) * count]
            outputs = [block.run(x, feed) for block in blocks]  # type: ignore[operator]
            latest = min(output.first for output in outputs)
            total = feed.delayed(outputs[0], latest) if outputs[0].first != latest else outputs[0]
            for output in outputs[1:]:
                aligned = feed.delayed(output, latest) if output.first != latest else output
                total = total.with_rows(total.rows.add_(aligned.rows))
            x = total.with_rows(total.rows.div_(count))
        x = self.conv_post.run(self.activation_post.run(x, feed), feed)
        rows = torch.tanh(x.rows) if self.config.tanh_at_final else x.rows.clamp(-1.0, 1.0)
        return silence(x.with_rows(rows)).rows.transpose(1, 2)

    def initial_state(
        self, batch: int = 1, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> BigVGANState:
        """Return the state before the first frame, on the weights' device unless one is given."""
        like = self.conv_pre.weight
        contexts = tuple(
            torch.zeros(batch, rows, channels, device=device or like.device, dtype=dtype or like.dtype)
            for rows, channels in context_shapes(self.config)
        )
        return BigVGANState(torch.zeros(1, dtype=torch.int64), torch.full((1,), -1), contexts)

    @torch.no_grad()
    def step(self, mel: Tensor, state: BigVGANState) -> tuple[Tensor, BigVGANState]:
        """Compute samples [B, 1, n * hop], `delay` samples late, of log-mel [B, bands, n].

        Returns them with the next state; the given state is not changed.
        """
        position, end = int(state.position), int(state.end)
        feed = Stream(state.contexts)
        samples = self._run(Signal(mel.transpose(1, 2), position, None if end < 0 else end), feed)
        return samples, BigVGANState(state.position + mel.shape[-1], state.end, tuple(feed.kept))

    def is_steady(self, state: BigVGANState) -> bool:
        """Return whether a step from this state reaches neither the start nor the end of the sound.

        It then depends on the contexts alone.
        """
        return int(state.end) < 0 and int(state.position) * self.hop >= 2 * self.delay

    def ended(self, state: BigVGANState) -> BigVGANState:
        """Return the state of a sound that has ended.

        Steps of any frames then give its last `delay` samples, with the edge that `forward` gives
        it.
        """
        return BigVGANState(state.position, state.position.clone(), state.contexts)

    def finish(self, state: BigVGANState) -> Tensor:
        """Compute the last samples [B, 1, delay] of a sound, with the edge of `forward`."""
        first = state.contexts[0]
        silent = first.new_zeros(first.shape[0], self.config.bands, -(-self.delay // self.hop))
        return self.step(silent, self.ended(state))[0][..., : self.delay]


def context_shapes(config: BigVGANConfig) -> Iterator[tuple[int, int]]:
    """Yield rows and channels of every context of a stream, in the order in which layers run."""
    channels = config.initial_channels
    yield 6, config.bands
    for rate, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
        yield 2 * -(-(kernel - rate) // 2 // rate), channels
        channels //= 2
        for size, dilations in zip(config.resblock_kernels, config.resblock_dilations, strict=True):
            for dilation in dilations:
                reaches = [dilation * (size - 1)] + [size - 1] * (config.resblock == 1)
                for reach in reaches:
                    yield 10, channels
                    yield reach, channels
                yield sum(5 + reach // 2 for reach in reaches), channels
        latest = max(config.block_delays)
        for delay in config.block_delays:
            if delay != latest:
                yield latest - delay, channels
    yield 10, channels
    yield 6, channels


def _forget_derived(module: nn.Module, _: Any) -> None:
    """Let layers forget what they derived from the weights before a load."""
    for child in module.modules():
        if isinstance(child, _Filter | Convolution | Upsampling):
            child.forget()
