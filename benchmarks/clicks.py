"""Looks for clicks: samples that neither the sound before them nor the sound around them explains.

A linear predictor takes out of each stretch what goes on (tones, resonances, the colour of noise); in what is left, a click stands far
above its neighbours, the beginning of a sound does not, since its neighbours are raised with it. In noise a click must stand out of
the noise to be found, as it must to be heard. `found_of_inserted` validates the
measure on the very sound that is judged: steps, single samples and short gaps of a stated size are put in, and must be found.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

ORDER, FRAME = 32, 1024
NEIGHBOURS, GUARD = 400, 40
THRESHOLD = 12.0
"""Height over the residual's own spread in the neighbourhood; Gaussian noise passes 6 once in an hour."""
LEAST = 1e-4


def residual(sound: np.ndarray) -> np.ndarray:
    """What a linear predictor of order 32, fitted to each stretch of 1,024 samples, leaves of a sound [T]."""
    left = np.zeros(len(sound))
    for start in range(0, len(sound), FRAME):
        before = max(0, start - FRAME // 2)
        part = sound[before : start + FRAME + FRAME // 2] * np.hanning(len(sound[before : start + FRAME + FRAME // 2]))
        spectrum = np.abs(np.fft.rfft(part, 4 * FRAME)) ** 2
        correlation = np.fft.irfft(spectrum)[: ORDER + 1]
        correlation[0] = correlation[0] * (1 + 1e-9) + 1e-12
        predictor = solve_toeplitz(correlation[:ORDER], correlation[1:])
        history = sound[max(0, start - ORDER) : start + FRAME]
        errors = lfilter(np.concatenate([[1.0], -predictor]), [1.0], history)
        left[start : start + FRAME] = errors[len(history) - len(sound[start : start + FRAME]) :]
    left[:ORDER] = 0.0  # nothing came before to foretell them
    return left


def clicks(sound: np.ndarray) -> np.ndarray:
    """Places of the clicks in a sound [T] of full scale 1, at least 40 samples apart."""
    left = np.abs(residual(np.asarray(sound, np.float64)))
    level = _spread_around(left)
    strong = np.flatnonzero((left > THRESHOLD * level) & (left > LEAST))
    places: list[int] = []
    for place in strong[np.argsort(-left[strong])]:
        if all(abs(place - other) > GUARD for other in places):
            places.append(int(place))
    return np.array(sorted(places), np.int64)


def _spread_around(left: np.ndarray) -> np.ndarray:
    """Root mean square over the 400 samples on each side, but for the nearest 40, the larger side: what begins, begins for its own."""
    power = np.concatenate([[0.0], np.cumsum(np.square(left))])

    def mean(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        start, stop = np.clip(start, 0, len(left)), np.clip(stop, 0, len(left))
        return (power[stop] - power[start]) / np.maximum(stop - start, 1)

    at = np.arange(len(left))
    sides = (mean(at - NEIGHBOURS, at - GUARD), mean(at + GUARD, at + NEIGHBOURS))
    return np.sqrt(np.maximum(*sides)) + 1e-9


def insert(sound: np.ndarray, place: int, kind: str, size: float) -> np.ndarray:
    """A copy with one fault: a `step` of `size` that decays within 5 ms, a single `sample` moved by `size`, or a `gap` of 64 samples."""
    hurt = np.array(sound, np.float64)
    if kind == "gap":
        hurt[place:-64] = hurt[place + 64 :]
    elif kind == "sample":
        hurt[place] += size
    else:
        hurt[place:] += size * np.exp(-np.arange(len(hurt) - place) / 220)
    return hurt


def found_of_inserted(sound: np.ndarray, kind: str, share: float, count: int = 40, seed: int = 0) -> float:
    """Share of inserted faults that are found, each as big as `share` of the RMS of the 100 ms around it; where it sounds."""
    rng, hits, tried = np.random.default_rng(seed), 0, 0
    half = 2400
    while tried < count:
        place = int(rng.integers(2 * half, len(sound) - 2 * half))
        around = np.asarray(sound[place - 2 * half : place + 2 * half], np.float64)
        level = float(np.sqrt(np.mean(around[half:-half] ** 2)))
        if not np.isfinite(level) or level < 1e-3:
            continue
        tried += 1
        found = clicks(insert(around, 2 * half, kind, share * level))
        hits += bool(np.any(np.abs(found - 2 * half) <= 4))
    return hits / count
