"""Distances between an original and its copy, both at 44.1 kHz."""

from __future__ import annotations

import numpy as np
import torch

from distill_engine.audio.mel import mel_spectrogram

LEAST_SAMPLES = 44100
"""zimtohrli overwrites memory on a clip of 46 ms: it gets a second at least."""
RISING_SHARE = 10
"""One frame in ten, those with the greatest rise in energy, counts as a transient."""


class Distances:
    """Log-mel L1 (nat), MR-STFT (auraloss), zimtohrli (its MOS), LSD of transients (dB)."""

    def __init__(self) -> None:
        import auraloss
        import soxr
        from zimtohrli import Pyohrli, mos_from_zimtohrli

        self._stft = auraloss.freq.MultiResolutionSTFTLoss()
        self._hear, self._mos, self._resample = Pyohrli(), mos_from_zimtohrli, soxr.resample

    def __call__(self, original: np.ndarray, copy: np.ndarray) -> dict[str, float]:
        """Return the distances of a copy [T] from its original [T]."""
        a, b = torch.from_numpy(original)[None, None], torch.from_numpy(copy)[None, None]
        heard = [self._resample(_lengthened(x), 44100, 48000).astype(np.float32) for x in (original, copy)]
        return {
            "log_mel": float(np.abs(mel_spectrogram(original) - mel_spectrogram(copy)).mean()),
            "mr_stft": float(self._stft(b, a)),
            "zimtohrli": float(self._mos(self._hear.distance(*heard))),
            "transient_lsd": transient_distance(original, copy),
        }


def _lengthened(x: np.ndarray) -> np.ndarray:
    return np.pad(x, (0, max(0, LEAST_SAMPLES - len(x))))


def transient_distance(original: np.ndarray, copy: np.ndarray) -> float:
    """Return the log-spectral distance in dB over the frames whose energy rises most.

    The spectra have 256 points, 64 samples apart.
    """
    spectra = []
    for x in (original, copy):
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, 256)), 256)[::64] * np.hanning(256)
        spectra.append(20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-4))
    energy = spectra[0].mean(1)
    rise = np.maximum(0, energy[4:] - energy[:-4])
    chosen = np.argsort(rise)[-max(1, len(rise) // RISING_SHARE) :] + 4
    return float(np.sqrt(np.square(spectra[0][chosen] - spectra[1][chosen]).mean(1)).mean())
