"""Sounds made by formula, which widen the training data of a base vocoder.

Each maker takes a seeded generator and a number of samples, and returns a mono sound at 44.1 kHz
with a random peak of -20 to -1 dBFS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel_config import DEFAULT_MEL

Generator = np.random.Generator
RATE = DEFAULT_MEL.sample_rate


def _time(samples: int) -> Float64Array:
    """Return the time of each sample [samples] in seconds."""
    return np.arange(samples) / RATE


def _pitch(rng: Generator, low: float = 30.0, high: float = 4000.0) -> float:
    """Return a random frequency in Hz, uniform on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def harmonic(rng: Generator, samples: int) -> Float32Array:
    """Return a harmonic tone [samples] with vibrato and a random spectral slope."""
    t, f = _time(samples), _pitch(rng, 30, 2000)
    vibrato = 1 + rng.uniform(0, 0.02) * np.sin(2 * np.pi * rng.uniform(0.1, 7) * t + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(f * vibrato) / RATE
    count = int(min(60, 20000 / f))
    slope = rng.uniform(0.3, 2.5)
    out = np.zeros(samples)
    for k in range(1, count + 1):
        out += np.sin(k * phase + rng.uniform(0, 2 * np.pi)) * k**-slope * rng.uniform(0.3, 1)
    return _level(out, rng)


def bell(rng: Generator, samples: int) -> Float32Array:
    """Return inharmonic, decaying partials [samples], struck at a random moment."""
    t = _time(samples) - rng.uniform(0, 0.5) * samples / RATE
    out = np.zeros(samples)
    base = _pitch(rng, 80, 3000)
    for _ in range(int(rng.integers(3, 16))):
        f = min(base * rng.uniform(0.5, 7), 20000.0)
        out += np.sin(2 * np.pi * f * t) * np.exp(-np.maximum(t, 0) * rng.uniform(1, 40)) * rng.uniform(0.1, 1)
    return _level(out * (t >= 0), rng)


def noise(rng: Generator, samples: int) -> Float32Array:
    """Return noise [samples] of a random colour, half of the time in a random band.

    It is steady, gated or decaying.
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    f = np.fft.rfftfreq(samples, 1 / RATE)
    shape = (np.maximum(f, 20) / 1000) ** rng.uniform(-1.2, 0.4)
    if rng.random() < 0.5:
        centre, width = _pitch(rng, 100, 15000), rng.uniform(0.05, 1.5)
        shape = shape * np.exp(-0.5 * (np.log(np.maximum(f, 1) / centre) / width) ** 2)
    out = np.fft.irfft(spectrum * shape, samples)
    kind = rng.integers(3)
    if kind == 1:
        gate = np.sin(2 * np.pi * rng.uniform(1, 25) * _time(samples) + rng.uniform(0, 6))
        out *= (gate > rng.uniform(-0.5, 0.8)) * 1.0
    elif kind == 2:
        out *= np.exp(-_time(samples) * rng.uniform(2, 60))
    return _level(out, rng)


def sweep(rng: Generator, samples: int) -> Float32Array:
    """Return a gliding tone [samples], plain or frequency-modulated."""
    t = _time(samples)
    start, end = _pitch(rng, 40, 15000), _pitch(rng, 40, 15000)
    f = start * (end / start) ** (t / t[-1])
    index, ratio = rng.uniform(0, 4) * (rng.random() < 0.5), rng.uniform(0.25, 4)
    phase = 2 * np.pi * np.cumsum(f) / RATE
    return _level(np.sin(phase + index * np.sin(ratio * phase)), rng)


def pluck(rng: Generator, samples: int) -> Float32Array:
    """Return a plucked string [samples] (Karplus and Strong, 1983).

    Noise circulates in a delay line with a weighted two-point average.
    """
    period = int(RATE / _pitch(rng, 40, 1200))
    loop = rng.standard_normal(period)
    damp, rounds = rng.uniform(0.3, 0.5), samples // period + 1
    out = np.empty((rounds, period))
    for i in range(rounds):
        out[i] = loop
        loop = 0.998 * ((1 - damp) * loop + damp * np.roll(loop, 1))
    return _level(out.ravel()[:samples], rng)


def pulses(rng: Generator, samples: int) -> Float32Array:
    """Return clicks and short noise bursts [samples] at random times."""
    out = np.zeros(samples)
    for start in rng.integers(0, max(1, samples - 64), int(rng.integers(1, 30))):
        length = int(min(rng.integers(1, 400), samples - start))
        out[start : start + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / rng.uniform(1, 100))
    return _level(out, rng)


def _level(x: Float64Array, rng: Generator) -> Float32Array:
    """Scale a sound [samples] to a random peak of -20 to -1 dBFS."""
    peak = np.abs(x).max()
    levelled: Float32Array = (x * (db_to_gain(rng.uniform(-20, -1)) / max(peak, 1e-9))).astype(np.float32)
    return levelled


KINDS: tuple[Callable[[Generator, int], Float32Array], ...] = (harmonic, bell, noise, sweep, pluck, pulses)


def synthetic_sound(rng: Generator, samples: int) -> Float32Array:
    """Return a random sound [samples], 3 times in 10 the sum of two, clipped to +-1."""
    out = KINDS[rng.integers(len(KINDS))](rng, samples)
    if rng.random() < 0.3:
        out = out + KINDS[rng.integers(len(KINDS))](rng, samples)
    clipped: Float32Array = np.clip(out, -1, 1).astype(np.float32)
    return clipped
