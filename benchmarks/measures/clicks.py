"""Find clicks: samples that neither the sound before them nor the sound around them explains.
 A linear predictor removes tones, resonances and the colour of noise from each stretch. In the
residual a click stands far above its neighbours; the beginning of a sound does not, because its
neighbours rise with it. In noise a click must exceed the noise to be found, as it must to be
audible. `found_of_inserted` validates the measure on the very sound that is judged: it inserts
steps, single samples and short gaps of a stated size and counts how many are found.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

ORDER, FRAME = 32, 1024
"""Order of the predictor; samples of the stretch it is fitted to."""
NEIGHBOURS, GUARD = 400, 40
"""Samples on each side that a click is compared with, but for the nearest ones."""
THRESHOLD = 12.0
"""Height over the residual's RMS in the neighbourhood; Gaussian noise passes 6 once in an hour."""
LEAST = 1e-4
"""Least height of a click, of full scale."""
GAP = 64
"""Samples that an inserted gap leaves out."""
DECAY = 220
"""Samples in which an inserted step falls to 1/e: 5 ms."""
HALF, QUIETEST = 2400, 1e-3
"""Half of the samples around an inserted fault (50 ms); least RMS at which one is inserted."""


def residual(sound: np.ndarray) -> np.ndarray:
    """Return the residual [T] of a sound [T]: a predictor of order 32 for each 1,024 samples."""
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
    left[:ORDER] = 0.0  # the predictor has no samples before them
    return left


def clicks(sound: np.ndarray) -> np.ndarray:
    """Return the places of the clicks in a sound [T] of full scale 1, at least 40 samples apart."""
    left = np.abs(residual(np.asarray(sound, np.float64)))
    level = _spread_around(left)
    strong = np.flatnonzero((left > THRESHOLD * level) & (left > LEAST))
    places: list[int] = []
    for place in strong[np.argsort(-left[strong])]:
        if all(abs(place - other) > GUARD for other in places):
            places.append(int(place))
    return np.array(sorted(places), np.int64)


def _spread_around(left: np.ndarray) -> np.ndarray:
    """RMS over 400 samples on each side, without the nearest 40; the larger side counts."""
    power = np.concatenate([[0.0], np.cumsum(np.square(left))])

    def mean(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        start, stop = np.clip(start, 0, len(left)), np.clip(stop, 0, len(left))
        return np.asarray((power[stop] - power[start]) / np.maximum(stop - start, 1))

    at = np.arange(len(left))
    sides = (mean(at - NEIGHBOURS, at - GUARD), mean(at + GUARD, at + NEIGHBOURS))
    return np.asarray(np.sqrt(np.maximum(*sides)) + 1e-9)


def insert(sound: np.ndarray, place: int, kind: str, size: float) -> np.ndarray:
    """Return a copy of a sound [T] with one fault.

    A `step` of `size` decays within 5 ms, one `sample` is moved by `size`, a `gap` drops 64
    samples.
    """
    hurt = np.array(sound, np.float64)
    if kind == "gap":
        hurt[place:-GAP] = hurt[place + GAP :]
    elif kind == "sample":
        hurt[place] += size
    else:
        hurt[place:] += size * np.exp(-np.arange(len(hurt) - place) / DECAY)
    return hurt


def found_of_inserted(sound: np.ndarray, kind: str, share: float, count: int = 40, seed: int = 0) -> float:
    """Return the share of inserted faults that are found.

    Each is as large as `share` of the RMS of the 100 ms around it; silent places are left out.
    """
    rng, hits, tried = np.random.default_rng(seed), 0, 0
    while tried < count:
        place = int(rng.integers(2 * HALF, len(sound) - 2 * HALF))
        around = np.asarray(sound[place - 2 * HALF : place + 2 * HALF], np.float64)
        level = float(np.sqrt(np.mean(around[HALF:-HALF] ** 2)))
        if not np.isfinite(level) or level < QUIETEST:
            continue
        tried += 1
        found = clicks(insert(around, 2 * HALF, kind, share * level))
        hits += bool(np.any(np.abs(found - 2 * HALF) <= 4))
    return hits / count
