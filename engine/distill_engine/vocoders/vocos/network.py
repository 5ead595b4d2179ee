"""The `vocos` kind: causal ConvNeXt blocks over mel frames and an inverse STFT (after arXiv 2306.00814).

Unlike the paper's head, which predicts magnitudes from nothing, ours predicts a correction to the magnitudes that the mel itself
implies (see `vocoders.reading`): from the first step the spectrum is about right. The correction moves sound within 64 mel bands, but
hardly from band to band: the level follows the input's, also for sounds that no training has shown it. Nor does it predict phases: it
corrects how far the mel implies that they advance, predicts how surely they do, and the sound so far gives the rest (see
`layers.continuation`). All of that is said at points ever further apart and interpolated: what a network says of each bin by chance
colours noise like a comb. Where the mel shows a lone partial its frequency is what it is; what sets in does so when the mel says (see
`layers.onsets`). What the mel of the sound lacks in the end is added by ear (see `layers.feedback`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from distill_engine.layers.conv import ConvState, StreamingConv1d
from distill_engine.layers.convnext import ChannelNorm, ConvNeXtBlock
from distill_engine.vocoders.configs import VocosConfig
from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name
from distill_engine.vocoders.vocos.mel_feedback import MelFeedback
from distill_engine.vocoders.vocos.mel_magnitudes import MAXIMUM_LOG_MAGNITUDE, MelMagnitudes
from distill_engine.vocoders.vocos.onset_detection import PAST, OnsetReading, Onsets
from distill_engine.vocoders.vocos.phase_continuation import SILENCE, ContinuationState, PhaseContinuation
from distill_engine.vocoders.vocos.phase_prediction import prediction_loss, spread_of

LEEWAY = 0.3  # nats, about what a band's sum differs by between a partial and noise of the same mel
SURER = 4.0  # by which the logarithm of the concentration is higher where a partial is alone
CONCENTRATION = (-4.0, 7.0)  # logarithms: from noise to a steady partial
MEL_CENTRE, MEL_SCALE = -5.0, 3.0  # about the mean and spread of log-mels of music
NOTHING_YET = 1e3  # for a mel, before the first


@dataclass
class VocosState:
    embed: ConvState
    blocks: tuple[ConvState, ...]
    past: Tensor
    sound: ContinuationState


class Vocos(WithConstants):
    """Log-mel [B, bands, T] -> samples [B, 1, T * hop]. The stream is `delay` samples late (half a window and half the way to the next)."""

    between: Tensor

    def __init__(self, config: VocosConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or VocosConfig()
        self.hop = self.stride = c.hop
        self.embed = StreamingConv1d(c.bands, c.channels, c.kernel)
        self.embed_norm = ChannelNorm(c.channels)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c.channels, c.hidden, kernel=c.kernel, scale=1.0 / c.blocks) for _ in range(c.blocks)
        )
        self.head_norm = ChannelNorm(c.channels)
        hop = c.hop // c.frames_per_hop
        self.synthesis = PhaseContinuation(c.n_fft, hop, MelFeedback(c.bands, c.n_fft, hop))
        self.hold(between=constant_name("between", self.synthesis.bins))
        self.spectra = nn.Linear(c.channels, (c.frames_per_hop + 2) * len(self.between))
        self.delay = self.synthesis.delay
        self._predicted: tuple[Tensor, Tensor, Tensor] | None = None
        self.reading = MelMagnitudes(c.bands, c.n_fft, self.synthesis.hop)
        self.onsets = OnsetReading(c.bands, c.n_fft, self.synthesis.hop)
        self.apply(_initialise)

    def _predict(self, x: Tensor, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features [B, C, T] and mel [B, bands, T] -> magnitude, advance and spread [B, T * frames_per_hop, bins]."""
        each, bins = self.config.frames_per_hop, self.synthesis.bins
        y = self.spectra(self.head_norm(x).transpose(1, 2)).unflatten(2, (each + 2, len(self.between))) @ self.between
        correction, advance, concentration = y[:, :, :each], y[:, :, each], y[:, :, each + 1]
        implied, near, alone = (v.repeat_interleave(each, dim=1) for v in self.reading(mel))
        log = implied + correction.reshape(y.shape[0], -1, bins)
        advance = near + advance.repeat_interleave(each, dim=1) * (1 - alone)
        concentration = concentration.repeat_interleave(each, dim=1) + SURER * alone
        concentration = torch.exp(concentration.clamp(*CONCENTRATION))
        if self.training:
            self._predicted = (log.clamp_min(math.log(SILENCE)), advance, concentration)
        else:  # in training too, corrections would learn to lean on it: 0.34 instead of 0.31 nat after 30 minutes
            log = self._levelled(log, implied)
        magnitude = torch.exp(log.clamp_max(MAXIMUM_LOG_MAGNITUDE))
        return magnitude, advance, spread_of(concentration)

    def _around(self, mel: Tensor, past: Tensor) -> tuple[Tensor, Onsets]:
        """From a mel [B, bands, T] and frames before it: the log-mel [B, T * frames_per_hop, bands] of each spectrum's predecessor,
        and what sets in.

        A frame lies between its spectra: of three of them in a row, the one in the middle takes half of its own frame, and a quarter
        of each neighbour's.
        """
        mel, past = (x.clamp_max(MAXIMUM_LOG_MAGNITUDE) for x in (mel, past))
        each = self.config.frames_per_hop
        spectra = torch.cat([past, mel], -1).transpose(1, 2).repeat_interleave(each, dim=1)[:, PAST * each - 2 :]
        wanted = 0.25 * spectra[:, :-2] + 0.5 * spectra[:, 1:-1] + 0.25 * spectra[:, 2:]
        return wanted, self.onsets(mel, past, self.reading.between())

    def _levelled(self, log: Tensor, implied: Tensor) -> Tensor:
        """Log-magnitudes [..., bins] whose sums in mel bands differ from the implied ones' by LEEWAY at most."""
        apart = self.reading.level(log) - self.reading.level(implied)
        return self.reading.moved(log, LEEWAY * torch.tanh(apart / LEEWAY) - apart)

    def own_loss(self, samples: Tensor) -> Tensor:
        """How wrong the predictions for the last batch were for its sound [B, T * hop]: a scalar, once a forward pass."""
        if self._predicted is None:
            raise RuntimeError("own_loss follows a forward pass in training mode")
        predicted, self._predicted = self._predicted, None
        return prediction_loss(samples, *predicted, self.synthesis.hop)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.embed_norm(self.embed((mel - MEL_CENTRE) / MEL_SCALE))
        for block in self.blocks:
            x = block(x)
        with torch.autocast(mel.device.type, enabled=False):  # sums over a window, and exponents, need all of float32
            mel = mel.float()
            around = self._around(mel, mel[..., :1].repeat(1, 1, PAST))
            samples: Tensor = self.synthesis(*self._predict(x.float(), mel), *around)
        return samples.unsqueeze(1)

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> VocosState:
        return VocosState(
            self.embed.initial_state(batch, device, dtype),
            tuple(block.initial_state(batch, device, dtype) for block in self.blocks),  # type: ignore[operator]
            torch.full((batch, self.config.bands, PAST), NOTHING_YET, device=device, dtype=dtype),
            self.synthesis.initial_state(batch, device, dtype),
        )

    def step(self, mel: Tensor, state: VocosState) -> tuple[Tensor, VocosState]:
        """Mel [B, bands, n] -> samples [B, 1, n * hop], `delay` late."""
        x, embed = self.embed.step((mel - MEL_CENTRE) / MEL_SCALE, state.embed)
        x = self.embed_norm(x)
        states = []
        for block, old in zip(self.blocks, state.blocks, strict=True):
            x, new = block.step(x, old)  # type: ignore[operator]
            states.append(new)
        past = torch.where(state.past == NOTHING_YET, mel[..., :1], state.past)
        samples, sound = self.synthesis.step(*self._predict(x, mel), state.sound, *self._around(mel, past))
        return samples.unsqueeze(1), VocosState(embed, tuple(states), torch.cat([past, mel], -1)[..., -PAST:], sound)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
