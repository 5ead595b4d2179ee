"""The latent model: causal temporal convolutions over mel frames, a latent per `reduction` frames.

The decoder runs at the mel rate on upsampled latents, so a control takes effect at the next hop.
Outside the model, latents are in sigma units: zero mean and unit standard deviation over the
corpus. `latent_mean` and `latent_std`, measured on the corpus after training, convert between these
and the bottleneck's own units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.layers.conv import ConvState, StreamingConv1d
from distill_engine.layers.convnext import ChannelNorm, ConvNeXtBlock
from distill_engine.models.bottleneck import BOTTLENECKS, BottleneckResult
from distill_engine.models.model_config import ModelConfig


@dataclass
class StackState:
    """State of a Stack: of its embedding convolution, and of its blocks in order."""

    embed: ConvState
    blocks: tuple[ConvState, ...]


class Stack(nn.Module):
    """Embedding convolution and ConvNeXt blocks: [B, C_in, T] -> [B, C, T], causal, delay 0."""

    delay = 0
    stride = 1

    def __init__(self, inputs: int, channels: int, blocks: int, expansion: int, kernel: int) -> None:
        super().__init__()
        self.embed = StreamingConv1d(inputs, channels, kernel)
        self.norm = ChannelNorm(channels)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(channels, expansion * channels, kernel=kernel, scale=1.0 / blocks) for _ in range(blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.embed(x))
        for block in self.blocks:
            x = block(x)
        return x

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> StackState:
        blocks = tuple(block.initial_state(batch, device, dtype) for block in self.blocks)  # type: ignore[operator]
        return StackState(self.embed.initial_state(batch, device, dtype), blocks)

    def step(self, x: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        x, embed = self.embed.step(x, state.embed)
        x, blocks = self.norm(x), []
        for block, old in zip(self.blocks, state.blocks, strict=True):
            x, new = block.step(x, old)  # type: ignore[operator]
            blocks.append(new)
        return x, StackState(embed, tuple(blocks))


@dataclass
class EncoderState:
    """State of an Encoder: `fine` at the mel rate, `coarse` at the latent rate."""

    fine: StackState
    coarse: StackState


class Encoder(nn.Module):
    """Normalised mel [B, bands, T] -> bottleneck features [B, F, T / reduction], causal.

    T is a multiple of `reduction`, in a stream too.
    """

    def __init__(self, config: ModelConfig, features: int) -> None:
        super().__init__()
        c, width = config, config.encoder_channels
        fine_blocks = max(1, c.encoder_blocks // 2)
        self.reduction = c.reduction
        self.fine = Stack(c.bands, width, fine_blocks, c.expansion, c.kernel)
        self.down = nn.Conv1d(width, width, c.reduction, c.reduction)
        self.coarse = Stack(width, width, max(1, c.encoder_blocks - fine_blocks), c.expansion, 3)
        self.head = nn.Conv1d(width, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.head(self.coarse(self.down(self.fine(x))))
        return features

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> EncoderState:
        return EncoderState(
            self.fine.initial_state(batch, device, dtype), self.coarse.initial_state(batch, device, dtype)
        )

    def step(self, x: Tensor, state: EncoderState) -> tuple[Tensor, EncoderState]:
        """Compute bottleneck features [B, F, k] of normalised mel [B, bands, k * reduction]."""
        y, fine = self.fine.step(x, state.fine)
        y, coarse = self.coarse.step(self.down(y), state.coarse)
        return self.head(y), EncoderState(fine, coarse)


class LatentModel(nn.Module):
    """Encoder, bottleneck and decoder with the statistics that normalise mel and latents.

    Whole signals: `encode` and `decode`. Block by block: `encoder_step` and `decoder_step`, with
    the same result and delay 0. Mel is natural log-magnitude; latents are in sigma units except in
    `decode_raw` and in what `forward` returns.
    """

    mel_mean: Tensor
    mel_std: Tensor
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or ModelConfig()
        self.bottleneck = BOTTLENECKS[c.family](c.latent_dim)
        self.encoder = Encoder(c, self.bottleneck.features)
        self.decoder = Stack(c.latent_dim, c.decoder_channels, c.decoder_blocks, c.expansion, c.kernel)
        self.output_norm = ChannelNorm(c.decoder_channels)
        self.output = nn.Conv1d(c.decoder_channels, c.bands, 1)
        self.register_buffer("mel_mean", torch.zeros(c.bands, 1))
        self.register_buffer("mel_std", torch.ones(1, 1))
        self.register_buffer("latent_mean", torch.zeros(c.latent_dim, 1))
        self.register_buffer("latent_std", torch.ones(c.latent_dim, 1))

    def features(self, mel: Tensor) -> Tensor:
        """Return the bottleneck features [B, F, ceil(T / reduction)] of mel [B, bands, T].

        If T is no multiple of `reduction`, the last frame is repeated up to the next one.
        """
        missing = -mel.shape[-1] % self.config.reduction
        x = F.pad(mel, (0, missing), mode="replicate") if missing else mel
        features: Tensor = self.encoder((x - self.mel_mean) / self.mel_std)
        return features

    def encode(self, mel: Tensor) -> Tensor:
        """Return the latents [B, D, ceil(T / reduction)] in sigma units of mel [B, bands, T]."""
        return (self.bottleneck.mean(self.features(mel)) - self.latent_mean) / self.latent_std

    def decode_raw(self, latents: Tensor) -> Tensor:
        """Return the mel [B, bands, T] of latents [B, D, T] at the mel rate.

        The latents are in the bottleneck's own units, as in training.
        """
        mel: Tensor = self.output(self.output_norm(self.decoder(latents))) * self.mel_std + self.mel_mean
        return mel

    def decode(self, latents: Tensor) -> Tensor:
        """Return the mel [B, bands, T] of latents [B, D, T] at the mel rate, in sigma units."""
        return self.decode_raw(latents * self.latent_std + self.latent_mean)

    def forward(self, mel: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        """Sample the bottleneck for training from mel [B, bands, T].

        `decode_raw(upsample(...))` decodes the resulting latents [B, D, ceil(T / reduction)].
        """
        result: BottleneckResult = self.bottleneck(self.features(mel), generator)
        return result

    def decoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> StackState:
        """Return the decoder's state before the first frame, for `batch` streams."""
        return self.decoder.initial_state(batch, device, dtype)

    def decoder_step(self, latents: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """Compute the mel [B, bands, n] of latents [B, D, n] at the mel rate, and the next state.

        The latents are in sigma units.
        """
        x, state = self.decoder.step(latents * self.latent_std + self.latent_mean, state)
        return self.output(self.output_norm(x)) * self.mel_std + self.mel_mean, state

    def encoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> EncoderState:
        """Return the encoder's state before the first frame, for `batch` streams."""
        return self.encoder.initial_state(batch, device, dtype)

    def encoder_step(self, mel: Tensor, state: EncoderState) -> tuple[Tensor, EncoderState]:
        """Compute latents [B, D, k] of mel [B, bands, k * reduction], and the next state.

        The latents are in sigma units.
        """
        features, state = self.encoder.step((mel - self.mel_mean) / self.mel_std, state)
        return (self.bottleneck.mean(features) - self.latent_mean) / self.latent_std, state


def upsample(latents: Tensor, reduction: int, *, linear: bool) -> Tensor:
    """Upsample latents [B, D, L] to the mel rate [B, D, L * reduction].

    `linear` interpolates between the centres of the latents' frames, as `upsample_latents` does;
    otherwise each latent is held.
    """
    if not linear:
        return latents.repeat_interleave(reduction, dim=-1)
    return F.interpolate(latents, scale_factor=reduction, mode="linear", align_corners=False)
