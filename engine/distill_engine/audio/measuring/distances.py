"""Distances between two sounds of the same rate: how far one is from the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import mel_spectrogram

STFT_SIZES = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200))
"""Points, hop and window in samples of the resolutions (Yamamoto et al. 2020, Parallel WaveGAN)."""
LEAST_SNR_DB = 0.0  # below it the two are other sounds, and a ratio means nothing
LEAST_SAMPLES = 48000  # zimtohrli overwrites memory on very short clips: it gets a second at least
FRAMES_AT_ONCE = 1024  # of a sound, so that they stay in the cache
_FLOOR = 1e-7  # of a magnitude, before its logarithm


def distances(reference: Float32Array, other: Float32Array) -> dict[str, float | None]:
    """Return the distances of `other` from `reference` [T], both at 44.1 kHz; the shorter counts.

    `snr_db` is None where the two are not the same sound, `zimtohrli` where it is not installed.
    `spectral_convergence` and `mr_stft` are means over three resolutions, `log_mel` is in nat.
    """
    length = min(len(reference), len(other))
    a, b = reference[:length], other[:length]
    convergence, magnitude = _stft_distances(a, b)
    return {
        "snr_db": snr_db(a, b),
        "spectral_convergence": round(convergence, 4),
        "log_mel": round(float(np.abs(mel_spectrogram(a) - mel_spectrogram(b)).mean()), 4),
        "mr_stft": round(convergence + magnitude, 4),
        "zimtohrli": _zimtohrli(a, b),
    }


def snr_db(reference: Float32Array, other: Float32Array) -> float | None:
    """Return the ratio of `reference` [T] to its difference from `other` [T] in dB.

    None where the difference is as large as the sound: other phases already give that, so the ratio
    would say nothing about what is heard. 150 stands for no difference.
    """
    power = float(np.square(reference, dtype=np.float64).sum())
    noise = float(np.square(reference.astype(np.float64) - other).sum())
    if noise == 0.0:
        return 150.0
    ratio = 10.0 * np.log10(max(power, 1e-20) / noise)
    return round(float(min(ratio, 150.0)), 2) if ratio > LEAST_SNR_DB else None


def _stft_distances(a: Float32Array, b: Float32Array) -> tuple[float, float]:
    """Return spectral convergence and log-magnitude distance, means over the resolutions."""
    found = []
    for size, hop, window in STFT_SIZES:
        power = apart = logs = count = 0.0
        for one, other in zip(*(_magnitudes(x, size, hop, window) for x in (a, b)), strict=True):
            power += float(np.square(one).sum(dtype=np.float64))
            apart += float(np.square(one - other).sum(dtype=np.float64))
            ratio = np.log(np.maximum(one, _FLOOR) / np.maximum(other, _FLOOR))
            logs, count = logs + float(np.abs(ratio).sum(dtype=np.float64)), count + one.size
        found.append((float(np.sqrt(apart)) / max(float(np.sqrt(power)), _FLOOR), logs / count))
    convergence, magnitude = np.mean(found, axis=0)
    return float(convergence), float(magnitude)


def _magnitudes(x: Float32Array, size: int, hop: int, window: int) -> Iterator[Float32Array]:
    """Yield the magnitudes [F, size / 2 + 1] of samples [T], so many frames at once."""
    padded = np.pad(x, (0, max(0, window - len(x)))).astype(np.float32, copy=False)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    shape = np.hanning(window).astype(np.float32)
    for start in range(0, len(frames), FRAMES_AT_ONCE):
        yield np.abs(np.fft.rfft(frames[start : start + FRAMES_AT_ONCE] * shape, size))


def _zimtohrli(a: Float32Array, b: Float32Array) -> float | None:
    """Return the score of zimtohrli (MOS, 5 is the same), None if it is not installed."""
    try:
        from zimtohrli import Pyohrli, mos_from_zimtohrli
    except ImportError:
        return None
    from distill_engine.audio.resampling import resample

    heard = [resample(x, 44100, 48000) for x in (a, b)]
    padded = [np.pad(x, (0, max(0, LEAST_SAMPLES - len(x)))).astype(np.float32) for x in heard]
    return round(float(mos_from_zimtohrli(Pyohrli().distance(*padded))), 3)
