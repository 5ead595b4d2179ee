"""Per-frame measures of the short-time spectrum: loudness, brightness, spread, warmth, band levels.

Frames are 2048 samples (periodic Hann), one per hop, centred on the hop. Each measure takes power
spectra [F, 1025] and gives one value per frame [F].

Sources: ITU-R BS.1770-4 (K-weighting), Glasberg & Moore 1990 (ERB-rate scale), Peeters 2004 "A
large set of audio features" (centroid, spread).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_amplitude, power_to_db
from distill_engine.audio.measuring.loudness import k_response
from distill_engine.audio.mel import hann_window

WINDOW = 2048  # samples of a frame
BANDS = 40
FLOOR_POWER = 1e-12  # -120 dB re full scale
LOW_HZ, WARM_HZ, HIGH_HZ = 20.0, 400.0, 16000.0


def frames_of(samples: Float32Array, window: int, hop: int) -> Float32Array:
    """Return read-only frames [F, window] of samples [T], F = max(1, T // hop).

    Frame t is centred on sample t * hop + hop / 2; samples outside are zero.
    """
    count = max(1, len(samples) // hop)
    left = (window - hop) // 2
    padded = np.pad(samples, (left, max(0, (count - 1) * hop + window - left - len(samples))))
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]


def power_spectra(frames: Float32Array) -> Float32Array:
    """Return power spectra [F, n // 2 + 1] of frames [F, n], Hann-windowed.

    They are scaled so that the bins of a frame sum to its mean square.
    """
    window = hann_window(frames.shape[1])
    spectrum = np.fft.rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power *= 2.0 / (frames.shape[1] * float(np.sum(window.astype(np.float64) ** 2)))
    power[:, [0, -1]] *= 0.5
    return np.asarray(power, np.float32)


def bin_frequencies(bins: int, sample_rate: int) -> Float64Array:
    """Return the centre frequencies [bins] in Hz of a real spectrum with that many bins."""
    return np.linspace(0.0, sample_rate / 2, bins)


def erb_rate(frequency: npt.ArrayLike) -> Float64Array:
    """Return ERB-rates [...] in Cam of frequencies [...] in Hz (Glasberg & Moore 1990, eq. 4)."""
    return 21.4 * np.log10(1.0 + 0.00437 * np.asarray(frequency, np.float64))


@cache
def erb_filterbank(bins: int, sample_rate: int) -> Float32Array:
    """Return triangular filters [BANDS, bins], equally spaced on the ERB-rate scale.

    They overlap by half; between the outermost centres each column sums to 1.
    """
    rate = erb_rate(bin_frequencies(bins, sample_rate))
    edges = np.linspace(erb_rate(LOW_HZ), erb_rate(HIGH_HZ), BANDS + 2)
    position = (rate[None, :] - edges[:-2, None]) / (edges[1] - edges[0])
    bank: Float32Array = np.maximum(0.0, 1.0 - np.abs(position - 1.0)).astype(np.float32)
    bank.flags.writeable = False
    return bank


@cache
def erb_centres() -> Float64Array:
    """Return the centres [BANDS] of the ERB filterbank in Cam."""
    return np.linspace(erb_rate(LOW_HZ), erb_rate(HIGH_HZ), BANDS + 2)[1:-1]


@cache
def k_weighting(bins: int, sample_rate: int) -> Float32Array:
    """Return the power gain [bins] of the K-weighting filter at this sample rate (Hz)."""
    omega = 2 * np.pi * bin_frequencies(bins, sample_rate) / sample_rate
    return np.asarray(np.abs(k_response(omega, sample_rate)) ** 2, np.float32)


def loudness(power: Float32Array, sample_rate: int) -> Float64Array:
    """Return the K-weighted level [F] in LUFS of power spectra [F, bins], at least -120.

    BS.1770-4 eq. 2 for one channel, per frame and ungated.
    """
    mean_square = power @ k_weighting(power.shape[1], sample_rate)
    return np.asarray(np.maximum(-0.691 + power_to_db(mean_square, FLOOR_POWER), -120.0), np.float64)


def band_levels(power: Float32Array, sample_rate: int) -> Float64Array:
    """Return the levels [F, BANDS] of the ERB bands in dB re full scale, of power [F, bins]."""
    energy = power @ erb_filterbank(power.shape[1], sample_rate).T
    return np.asarray(power_to_db(energy, FLOOR_POWER), np.float64)


def brightness_and_spread(levels: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the centroid [F] and standard deviation [F] of ERB bands, both in Cam.

    `levels` [F, BANDS] are in dB; bands are weighted by amplitude (Peeters 2004, 6.1.1 and 6.1.2).
    """
    amplitude = db_to_amplitude(levels)
    weight = amplitude / np.sum(amplitude, axis=1, keepdims=True)
    centroid = weight @ erb_centres()
    variance = np.sum(weight * (erb_centres()[None, :] - centroid[:, None]) ** 2, axis=1)
    return centroid, np.sqrt(variance)


def warmth(power: Float32Array, sample_rate: int) -> Float64Array:
    """Return the energy ratio [F] of 20 to 400 Hz to 400 Hz to 16 kHz, in dB, within -40..40.

    `power` [F, bins] are power spectra.
    """
    frequency = bin_frequencies(power.shape[1], sample_rate)
    low = power[:, (frequency >= LOW_HZ) & (frequency < WARM_HZ)].sum(axis=1)
    high = power[:, (frequency >= WARM_HZ) & (frequency < HIGH_HZ)].sum(axis=1)
    return np.asarray(np.clip(power_to_db((low + FLOOR_POWER) / (high + FLOOR_POWER)), -40.0, 40.0), np.float64)
