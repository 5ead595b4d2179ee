"""Levels in decibels, and clipping.

Full scale is +-1; 0 dBFS is a peak of 1. Silence has the level `SILENCE_DB`, never minus infinity,
so that every level can be printed, compared and stored.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array

SILENCE_DB = -150.0


def gain_to_db(gain: float, silence_db: float = SILENCE_DB) -> float:
    """Return a linear gain or amplitude >= 0 in dB, at least `silence_db`."""
    return max(20.0 * math.log10(gain), silence_db) if gain > 0 else silence_db


def db_to_gain(level_db: float, silence_db: float = SILENCE_DB) -> float:
    """Return the linear gain of a level in dB; `silence_db` and below is exactly 0."""
    return float(10.0 ** (level_db / 20.0)) if level_db > silence_db else 0.0


def nats_to_db(nats: float) -> float:
    """Return a difference of natural-log magnitudes, as in a log-mel, in dB.

    >>> round(nats_to_db(0.1), 2)
    0.87
    """
    return 20.0 / math.log(10.0) * nats


def power_to_db(power: npt.ArrayLike, least: float = 0.0) -> npt.NDArray[np.floating]:
    """Return powers [...] in dB, in their own precision; powers below `least` count as `least`.

    >>> power_to_db(np.array([1.0, 100.0, 0.0]), least=1e-12).tolist()
    [0.0, 20.0, -120.0]
    """
    return np.asarray(10 * np.log10(np.maximum(power, least)))


def db_to_power(level_db: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """Return the powers [...] of levels [...] in dB.

    >>> db_to_power(np.array([0.0, 20.0])).tolist()
    [1.0, 100.0]
    """
    return np.asarray(10 ** (np.asarray(level_db) / 10))


def db_to_amplitude(level_db: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """Return the amplitudes [...] of levels [...] in dB.

    >>> db_to_amplitude(np.array([0.0, 20.0])).tolist()
    [1.0, 10.0]
    """
    return np.asarray(10 ** (np.asarray(level_db) / 20))


def rms_db(samples: npt.NDArray[np.floating]) -> float:
    """Return the RMS of samples [...] of all channels in dBFS; a full-scale sine has -3.01.

    >>> round(rms_db(np.sin(2 * np.pi * np.arange(441) / 441)), 2)
    -3.01
    """
    if samples.size == 0:
        return SILENCE_DB
    return gain_to_db(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def peak_db(samples: npt.NDArray[np.floating]) -> float:
    """Return the largest absolute value of samples [...] in dBFS.

    >>> round(peak_db(np.array([[0.1, -0.5], [0.2, 0.0]])), 2)
    -6.02
    """
    return gain_to_db(float(np.max(np.abs(samples)))) if samples.size else SILENCE_DB


def clipped_samples(samples: Float32Array) -> int:
    """Count the samples of [ch, T] in flat tops: three or more at the channel's peak, by a step.

    The step distinguishes a clipped wave from the round top of a low full-scale tone, whose
    neighbours differ by less. Peaks below -6 dBFS never count.
    """
    return sum(_flat_tops(channel * sign) for channel in np.atleast_2d(samples) for sign in (1.0, -1.0))


def _flat_tops(x: Float32Array, tolerance: float = 4e-5, step: float = 5e-4) -> int:
    peak = float(x.max(initial=0.0))
    if peak < 0.5:
        return 0
    at_top = np.concatenate([[False], x >= peak - tolerance, [False]])
    edges = np.flatnonzero(at_top[1:] != at_top[:-1])
    starts, ends = edges[::2], edges[1::2]
    before = peak - x[np.maximum(starts - 1, 0)]
    after = peak - x[np.minimum(ends, len(x) - 1)]
    flat = (ends - starts >= 3) & (np.maximum(before, after) > step * peak)
    return int((ends - starts)[flat].sum())
