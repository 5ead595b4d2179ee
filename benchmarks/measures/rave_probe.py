"""A decoder of the causal shape of RAVE v2 with random weights, streamed, and its blocks' times.

    python -m measures.rave_probe [--threads N] [--seconds S]

RAVE: Caillon and Esling, RAVE: A variational autoencoder for fast and high-quality neural audio
synthesis, arXiv 2111.05011 (2021). The figures are those of the decoder (`GeneratorV2`) in the
configurations `v2` and `causal` of github.com/acids-ircam/RAVE: capacity 96, 128 latents,
ratios 4, 4, 4, 2, dilations 1, 3, 9 (1, 3 at the lowest rate), kernels of 3, no biases, amplitude
modulation, 16 bands at 44.1 kHz; no noise, and no weight norm, which its export folds away. What is
here was written for this measurement and plays no model of RAVE's: weights are random, and the
prototype of the bank has the length of RAVE's (512 samples for 100 dB), not its fitted cut-off.

Each part keeps the end of what it has read, so that block after block gives the samples of the
whole, as the exports do that nn~ plays.
"""

# Without `from __future__ import annotations`: TorchScript reads the annotations of classes as they are.

import argparse
import json
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import firwin, kaiser_beta
from torch import Tensor, nn

RATE = 44_100  # Hz
SLOPE = 0.2  # of the leaky rectifiers, below 0
ATTENUATION_DB = 100.0  # of the bank's prototype
WARM_UP = 40  # blocks before those that are timed: TorchScript compiles in the first ones


@dataclass(frozen=True)
class RaveShape:
    """Sizes of the decoder; `ratios` and `dilations` [stages] in its order, the lowest rate first.

    `taps` is the length of the bank's prototype in samples.
    """

    latents: int = 128
    capacity: int = 96
    bands: int = 16
    ratios: tuple[int, ...] = (2, 4, 4, 4)
    dilations: tuple[tuple[int, ...], ...] = ((1, 3), (1, 3, 9), (1, 3, 9), (1, 3, 9))
    kernel: int = 3
    last_kernel: int = 7
    taps: int = 512

    @property
    def block(self) -> int:
        """The samples of one frame of latents, the smallest block."""
        return math.prod(self.ratios) * self.bands


class StreamedConv(nn.Module):
    """A causal convolution that keeps the end of what it has read."""

    kept: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, bias=False)
        self.reach = (kernel - 1) * dilation
        self.register_buffer("kept", torch.zeros(1, inputs, self.reach))

    def forward(self, x: Tensor) -> Tensor:
        """Return [1, outputs, n] for the next x [1, inputs, n]."""
        line = torch.cat([self.kept, x], 2)
        self.kept.copy_(line[:, :, line.shape[2] - self.reach :])
        y: Tensor = self.conv(line)
        return y


class StreamedUpsampling(nn.Module):
    """A transposed convolution that keeps what reaches into the next block."""

    kept: Tensor

    def __init__(self, inputs: int, outputs: int, ratio: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inputs, outputs, 2 * ratio, stride=ratio, bias=False)
        self.ratio = ratio
        self.register_buffer("kept", torch.zeros(1, outputs, ratio))

    def forward(self, x: Tensor) -> Tensor:
        """Return [1, outputs, ratio * n] for the next x [1, inputs, n]."""
        y: Tensor = self.conv(x)
        y[:, :, : self.ratio] += self.kept
        self.kept.copy_(y[:, :, y.shape[2] - self.ratio :])
        return y[:, :, : y.shape[2] - self.ratio]


class DilatedUnit(nn.Module):
    """Two convolutions beside the sound itself, the first one dilated."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.wide = StreamedConv(channels, channels, kernel, dilation)
        self.point = nn.Conv1d(channels, channels, 1, bias=False)
        self.rectify = nn.LeakyReLU(SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Return [1, channels, n] for the next x [1, channels, n]."""
        y: Tensor = x + self.point(self.rectify(self.wide(self.rectify(x))))
        return y


class SynthesisBank(nn.Module):
    """A pseudo quadrature mirror bank (PQMF): the sound of its bands, one filter for each phase."""

    def __init__(self, bands: int, taps: int) -> None:
        super().__init__()
        self.bands = bands
        self.phases = StreamedConv(bands, bands, taps // bands)
        # Sample m of a frame is the sum over bands and frames back of filter[band, back * bands + m].
        weights = bands * filters(bands, taps).reshape(bands, taps // bands, bands)
        newest_last = np.ascontiguousarray(weights.transpose(2, 0, 1)[:, :, ::-1])
        self.phases.conv.weight.data = torch.from_numpy(newest_last).float()

    def forward(self, x: Tensor) -> Tensor:
        """Return samples [1, 1, n * bands] for the next x [1, bands, n]."""
        y: Tensor = self.phases(x)
        return y.permute(0, 2, 1).reshape(1, 1, y.shape[2] * self.bands)


class RaveDecoder(nn.Module):
    """Latents in, sound out: convolution, four stages that double their rate or more, the bank."""

    def __init__(self, shape: RaveShape | None = None) -> None:
        super().__init__()
        shape = shape or RaveShape()
        channels = shape.capacity * 2 ** len(shape.ratios)
        layers: list[nn.Module] = [StreamedConv(shape.latents, channels, shape.kernel)]
        for ratio, dilations in zip(shape.ratios, shape.dilations, strict=True):
            layers += [nn.LeakyReLU(SLOPE), StreamedUpsampling(channels, channels // 2, ratio)]
            channels //= 2
            layers += [DilatedUnit(channels, shape.kernel, dilation) for dilation in dilations]
        layers += [nn.LeakyReLU(SLOPE), StreamedConv(channels, 2 * shape.bands, shape.last_kernel)]
        self.network = nn.Sequential(*layers)
        self.bank = SynthesisBank(shape.bands, shape.taps)

    def forward(self, latents: Tensor) -> Tensor:
        """Return samples [1, 1, n * block] for the next latents [1, latents, n]."""
        wave, level = self.network(latents).chunk(2, 1)
        y: Tensor = self.bank(torch.tanh(wave * torch.sigmoid(level)))
        return y


def filters(bands: int, taps: int) -> np.ndarray:
    """Return the filters [bands, taps] of a cosine-modulated bank."""
    prototype = firwin(taps, 1 / (2 * bands), window=("kaiser", kaiser_beta(ATTENUATION_DB)))
    band = np.arange(bands)[:, None]
    middle = np.arange(taps) - (taps - 1) / 2
    phase = np.where(band % 2, 1.0, -1.0) * np.pi / 4
    modulated: np.ndarray = 2 * prototype * np.cos((2 * band + 1) * np.pi / (2 * bands) * middle + phase)
    return modulated


def block_times(decoder: nn.Module, shape: RaveShape, seconds: float) -> list[float]:
    """Return the times in seconds of single blocks of one frame of latents, after a warm-up."""
    frames = torch.randn(64, 1, shape.latents, 1, generator=torch.Generator().manual_seed(1))
    times: list[float] = []
    with torch.inference_mode():
        for number in range(WARM_UP):
            decoder(frames[number % len(frames)])
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            decoder(frames[len(times) % len(frames)])
            times.append(time.perf_counter() - began)
    return times


def main() -> None:
    """Time the blocks and print p50, p99 and maximum in ms, and their share of the sound's time."""
    parser = argparse.ArgumentParser(description="time blocks of a decoder of the shape of RAVE v2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    shape = RaveShape()
    decoder = RaveDecoder(shape).eval()
    times = block_times(torch.jit.script(decoder), shape, options.seconds)
    p50, p99 = np.percentile(times, (50, 99)) * 1e3
    found = {"p50_ms": p50, "p99_ms": p99, "max_ms": max(times) * 1e3, "factor": p50 * RATE / shape.block / 1e3}
    found |= {"blocks": len(times), "parameters": sum(one.numel() for one in decoder.network.parameters())}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
