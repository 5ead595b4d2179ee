"""Per-frame measures of tones and noise: pitch, its confidence, harmonicity, roughness, noisiness.

Frames are 4096 samples. Sources: de Cheveigné & Kawahara 2002 (YIN), Boersma 1993
(harmonics-to-noise ratio), Sethares 1993 and Vassilakis 2001 (sensory dissonance of a set of
partials), ISO/IEC 15938-4 (band-wise flatness).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import power_to_db
from distill_engine.audio.mel import hann_window

Frames = Float32Array

WINDOW = 4096  # samples of a frame
LOWEST_HZ, HIGHEST_HZ = 45.0, 4400.0  # the highest key of a piano has 4,186 Hz
HARMONIC_HIGHEST_HZ = 2000.0  # fundamentals whose harmonics are compared with noise
YIN_THRESHOLD = 0.15  # normalised difference below which a dip counts as a period
PARTIALS = 16  # strongest peaks whose roughness is measured
ROUGH_HIGHEST_HZ = 10000.0


def pitch(frames: Frames, sample_rate: int) -> tuple[Float64Array, Float64Array]:
    """Return the fundamental [F] as a MIDI note number and its confidence [F], of frames [F, 4096].

    YIN, steps 1 to 5, from 45 to 4400 Hz. Confidence, 0 to 1, is 1 minus the normalised difference
    at the period chosen; it is 0 in silence.
    """
    half = frames.shape[1] // 2
    low, high = int(sample_rate / HIGHEST_HZ), int(np.ceil(sample_rate / LOWEST_HZ))
    difference = _difference(frames, half, high)
    lags = np.arange(1, high + 1)
    running = np.cumsum(difference[:, 1:], axis=1)
    normalised = difference[:, 1:] * lags / np.maximum(running, 1e-12)
    dips = normalised[:, low - 1 :]
    best = _first_dip(dips)
    offset, value = _parabola(dips, best)
    period = best + low + offset
    silent = running[:, -1] < 1e-9
    confidence = np.where(silent, 0.0, np.clip(1.0 - value, 0.0, 1.0))
    note = 69.0 + 12.0 * np.log2(sample_rate / np.maximum(period, 1.0) / 440.0)
    return note, confidence


def _difference(frames: Frames, half: int, high: int) -> Float64Array:
    """Return YIN's difference function [F, high + 1] of frames [F, n] (eq. 6 and 7).

    The integration window is `half` samples; `high` is the longest lag in samples.
    """
    spectrum = scipy.fft.rfft(frames, axis=1)
    first = scipy.fft.rfft(frames[:, :half], n=frames.shape[1], axis=1)
    correlation = scipy.fft.irfft(spectrum * np.conj(first), n=frames.shape[1], axis=1)[:, : high + 1]
    squares = np.cumsum(np.pad(frames.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, half : half + high + 1] - squares[:, : high + 1]
    return np.asarray(np.maximum(energy[:, :1] + energy - 2.0 * correlation, 0.0))


def _first_dip(dips: Float64Array) -> npt.NDArray[np.int64]:
    """Return the first local minimum [F] below the threshold, else the global one, of [F, lags].

    YIN, step 4.
    """
    minimum = np.zeros(dips.shape, bool)
    minimum[:, 1:-1] = (dips[:, 1:-1] <= dips[:, :-2]) & (dips[:, 1:-1] < dips[:, 2:])
    low = minimum & (dips < YIN_THRESHOLD)
    return np.asarray(np.where(low.any(axis=1), low.argmax(axis=1), dips.argmin(axis=1)))


def _parabola(values: Float64Array, at: npt.NDArray[np.int64]) -> tuple[Float64Array, Float64Array]:
    """Return offset (-0.5..0.5) and value of a parabola's extremum, each [F].

    The parabola runs through the values [F, lags] at `at` [F] and its two neighbours.
    """
    rows = np.arange(len(values))
    inner = np.clip(at, 1, values.shape[1] - 2)
    left, mid, right = (values[rows, inner + step] for step in (-1, 0, 1))
    curvature = left - 2 * mid + right
    flat = np.abs(curvature) < 1e-12
    offset = np.where(flat, 0.0, 0.5 * (left - right) / np.where(flat, 1.0, curvature))
    offset = np.clip(np.where(inner == at, offset, 0.0), -0.5, 0.5)
    return offset, np.where(inner == at, mid - 0.25 * (left - right) * offset, values[rows, at])


@cache
def _window_correlation(window: int, lags: int) -> Float64Array:
    """Return the normalised autocorrelation [lags] of the Hann window."""
    spectrum = np.abs(np.fft.rfft(hann_window(window).astype(np.float64), 2 * window)) ** 2
    correlation = np.fft.irfft(spectrum)[:lags]
    return np.asarray(correlation / correlation[0])


def magnitude_spectra(frames: Frames) -> Float32Array:
    """Return magnitudes [F, n + 1] of frames [F, n], Hann-windowed, without their mean.

    The frames are zero-padded to twice their length.
    """
    centred = frames - frames.mean(axis=1, keepdims=True)
    return np.asarray(np.abs(scipy.fft.rfft(centred * hann_window(frames.shape[1]), n=2 * frames.shape[1], axis=1)))


@cache
def _flatness_edges(bins: int, sample_rate: int) -> npt.NDArray[np.int64]:
    """Return the first bins of the flatness bands, and the end of the last one.

    Bands are a third of an octave wide, at least 120 Hz, from 120 Hz to 15 kHz.
    """
    edges = [120.0]
    while edges[-1] < 15000.0:
        edges.append(max(edges[-1] + 120.0, edges[-1] * 2 ** (1 / 3)))
    return np.round(np.array(edges) / (sample_rate / 2) * (bins - 1)).astype(np.int64)


def noisiness(magnitudes: Float32Array, sample_rate: int) -> Float64Array:
    """Return the spectral flatness [F] in dB within narrow bands, of magnitudes [F, bins].

    The bands are averaged with their amplitudes as weights. Noise gives about -2, tones less.
    Flatness within bands (ISO/IEC 15938-4, AudioSpectrumFlatness) does not mistake a tilted noise
    for a tone.
    """
    edges = _flatness_edges(magnitudes.shape[1], sample_rate)
    power = magnitudes[:, edges[0] : edges[-1]] ** 2 + 1e-7
    starts, width = edges[:-1] - edges[0], np.diff(edges)
    mean = np.add.reduceat(power, starts, axis=1) / width
    geometric = np.add.reduceat(np.log(power), starts, axis=1) / width
    flatness = 10 / np.log(10) * (geometric - np.log(mean))
    amplitude = np.sqrt(mean * width)
    return np.asarray(np.sum(flatness * amplitude, axis=1) / np.sum(amplitude, axis=1), np.float64)


def harmonicity(magnitudes: Float32Array, sample_rate: int) -> Float64Array:
    """Return the harmonics-to-noise ratio [F] in dB, within -20..40, of magnitudes [F, bins].

    Boersma 1993, eq. 4, 8 and 9. Silence gives -20.
    """
    low, high = int(sample_rate / HARMONIC_HIGHEST_HZ), int(np.ceil(sample_rate / LOWEST_HZ))
    correlation = scipy.fft.irfft(magnitudes.astype(np.float64) ** 2, axis=1)[:, : high + 1]
    energy = correlation[:, :1]
    ratio = correlation / np.maximum(energy, 1e-12) / _window_correlation(magnitudes.shape[1] - 1, high + 1)
    candidates = ratio[:, low:]
    middle = candidates[:, 1:-1]
    peaks = np.where((middle >= candidates[:, :-2]) & (middle > candidates[:, 2:]), middle, -1.0)
    best = peaks.argmax(axis=1) + 1
    _, value = _parabola(candidates, best)
    found = (peaks.max(axis=1) > 0) & (energy[:, 0] > 1e-9)
    r = np.where(found, np.clip(value, 0.01, 0.9999), 0.01)
    return np.asarray(np.clip(power_to_db(r / (1 - r)), -20.0, 40.0))


def roughness(magnitudes: Float32Array, sample_rate: int) -> Float64Array:
    """Return the sensory dissonance [F] of the strongest partials of magnitudes [F, bins].

    It does not depend on level, and is 0 with fewer than two partials. Vassilakis 2001 (eq. 6.23:
    amplitude-fluctuation degree, and the curve of Sethares 1993), summed over all pairs, with
    amplitudes relative to the frame's norm.
    """
    frequency, amplitude = _partials(magnitudes, sample_rate)
    first, second = np.triu_indices(PARTIALS, 1)
    lower = np.minimum(frequency[:, first], frequency[:, second])
    distance = np.abs(frequency[:, first] - frequency[:, second])
    loud = np.maximum(amplitude[:, first], amplitude[:, second])
    soft = np.minimum(amplitude[:, first], amplitude[:, second])
    scaled = distance * 0.24 / (0.0207 * lower + 18.96)
    curve = np.exp(-3.5 * scaled) - np.exp(-5.75 * scaled)
    depth = 2 * soft / np.maximum(loud + soft, 1e-9)
    return np.asarray(np.sum((loud * soft) ** 0.1 * 0.5 * depth**3.11 * curve * (soft > 0), axis=1), np.float64)


def _partials(magnitudes: Float32Array, sample_rate: int) -> tuple[Float64Array, Float64Array]:
    """Return frequencies [F, PARTIALS] in Hz and relative amplitudes of the strongest peaks.

    Missing peaks have amplitude 0.
    """
    bin_hz = sample_rate / 2 / (magnitudes.shape[1] - 1)
    low = magnitudes[:, : int(ROUGH_HIGHEST_HZ / bin_hz)]
    mid = low[:, 2:-2]
    peak = (mid > low[:, 1:-3]) & (mid >= low[:, 3:-1]) & (mid > low[:, :-4]) & (mid >= low[:, 4:])
    strength = np.where(peak & (mid > 1e-3 * low.max(axis=1, keepdims=True)) & (mid > 1e-4), mid, 0.0)
    chosen = np.argpartition(-strength, PARTIALS, axis=1)[:, :PARTIALS]
    amplitude = np.take_along_axis(strength, chosen, axis=1).astype(np.float64)
    norm = np.sqrt(np.sum(amplitude**2, axis=1, keepdims=True))
    return (chosen + 2) * bin_hz, amplitude / np.maximum(norm, 1e-12)
