"""Losses of vocoder training, each with its source."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LONG_WINDOW_SAMPLES = 4096
"""Windows from this length on have no convergence term: it would shrink partials of uncertain phase."""

RESOLUTIONS = ((4096, 1024), (2048, 512), (1024, 256), (512, 128), (256, 64))  # window and hop, in samples


class MultiResolutionSTFTLoss(nn.Module):
    """Multi-resolution STFT loss: spectral convergence plus L1 of log-magnitudes.

    It is the mean over resolutions (window, hop) in samples. Source: Parallel WaveGAN, arXiv
    1910.11480, eq. 4 to 6. The convergence term is left out for windows of LONG_WINDOW_SAMPLES.
    """

    def __init__(self, resolutions: tuple[tuple[int, int], ...] = RESOLUTIONS) -> None:
        super().__init__()
        self.resolutions = resolutions
        for n_fft, _ in resolutions:
            self.register_buffer(f"window{n_fft}", torch.hann_window(n_fft), persistent=False)

    def _magnitude(self, x: Tensor, n_fft: int, hop: int) -> Tensor:
        """Return magnitudes [B, n_fft // 2 + 1, frames] of samples [B, T]."""
        window = getattr(self, f"window{n_fft}")
        spectrum = torch.stft(x, n_fft, hop, n_fft, window, center=False, return_complex=True)
        return (spectrum.real.square() + spectrum.imag.square()).clamp_min(1e-9).sqrt()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss [] of predicted samples [B, T] against the target's [B, T]."""
        total = prediction.new_zeros(())
        for n_fft, hop in self.resolutions:
            p, t = self._magnitude(prediction, n_fft, hop), self._magnitude(target, n_fft, hop)
            convergence = (t - p).norm(dim=(1, 2)) / t.norm(dim=(1, 2)).clamp_min(1.0)  # near-silent clips weigh little
            total = total + F.l1_loss(p.log(), t.log())
            if n_fft < LONG_WINDOW_SAMPLES:
                total = total + convergence.mean()
        return total / len(self.resolutions)


def discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Return the discriminators' least-squares loss []: real scores towards 1, fake ones towards 0.

    Each list holds the scores [B, N] of all discriminators; the losses are summed. Source:
    LSGAN, arXiv 1611.04076, eq. 2.
    """
    terms = [(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(terms).sum()


def adversarial_loss(fake: list[Tensor]) -> Tensor:
    """Return the generator's least-squares loss []: fake scores towards 1.

    The list holds the scores [B, N] of each discriminator; the losses are summed.
    """
    return torch.stack([(1 - f).square().mean() for f in fake]).sum()


def feature_matching_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """Return the summed L1 [] between discriminator features of real and fake sounds.

    The lists hold, by discriminator and layer, features [B, C, ...]. Real ones get no gradient.
    Source: HiFi-GAN, arXiv 2010.05646, eq. 3.
    """
    terms = [F.l1_loss(f, r.detach()) for rs, fs in zip(real, fake, strict=True) for r, f in zip(rs, fs, strict=True)]
    return torch.stack(terms).sum()
