"""Levels in decibels, fades, clipping, and the mix of several channels into one.

Full scale is +-1; 0 dBFS is a peak of 1. Silence is reported as `SILENCE_DB`, never as minus infinity, so that every level
can be printed, compared and stored.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

SILENCE_DB = -150.0


def gain_to_db(gain: float) -> float:
    """Decibels of a linear gain >= 0; `SILENCE_DB` at the lowest."""
    return max(20.0 * float(np.log10(gain)), SILENCE_DB) if gain > 0 else SILENCE_DB


def db_to_gain(level_db: float) -> float:
    """Linear gain of a level in dB; `SILENCE_DB` and below is exactly 0."""
    return float(10.0 ** (level_db / 20.0)) if level_db > SILENCE_DB else 0.0


def rms_db(samples: npt.NDArray[np.floating]) -> float:
    """Root mean square over all channels and samples, dBFS (a full-scale sine is -3.01).

    >>> round(rms_db(np.sin(2 * np.pi * np.arange(441) / 441)), 2)
    -3.01
    """
    if samples.size == 0:
        return SILENCE_DB
    return gain_to_db(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def peak_db(samples: npt.NDArray[np.floating]) -> float:
    """Largest absolute sample over all channels, dBFS.

    >>> round(peak_db(np.array([[0.1, -0.5], [0.2, 0.0]])), 2)
    -6.02
    """
    return gain_to_db(float(np.max(np.abs(samples)))) if samples.size else SILENCE_DB


def fade_in(samples: FloatArray, length: int) -> FloatArray:
    """A copy of [..., T] whose first `length` samples rise from 0 (raised cosine: no corner at either end)."""
    out = np.array(samples, np.float32)
    n = min(length, out.shape[-1])
    if n > 0:
        out[..., :n] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)
    return out


def fade_out(samples: FloatArray, length: int) -> FloatArray:
    """A copy of [..., T] whose last `length` samples fall to 0: `fade_in` in a mirror."""
    return fade_in(samples[..., ::-1], length)[..., ::-1].copy()


def equal_power_fade(length: int) -> tuple[FloatArray, FloatArray]:
    """Curves (out, in), each [length], with out^2 + in^2 = 1: for cross-fades between two different signals."""
    angle = (np.arange(length) + 0.5) / max(length, 1) * (np.pi / 2)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def clipped_samples(samples: FloatArray) -> int:
    """How many samples of [ch, T] sit in flat tops: runs of three or more at the channel's peak, entered by a step.

    The step tells a clipped wave from the rounded top of a low full-scale tone, whose neighbours differ by less than that. Peaks
    below -6 dBFS never count.
    """
    return sum(_flat_tops(channel * sign) for channel in np.atleast_2d(samples) for sign in (1.0, -1.0))


def _flat_tops(x: npt.NDArray[np.float32], tolerance: float = 4e-5, step: float = 5e-4) -> int:
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


def mix_to_mono(samples: FloatArray) -> tuple[FloatArray, str]:
    """Mono [T] of [ch, T], at the level of its sounding channels, and a note where it is not their plain mean.

    Channels 60 dB below the loudest do not count (a mono recording in the left channel keeps its level). Where channels cancel
    each other, the loudest one is taken instead of their mean.
    """
    if samples.shape[0] == 1:
        return np.ascontiguousarray(samples[0]), ""
    power = np.mean(np.square(samples, dtype=np.float64), axis=1) if samples.shape[1] else np.zeros(len(samples))
    loudest = int(np.argmax(power))
    if power[loudest] == 0.0:
        return np.zeros(samples.shape[1], np.float32), ""
    sounding = samples[power > power[loudest] * 1e-6]
    mono = sounding.mean(axis=0, dtype=np.float32)
    if np.mean(np.square(mono, dtype=np.float64)) < power[loudest] * 10**-1.2:
        return samples[loudest].copy(), f"its channels cancel each other: channel {loudest + 1} is used alone"
    silent = len(samples) - len(sounding)
    return mono, f"{silent} of {len(samples)} channels are silent and left out" if silent else ""
