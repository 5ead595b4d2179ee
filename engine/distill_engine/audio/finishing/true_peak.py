"""The peak between samples, and a limiter that looks ahead so that nothing passes a ceiling.

Source of the measurement: ITU-R BS.1770-5, annex 2, with a resampler in place of its filter.
"""

from __future__ import annotations

import numpy as np
import soxr

from distill_engine.audio.arrays import Float32Array, Float64Array

OVERSAMPLING = 4  # values looked at for each sample
LOOK_AHEAD_SECONDS = 0.004  # in which the gain goes down before a peak, and up after it
BLOCK = 1 << 20  # samples that are looked at together
OVERLAP = 512  # samples of context on either side of a block
PASSES = 4  # a changing gain may lift a peak between samples a little
EXACT = 1.0005  # 0.004 dB: above the ceiling by less is left


def true_peaks(samples: Float32Array, sample_rate: int) -> Float64Array:
    """Return the largest magnitude [T] of channels [ch, T] at and around each sample."""
    length = samples.shape[1]
    out = np.abs(samples).max(axis=0).astype(np.float64)
    for start in range(0, length, BLOCK):
        first, end = max(0, start - OVERLAP), min(length, start + BLOCK + OVERLAP)
        part = np.ascontiguousarray(np.pad(samples[:, first:end], ((0, 0), (OVERLAP, OVERLAP))).T)
        fine = soxr.resample(part, sample_rate, OVERSAMPLING * sample_rate, quality="HQ")
        peaks = np.abs(fine).max(axis=1)[: OVERSAMPLING * len(part)].reshape(-1, OVERSAMPLING).max(axis=1)
        peaks = np.maximum(peaks, np.roll(peaks, 1))[OVERLAP : OVERLAP + end - first]
        out[start : min(end, start + BLOCK)] = np.maximum(
            out[start : min(end, start + BLOCK)], peaks[start - first : start - first + min(end, start + BLOCK) - start]
        )
    return np.asarray(out)


def true_peak(samples: Float32Array, sample_rate: int) -> float:
    """Return the true peak of samples [ch, T], linear."""
    return float(true_peaks(samples, sample_rate).max(initial=0.0))


def limited(samples: Float32Array, sample_rate: int, ceiling: float) -> Float32Array:
    """Return samples [ch, T] with a true peak up to `ceiling`, linear, and one gain for all."""
    reach = max(1, round(LOOK_AHEAD_SECONDS * sample_rate))
    out = samples
    for _ in range(PASSES):
        peaks = true_peaks(out, sample_rate)
        if peaks.max(initial=0.0) <= ceiling * EXACT:
            return out
        from scipy.ndimage import minimum_filter1d, uniform_filter1d  # takes long to load, and few sounds need it

        gains = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
        lowest = minimum_filter1d(gains, 2 * reach + 1, mode="nearest")
        out = (out * uniform_filter1d(lowest, 2 * reach + 1, mode="nearest")).astype(np.float32)
    return (out * (ceiling / max(true_peak(out, sample_rate), ceiling))).astype(np.float32)
