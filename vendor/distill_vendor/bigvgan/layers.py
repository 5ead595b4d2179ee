"""The generator's layers. Parameters have upstream's names; signals are [B, T, C], see `stream`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_vendor.bigvgan.config import ACTIVATION_DELAY, BigVGANConfig
from distill_vendor.bigvgan.convolution import FastWeight, convolve
from distill_vendor.bigvgan.stream import Feed, Signal, hold, silence

TAPS = 12  # of the resampling filters
TILE = 16  # output rows of one matrix product of the filters


class Convolution(nn.Module):
    """Convolution of stride 1 that needs `delay` rows on each side.

    `weight` [C_out, C_in, kernel] and `bias` [C_out] are upstream's.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.kernel, self.dilation = kernel, dilation
        self.delay = (kernel - 1) // 2 * dilation
        self.fast: FastWeight | None = None  # the weight's form for fast convolution, made on first use

    def forget(self) -> None:
        """Forget what was derived from the weight."""
        self.fast = None

    def run(self, signal: Signal, feed: Feed) -> Signal:
        """Convolve a signal; a stream comes `delay` rows late."""
        joined = feed.join(signal, self.delay, self.delay)
        return joined.with_rows(convolve(self, joined.rows), joined.first + self.delay)


class Upsampling(nn.Module):
    """Transposed convolution, cropped by (kernel - rate) / 2 on both sides.

    `weight` [C_in, C_out, kernel] and `bias` [C_out] are upstream's.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, rate: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.kernel, self.rate = kernel, rate
        self.crop = (kernel - rate) // 2
        self.past = -(-self.crop // rate)  # input rows on each side that an output row can depend on

        self.fast: Tensor | None = None  # the weight as one matrix per input row that an output row sees

    def forget(self) -> None:
        """Forget what was derived from the weight."""
        self.fast = None

    def run(self, signal: Signal, feed: Feed) -> Signal:
        """Upsample a signal by `rate`; a stream comes `crop` rows later."""
        joined = feed.join(signal, self.past, self.past)
        y = self._upsampled(joined.rows)
        first = joined.past * self.rate - self.crop - y.shape[1]  # time of the first row of y
        count = signal.rows.shape[1] * self.rate
        aligned = joined.first == signal.first - self.past  # a whole sound: begin where it begins
        start = signal.first * self.rate if aligned else signal.first * self.rate - self.crop
        rows = y[:, start - first : start - first + count]
        stop = None if signal.stop is None else signal.stop * self.rate
        return silence(Signal(rows, start, stop))

    def _upsampled(self, rows: Tensor) -> Tensor:
        """Return the rows [B, t, C_out] whose inputs are all in [B, T, C_in]; both end together."""
        batch, _, inputs = rows.shape
        reach = -(-self.kernel // self.rate)
        if self.fast is None or self.fast.dtype != rows.dtype or self.fast.device != rows.device:
            padded = F.pad(self.weight.detach(), (0, reach * self.rate - self.kernel))
            split = padded.view(inputs, -1, reach, self.rate).permute(2, 0, 3, 1)
            self.fast = split.reshape(reach, inputs, -1).to(rows)
        rows = F.pad(rows, (0, 0, reach - 1, 0)) if self.kernel % self.rate else rows
        outputs = rows.shape[1] - reach + 1
        y = rows.new_empty(batch, outputs, self.fast.shape[2])
        for sound, result in zip(rows, y, strict=True):
            torch.mm(sound[reach - 1 :], self.fast[0], out=result)
            for back in range(1, reach):
                result.addmm_(sound[reach - 1 - back : reach - 1 - back + outputs], self.fast[back])
        return y.view(batch, outputs * self.rate, -1).add_(self.bias)


class _Filter(nn.Module):
    """A `filter` [1, 1, 12] under upstream's key, and the band matrix that applies it to a tile."""

    def __init__(self, make: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.register_buffer("filter", kaiser_sinc(0.25, 0.3, TAPS).to(torch.get_default_device(), copy=True))
        self._make = make
        self._matrix: Tensor | None = None

    def matrix(self, like: Tensor) -> Tensor:
        """Return the band matrix [rows out, rows in], with device and precision of `like`."""
        if self._matrix is None or self._matrix.dtype != like.dtype or self._matrix.device != like.device:
            self._matrix = self._make(self.get_buffer("filter").flatten()).to(like)
        return self._matrix

    def forget(self) -> None:
        """Forget what was derived from the filter."""
        self._matrix = None


class _Downsampling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lowpass = _Filter(downsampling_matrix)


class Snake(nn.Module):
    """The activation x + sin^2(a x) / (b + 1e-9) with a and b [C] (arXiv 2006.08195).

    Without `beta` b is a; with `log_scale` logarithms are stored.
    """

    def __init__(self, channels: int, beta: bool, log_scale: bool) -> None:
        super().__init__()
        start = torch.zeros(channels) if log_scale else torch.ones(channels)
        self.alpha = nn.Parameter(start.clone())
        if beta:
            self.beta = nn.Parameter(start.clone())
        self.log_scale = log_scale

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Return a [C] and 1 / (b + 1e-9) [C]."""
        a: Tensor = self.alpha
        b: Tensor = getattr(self, "beta", self.alpha)
        if self.log_scale:
            a, b = a.exp(), b.exp()
        return a, 1.0 / (b + 1e-9)


class AntiAliased(nn.Module):
    """Anti-aliased snake: upsample by 2, snake, low-pass, downsample by 2. BigVGAN, section 3.2.

    Both filters are products of a small band matrix with tiles of rows, in polyphase form. Of the
    upsampled signal only the rows exist that the output needs, for as many rows at a time as fit
    the processor's cache.
    """

    delay = ACTIVATION_DELAY
    block_elements = 1 << 17  # of rows at a time

    def __init__(self, channels: int, config: BigVGANConfig) -> None:
        super().__init__()
        self.act = Snake(channels, config.activation == "snakebeta", config.log_scale)
        self.upsample = _Filter(upsampling_matrix)
        self.downsample = _Downsampling()

    def run(self, signal: Signal, feed: Feed) -> Signal:
        """Apply the activation; a stream comes `delay` rows late."""
        joined = feed.join(signal, self.delay, self.delay)
        count = joined.rows.shape[1] - 2 * self.delay
        rows = joined.rows
        hold(rows, joined.first, joined.stop)
        spare = -count % TILE
        if spare:
            rows = F.pad(rows, (0, 0, 0, spare))
        y = rows.new_empty(rows.shape[0], count + spare, rows.shape[2])
        for sound, result in zip(rows, y, strict=True):
            self._fill(result, sound, joined.first, joined.stop)
        return silence(joined.with_rows(y[:, :count], joined.first + self.delay))

    def _fill(self, y: Tensor, rows: Tensor, first: int, stop: int | None) -> None:
        """Compute y [n, C] from rows [n + 10, C] from time `first` on; n is a multiple of TILE."""
        up, down = self.upsample.matrix(rows), self.downsample.lowpass.matrix(rows)
        channels = rows.shape[1]
        size = min(len(y), max(TILE, self.block_elements // channels // TILE * TILE))
        # v: upsampled rows, the first 10 of them those of the last block; s: scratch
        v, s = rows.new_empty(2, 2 * size + 10, channels)
        torch.mm(up[:10, :10], rows[:10], out=v[:10])
        self._snake(v[:10], s[:10])
        for start in range(0, len(y), size):
            n = min(size, len(y) - start)
            new, tiles = v[10 : 10 + 2 * n], n // TILE
            inputs = rows[start + 5 : start + n + 10].unfold(0, TILE + 5, TILE).transpose(1, 2)
            torch.bmm(up.expand(tiles, -1, -1), inputs, out=new.view(tiles, 2 * TILE, channels))
            self._snake(new, s[: 2 * n])
            hold(v[None, : 10 + 2 * n], 2 * (first + start) + 5, None if stop is None else 2 * stop)
            outputs = v[: 10 + 2 * n].unfold(0, 2 * TILE + 10, 2 * TILE).transpose(1, 2)
            torch.bmm(down.expand(tiles, -1, -1), outputs, out=y[start : start + n].view(tiles, TILE, channels))
            v[:10] = v[2 * n : 2 * n + 10].clone()

    def _snake(self, v: Tensor, scratch: Tensor) -> None:
        """Apply the snake to v [n, C] in place."""
        a, b = self.act.coefficients()
        torch.mul(v, a.to(v.dtype), out=scratch)
        scratch.sin_()
        v.addcmul_(scratch.mul_(scratch), b.to(v.dtype))


def upsampling_matrix(taps: Tensor) -> Tensor:
    """Return the matrix [2 TILE, TILE + 5] that upsamples TILE + 5 rows by the filter taps [12].

    Row 2 i + e is sum_j 2 taps[2 j + e] x[i + 5 - j]: the zeros that upsampling inserts are not
    multiplied.
    """
    matrix = torch.zeros(2 * TILE, TILE + 5, dtype=torch.float64, device=taps.device)
    for i in range(TILE):
        for e in (0, 1):
            matrix[2 * i + e, i : i + 6] = 2.0 * taps[e::2].flip(0).double()
    return matrix


def downsampling_matrix(taps: Tensor) -> Tensor:
    """Return the matrix [TILE, 2 TILE + 10] of y[i] = sum_k taps[k] v[2 i + k], for taps [12]."""
    matrix = torch.zeros(TILE, 2 * TILE + 10, dtype=torch.float64, device=taps.device)
    for i in range(TILE):
        matrix[i, 2 * i : 2 * i + TAPS] = taps.double()
    return matrix


class AmpBlock(nn.Module):
    """Anti-aliased multi-periodicity residual block.

    If it is `paired`, each dilated convolution is followed by one without dilation.
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], config: BigVGANConfig) -> None:
        super().__init__()
        self.paired = config.resblock == 1
        first = nn.ModuleList(Convolution(channels, channels, kernel, d) for d in dilations)
        if self.paired:
            self.convs1 = first
            self.convs2 = nn.ModuleList(Convolution(channels, channels, kernel) for _ in dilations)
        else:
            self.convs = first
        count = len(dilations) * (2 if self.paired else 1)
        self.activations = nn.ModuleList(AntiAliased(channels, config) for _ in range(count))

    def run(self, signal: Signal, feed: Feed) -> Signal:
        """Add the block's convolutions to a signal; a stream comes late by all their delays."""
        convolutions: list[Any] = list(self.convs1 if self.paired else self.convs)
        if self.paired:
            convolutions = [layer for pair in zip(self.convs1, self.convs2, strict=True) for layer in pair]
        layers: list[Any] = [layer for pair in zip(self.activations, convolutions, strict=True) for layer in pair]
        per_dilation = 4 if self.paired else 2
        for index in range(0, len(layers), per_dilation):
            y = signal
            for layer in layers[index : index + per_dilation]:
                y = layer.run(y, feed)
            y.rows.add_(feed.delayed(signal, y.first).rows)
            signal = y
        return signal


@functools.cache  # a network has over 200 of the same, which take 5 ms each on the meta device
def kaiser_sinc(cutoff: float, half_width: float, taps: int) -> Tensor:
    """Return a low-pass filter [1, 1, taps] of unit sum: a sinc in a Kaiser window.

    The window's beta follows from the transition's width. Cutoff and half width are shares of the
    sample rate.
    """
    attenuation = 2.285 * (taps // 2 - 1) * math.pi * 4 * half_width + 7.95
    if attenuation > 50.0:
        beta = 0.1102 * (attenuation - 8.7)
    else:
        beta = 0.5842 * max(attenuation - 21.0, 0.0) ** 0.4 + 0.07886 * max(attenuation - 21.0, 0.0)
    window = torch.kaiser_window(taps, beta=beta, periodic=False, device="cpu")
    time = torch.arange(-(taps // 2), taps // 2, device="cpu") + 0.5
    values = 2 * cutoff * window * torch.sinc(2 * cutoff * time)
    return (values / values.sum()).view(1, 1, taps)
