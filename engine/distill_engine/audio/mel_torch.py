"""The mel spectrogram of `audio.mel` as a differentiable torch module, for losses and features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill_engine.audio.mel import hann_window, mel_filterbank
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig


class MelSpectrogram(nn.Module):
    """Log-mel [B, bands, T // hop] of samples [B, T] (full scale +-1), with gradient."""

    bank: Tensor
    window: Tensor

    def __init__(self, config: MelConfig = DEFAULT_MEL) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("bank", torch.tensor(mel_filterbank(config)), persistent=False)
        self.register_buffer("window", torch.tensor(hann_window(config.window)), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        c = self.config
        padded = F.pad(samples.unsqueeze(1), (c.padding, c.padding), mode="reflect").squeeze(1)
        spectrum = torch.stft(
            padded, c.n_fft, c.hop, c.window, self.window, center=False, onesided=True, return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square() + 1e-9
        mel = torch.matmul(self.bank, power.sqrt() if c.power == 1 else power)
        return torch.log1p(mel) if c.compression == "log1p" else torch.log(mel.clamp_min(c.floor))
