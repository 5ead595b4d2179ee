"""The latent model: causal temporal convolutions over mel frames, one latent per `reduction` frames.

The decoder runs at the mel rate on upsampled latents, so a control acts at the next hop. Outside the model latents are in sigma units:
`latent_mean` and `latent_std`, measured on the corpus after training, convert inside.
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
    """States of an embedding convolution and of the blocks after it."""

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
    fine: StackState
    coarse: StackState


class Encoder(nn.Module):
    """Normalised mel [B, bands, T] -> bottleneck features [B, F, T / reduction]; T a multiple of `reduction`."""

    def __init__(self, config: ModelConfig, features: int) -> None:
        super().__init__()
        c, width = config, config.encoder_channels
        half = max(1, c.encoder_blocks // 2)
        self.reduction = c.reduction
        self.fine = Stack(c.bands, width, half, c.expansion, c.kernel)
        self.down = nn.Conv1d(width, width, c.reduction, c.reduction)
        self.coarse = Stack(width, width, max(1, c.encoder_blocks - half), c.expansion, 3)
        self.head = nn.Conv1d(width, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.head(self.coarse(self.down(self.fine(x))))
        return features

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> EncoderState:
        return EncoderState(
            self.fine.initial_state(batch, device, dtype), self.coarse.initial_state(batch, device, dtype)
        )

    def step(self, x: Tensor, state: EncoderState) -> tuple[Tensor, EncoderState]:
        y, fine = self.fine.step(x, state.fine)
        y, coarse = self.coarse.step(self.down(y), state.coarse)
        return self.head(y), EncoderState(fine, coarse)


class LatentModel(nn.Module):
    """Encoder, bottleneck and decoder with the statistics that normalise mel and latents.

    `encode`: mel [B, bands, T] -> latents [B, D, ceil(T / reduction)] in sigma units; `decode`: latents at the mel rate [B, D, T] in sigma
    units -> mel [B, bands, T]. `decoder_step` and `encoder_step` do the same block by block (delay 0; the encoder in whole latents).
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
        """Bottleneck features [B, F, ceil(T / reduction)] of mel [B, bands, T]; a last, incomplete region repeats its end."""
        spare = -mel.shape[-1] % self.config.reduction
        x = F.pad(mel, (0, spare), mode="replicate") if spare else mel
        features: Tensor = self.encoder((x - self.mel_mean) / self.mel_std)
        return features

    def encode(self, mel: Tensor) -> Tensor:
        return (self.bottleneck.mean(self.features(mel)) - self.latent_mean) / self.latent_std

    def decode_raw(self, latents: Tensor) -> Tensor:
        """Mel of latents at the mel rate in the bottleneck's own units (training)."""
        mel: Tensor = self.output(self.output_norm(self.decoder(latents))) * self.mel_std + self.mel_mean
        return mel

    def decode(self, latents: Tensor) -> Tensor:
        return self.decode_raw(latents * self.latent_std + self.latent_mean)

    def forward(self, mel: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        """The training reading of the bottleneck; decode it with `decode_raw(upsample(...))`."""
        result: BottleneckResult = self.bottleneck(self.features(mel), generator)
        return result

    def decoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> StackState:
        return self.decoder.initial_state(batch, device, dtype)

    def decoder_step(self, latents: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        x, state = self.decoder.step(latents * self.latent_std + self.latent_mean, state)
        return self.output(self.output_norm(x)) * self.mel_std + self.mel_mean, state

    def encoder_initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> EncoderState:
        return self.encoder.initial_state(batch, device, dtype)

    def encoder_step(self, mel: Tensor, state: EncoderState) -> tuple[Tensor, EncoderState]:
        """Mel [B, bands, k * reduction] -> latents [B, D, k]."""
        features, state = self.encoder.step((mel - self.mel_mean) / self.mel_std, state)
        return (self.bottleneck.mean(features) - self.latent_mean) / self.latent_std, state


def upsample(latents: Tensor, reduction: int, *, linear: bool) -> Tensor:
    """Latents [B, D, L] -> [B, D, L * reduction]: held, or linear between the centres of the regions."""
    if not linear:
        return latents.repeat_interleave(reduction, dim=-1)
    return F.interpolate(latents, scale_factor=reduction, mode="linear", align_corners=False)
