"""The numbers of the inverse STFT, in numpy: the live engine computes them at load instead of storing megabytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def synthesis_window(n_fft: int, hop: int) -> npt.NDArray[np.float64]:
    """The window whose product with a Hann analysis would sum to one: square-root Hann over its overlapped square sum."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n_fft) + 0.5) / n_fft)
    power = hann.reshape(-1, hop).sum(0)
    window: npt.NDArray[np.float64] = np.sqrt(hann) / np.tile(power, n_fft // hop)
    return window


def inverse_basis(n_fft: int, hop: int) -> npt.NDArray[np.float32]:
    """Real and imaginary bins [n_fft + 2] to windowed samples [n_fft]: the matrix [n_fft + 2, n_fft]."""
    identity = np.eye(n_fft // 2 + 1)
    real = np.fft.irfft(identity, n_fft, norm="ortho")
    imaginary = np.fft.irfft(1j * identity, n_fft, norm="ortho")
    return (np.concatenate([real, imaginary]) * synthesis_window(n_fft, hop)).astype(np.float32)


def istft_name(n_fft: int, hop: int) -> str:
    """The name under which a graph asks for the basis of these sizes."""
    return f"istft/{n_fft}/{hop}"
