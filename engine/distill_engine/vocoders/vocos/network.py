"""The `vocos` network: causal ConvNeXt blocks over mel frames and an inverse STFT.

After arXiv 2306.00814, with another head. The paper's head predicts magnitudes and phases. Ours
predicts:

- a correction of the magnitudes that the mel implies (see `mel_magnitudes`). It moves sound
  within 64 mel bands, but hardly from band to band, so the level follows the input also for
  sounds unlike the training data.
- a correction of the phase advances that the mel implies, and their concentration. The phases
  themselves continue the audio so far (see `phase_continuation`).

All of these are predicted at spectral points whose spacing grows with frequency, and interpolated:
random differences between single bins would colour noise like a comb filter. Three things do not
depend on the network: the frequency of an isolated partial, the time of an onset (see
`onset_detection`), and the mel feedback on the result (see `mel_feedback`).
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
from distill_engine.vocoders.vocos.continuation_state import ContinuationState
from distill_engine.vocoders.vocos.mel_feedback import MelFeedback
from distill_engine.vocoders.vocos.mel_magnitudes import MAXIMUM_LOG_MAGNITUDE, MelMagnitudes
from distill_engine.vocoders.vocos.onset_detection import OnsetDetector, Onsets
from distill_engine.vocoders.vocos.part_tables import NO_FRAME, PAST_FRAMES
from distill_engine.vocoders.vocos.phase_continuation import SILENCE, PhaseContinuation
from distill_engine.vocoders.vocos.phase_prediction import prediction_loss, spread_of

LEVEL_TOLERANCE = 0.3  # nats: about the difference of a band's sum between a partial and noise of the same mel
ISOLATED_BONUS = 4.0  # added to the log of the concentration where a partial is isolated
LOG_CONCENTRATION = (-4.0, 7.0)  # range of its log: from noise to a steady partial
MEL_CENTRE, MEL_SCALE = -5.0, 3.0  # nats: about the mean and standard deviation of log-mels of music


@dataclass
class VocosState:
    """State of a Vocos.

    Attributes:
        embed: of the embedding convolution.
        blocks: of the ConvNeXt blocks, in order.
        past: the last mel frames [B, bands, PAST_FRAMES]; NO_FRAME before the first.
        sound: of the synthesis.
    """

    embed: ConvState
    blocks: tuple[ConvState, ...]
    past: Tensor
    sound: ContinuationState


class Vocos(WithConstants):
    """Log-mel [B, bands, T] -> samples [B, 1, T * hop], full scale +-1.

    The stream is `delay` samples late: a window's rise and half the step between spectra.
    """

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
        feedback = MelFeedback(c.bands, c.n_fft, hop, c.rise)
        self.synthesis = PhaseContinuation(c.n_fft, hop, feedback, c.rise, c.oscillators)
        self.add_constants(between=constant_name("between", self.synthesis.bins))
        self.spectra = nn.Linear(c.channels, (c.frames_per_hop + 2) * len(self.between))
        self.delay = self.synthesis.delay
        self._predicted: tuple[Tensor, Tensor, Tensor] | None = None
        self.reading = MelMagnitudes(c.bands, c.n_fft, self.synthesis.hop)
        self.onsets = OnsetDetector(c.bands, c.n_fft, self.synthesis.hop)
        self.apply(_initialise)
        nn.init.zeros_(self.spectra.weight)  # an untrained network plays what the mel implies

    def _predict(self, x: Tensor, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return magnitude, advance and spread [B, T * frames_per_hop, bins].

        From features [B, C, T] and mel [B, bands, T]; the three are as PhaseContinuation takes
        them.
        """
        count = self.config.frames_per_hop
        y = self.spectra(self.head_norm(x).transpose(1, 2)).unflatten(2, (count + 2, len(self.between))) @ self.between
        correction, advance, concentration = y[:, :, :count], y[:, :, count], y[:, :, count + 1]
        implied, mel_advance, isolation = self.reading(mel)
        implied = implied.unsqueeze(2)  # [B, T, 1, bins]
        log = implied + correction
        advance = mel_advance + advance * (1 - isolation)
        concentration = torch.exp((concentration + ISOLATED_BONUS * isolation).clamp(*LOG_CONCENTRATION))
        if self.training:
            each = advance.repeat_interleave(count, 1), concentration.repeat_interleave(count, 1)
            self._predicted = (log.flatten(1, 2).clamp_min(math.log(SILENCE)), *each)
        else:  # in training, corrections would come to rely on this limit: 0.34 instead of 0.31 nat after 30 minutes
            log = self._level_limited(log, implied)
        magnitude = torch.exp(log.clamp_max(MAXIMUM_LOG_MAGNITUDE)).flatten(1, 2)
        advance, spread = (v.repeat_interleave(count, 1) for v in (advance, spread_of(concentration)))
        return magnitude, advance, spread

    def _targets_and_onsets(self, mel: Tensor, past: Tensor) -> tuple[Tensor, Onsets]:
        """Return the feedback's targets [B, T * frames_per_hop, bands] and the onsets.

        From mel [B, bands, T] and the frames before it [B, bands, PAST_FRAMES]. A target is the
        log-mel of the spectrum before each spectrum. A mel frame is centred between its spectra; a
        spectrum's log-mel is half that of its own frame and a quarter of those of its two
        neighbours' frames.
        """
        mel, past = (x.clamp_max(MAXIMUM_LOG_MAGNITUDE) for x in (mel, past))
        count = self.config.frames_per_hop
        frames = torch.cat([past, mel], -1).transpose(1, 2).repeat_interleave(count, dim=1)
        frames = frames[:, PAST_FRAMES * count - 2 :]
        target = 0.25 * frames[:, :-2] + 0.5 * frames[:, 1:-1] + 0.25 * frames[:, 2:]
        return target, self.onsets(mel, past, self.reading.interpolated)

    def _level_limited(self, log: Tensor, implied: Tensor) -> Tensor:
        """Return log-magnitudes [..., bins] whose band sums stay near the implied ones.

        They differ from those of `implied` [..., bins] by about LEVEL_TOLERANCE at most.
        """
        change = self.reading.level(log) - self.reading.level(implied)
        return self.reading.shifted(log, LEVEL_TOLERANCE * torch.tanh(change / LEVEL_TOLERANCE) - change)

    def own_loss(self, samples: Tensor) -> Tensor:
        """Return the loss (scalar) of the last batch's predictions against its sound [B, T * hop].

        See `prediction_loss`. Raises RuntimeError unless called once after each forward pass in
        training mode.
        """
        if self._predicted is None:
            raise RuntimeError("own_loss follows a forward pass in training mode")
        predicted, self._predicted = self._predicted, None
        return prediction_loss(samples, *predicted, self.synthesis.hop)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.embed_norm(self.embed((mel - MEL_CENTRE) / MEL_SCALE))
        for block in self.blocks:
            x = block(x)
        with torch.autocast(mel.device.type, enabled=False):  # window sums and exponentials need float32
            mel = mel.float()
            past = mel[..., :1].repeat(1, 1, PAST_FRAMES)
            samples: Tensor = self.synthesis(*self._predict(x.float(), mel), *self._targets_and_onsets(mel, past))
        return samples.unsqueeze(1)

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> VocosState:
        return VocosState(
            self.embed.initial_state(batch, device, dtype),
            tuple(block.initial_state(batch, device, dtype) for block in self.blocks),  # type: ignore[operator]
            torch.full((batch, self.config.bands, PAST_FRAMES), NO_FRAME, device=device, dtype=dtype),
            self.synthesis.initial_state(batch, device, dtype),
        )

    def step(self, mel: Tensor, state: VocosState) -> tuple[Tensor, VocosState]:
        """Synthesise samples [B, 1, n * hop], `delay` late, from mel [B, bands, n]."""
        x, embed = self.embed.step((mel - MEL_CENTRE) / MEL_SCALE, state.embed)
        x = self.embed_norm(x)
        states = []
        for block, old in zip(self.blocks, state.blocks, strict=True):
            x, new = block.step(x, old)  # type: ignore[operator]
            states.append(new)
        past = torch.where(state.past == NO_FRAME, mel[..., :1], state.past)
        samples, sound = self.synthesis.step(*self._predict(x, mel), state.sound, *self._targets_and_onsets(mel, past))
        samples, past = samples.unsqueeze(1), torch.cat([past, mel], -1)[..., -PAST_FRAMES:]
        return samples, VocosState(embed, tuple(states), past, sound)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
