"""Losses on waveforms and mels. Each cites its source."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LONG = (
    4096  # resolutions from here on hear only the log term: convergence would shrink partials whose phase is uncertain
)
RESOLUTIONS = ((4096, 1024), (2048, 512), (1024, 256), (512, 128), (256, 64))


class MultiResolutionSTFTLoss(nn.Module):
    """Spectral convergence + log-magnitude L1, averaged over resolutions (Parallel WaveGAN, arXiv 1910.11480, eq. 4 to 6).

    Samples [B, T] of prediction and target -> scalar.
    """

    def __init__(self, resolutions: tuple[tuple[int, int], ...] = RESOLUTIONS) -> None:
        super().__init__()
        self.resolutions = resolutions
        for n_fft, _ in resolutions:
            self.register_buffer(f"window{n_fft}", torch.hann_window(n_fft), persistent=False)

    def _magnitude(self, x: Tensor, n_fft: int, hop: int) -> Tensor:
        window = getattr(self, f"window{n_fft}")
        spectrum = torch.stft(x, n_fft, hop, n_fft, window, center=False, return_complex=True)
        return (spectrum.real.square() + spectrum.imag.square()).clamp_min(1e-9).sqrt()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        total = prediction.new_zeros(())
        for n_fft, hop in self.resolutions:
            p, t = self._magnitude(prediction, n_fft, hop), self._magnitude(target, n_fft, hop)
            convergence = (t - p).norm(dim=(1, 2)) / t.norm(dim=(1, 2)).clamp_min(1.0)  # near-silent clips weigh little
            total = total + F.l1_loss(p.log(), t.log())
            if n_fft < LONG:
                total = total + convergence.mean()
        return total / len(self.resolutions)


def discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Least-squares GAN, discriminator side (arXiv 1611.04076, eq. 2): real towards 1, fake towards 0."""
    terms = [(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(terms).sum()


def adversarial_loss(fake: list[Tensor]) -> Tensor:
    """Least-squares GAN, generator side: fake towards 1."""
    return torch.stack([(1 - f).square().mean() for f in fake]).sum()


def feature_matching_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """L1 between discriminator features (HiFi-GAN, arXiv 2010.05646, eq. 3), real ones held fixed."""
    terms = [F.l1_loss(f, r.detach()) for rs, fs in zip(real, fake, strict=True) for r, f in zip(rs, fs, strict=True)]
    return torch.stack(terms).sum()
