"""Convolutions that give the same result on a whole signal and block by block.

`causal=True` puts all padding on the left: delay 0. `causal=False` pads both sides, as the
published non-causal networks do; its stream caches the context and comes `delay` samples late.

A non-causal network sees zeros before the signal at *every* layer. A stream must therefore set to
zero what each layer computes for times before zero. `skip` counts these samples down: the layer's
own delay plus the delay of its input, its `lead`, which the network sets with `set_lead`. Causal
layers have no `skip`.

Source of the cached context: "Streamable Neural Audio Synthesis with Non-Causal Convolutions",
arXiv 2204.07064.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.runtime_forms import convolved


@dataclass
class ConvState:
    """State of a StreamingConv1d.

    `context` [B, C_in, (kernel - 1) * dilation]: the last input samples. `skip` [1], int64: output
    samples still to come before time zero; None if causal.
    """

    context: Tensor
    skip: Tensor | None


@dataclass
class TransposedState:
    """State of a StreamingConvTranspose1d.

    `tail` [B, C_out, kernel - stride]: output samples that later input still adds to. `skip` as in
    ConvState.
    """

    tail: Tensor
    skip: Tensor | None


@dataclass
class DelayState:
    """State of a Delay. `buffer` [B, C, delay]: the samples held back."""

    buffer: Tensor


def _skip(samples: int, causal: bool, device: torch.device | None) -> Tensor | None:
    """Return the counter [1] of output samples before time zero; None if causal."""
    return None if causal else torch.full((1,), samples, dtype=torch.int64, device=device)


def _silence(y: Tensor, skip: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Set the first `skip` samples of y [B, C, n] to zero; return y and the counter after them."""
    if skip is None:
        return y, None
    mask = torch.arange(y.shape[-1], device=y.device) >= skip
    return y * mask.to(y.dtype), (skip - y.shape[-1]).clamp_min(0)


class StreamingConv1d(nn.Conv1d):
    """Stride-1 convolution [B, C_in, T] -> [B, C_out, T].

    Its stream comes `delay` samples late: 0 if causal, else half of (kernel - 1) * dilation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        dilation: int = 1,
        groups: int = 1,
        causal: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, dilation=dilation, groups=groups)
        self.causal = causal
        self.reach = (kernel - 1) * dilation
        self.delay = 0 if causal else self.reach // 2
        self.lead = 0

    def set_lead(self, lead: int) -> int:
        """Set the delay of a stream's input, in samples; return the delay of its output."""
        self.lead = lead
        return lead + self.delay

    def forward(self, x: Tensor) -> Tensor:
        right = self.delay
        return super().forward(F.pad(x, (self.reach - right, right)))

    def _convolved(self, x: Tensor) -> Tensor:
        return convolved(x, self.weight, self.bias, int(self.dilation[0]), self.groups)

    def initial_state(
        self, batch: int, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> ConvState:
        context = torch.zeros(batch, self.in_channels, self.reach, device=device, dtype=dtype)
        return ConvState(context, _skip(self.lead + self.delay, self.causal, device))

    def step(self, x: Tensor, state: ConvState) -> tuple[Tensor, ConvState]:
        """Compute y [B, C_out, n], `delay` samples late, from x [B, C_in, n]."""
        if self.reach == 0:
            y, skip = _silence(self._convolved(x), state.skip)
            return y, ConvState(state.context.clone(), skip)
        joined = torch.cat([state.context, x], dim=-1)
        y, skip = _silence(self._convolved(joined), state.skip)
        return y, ConvState(joined[..., -self.reach :].clone(), skip)


class StreamingConvTranspose1d(nn.ConvTranspose1d):
    """Transposed convolution that upsamples [B, C_in, T] -> [B, C_out, T * stride].

    Non-causal: crops (kernel - stride) / 2 samples on the left of the full result, as HiFi-GAN
    does. Causal: crops on the right only. Raises ValueError unless kernel - stride is even and not
    negative.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, upsample: int, *, causal: bool = True) -> None:
        if (kernel - upsample) % 2 or kernel < upsample:
            raise ValueError(f"kernel {kernel} minus stride {upsample} must be even and not negative")
        super().__init__(in_channels, out_channels, kernel, upsample)
        self.upsample, self.overlap, self.causal = upsample, kernel - upsample, causal
        self.delay = 0 if causal else self.overlap // 2
        self.lead = 0

    def set_lead(self, lead: int) -> int:
        """Set the delay of a stream's input; return the delay of its output.

        `lead` counts input samples, the result output samples.
        """
        self.lead = lead * self.upsample
        return self.lead + self.delay

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        return super().forward(x)[..., self.delay : self.delay + x.shape[-1] * self.upsample]

    def initial_state(
        self, batch: int, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> TransposedState:
        tail = torch.zeros(batch, self.out_channels, self.overlap, device=device, dtype=dtype)
        return TransposedState(tail, _skip(self.lead + self.delay, self.causal, device))

    def step(self, x: Tensor, state: TransposedState) -> tuple[Tensor, TransposedState]:
        """Compute y [B, C_out, n * stride], `delay` samples late, from x [B, C_in, n].

        Overlap-add: the unfinished tail of the last step is added to the new output.
        """
        full = F.conv_transpose1d(x, self.weight, None, self.stride)
        length = x.shape[-1] * self.upsample
        full = full + F.pad(state.tail, (0, length)) if self.overlap else full
        y = full[..., :length]
        if self.bias is not None:
            y = y + self.bias[:, None]
        y, skip = _silence(y, state.skip)
        return y, TransposedState(full[..., length:].clone(), skip)


class Delay(nn.Module):
    """Delay line of `delay` samples in a stream. Passes whole signals [B, C, T] unchanged."""

    stride = 1

    def __init__(self, channels: int, delay: int) -> None:
        super().__init__()
        self.channels, self.delay = channels, delay

    def forward(self, x: Tensor) -> Tensor:
        return x

    def initial_state(
        self, batch: int, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> DelayState:
        return DelayState(torch.zeros(batch, self.channels, self.delay, device=device, dtype=dtype))

    def step(self, x: Tensor, state: DelayState) -> tuple[Tensor, DelayState]:
        """Return y [B, C, n], which is x [B, C, n] `delay` samples late."""
        if self.delay == 0:
            return x, DelayState(state.buffer.clone())
        joined = torch.cat([state.buffer, x], dim=-1)
        return joined[..., : x.shape[-1]], DelayState(joined[..., -self.delay :].clone())
