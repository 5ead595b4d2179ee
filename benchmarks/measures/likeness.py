"""How much a performance sounds like its corpus, in five figures.

Frames of 2,048 samples, hop 512, that are within 60 dB of each sound's peak:

timbre    distance (nat a band, level removed) of a frame to its nearest corpus frame, over the same
          for a file of the corpus against the others; 1 is as close as the corpus is to itself
coverage  share of 32 timbre clusters that get at least a fifth of their share of the time
tonality  Wasserstein distance of the spectral flatness, in the corpus's standard deviations
dynamics  range of levels (10th to 90th percentile) over the corpus's
events    onsets a second over the corpus's

A sound is brought to the corpus's peak first: faint frames near the floor of the measure count as
they would at one level. Timbre follows the nearest-neighbour statistics of Kynkaanniemi et al. (2019), frame by frame.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RATE, SIZE, HOP, BANDS = 44_100, 2_048, 512, 128
HEARD_DB, LEAST_RISE, CLUSTERS, MOST_FRAMES = 60.0, 0.35, 32, 12_000
FIGURES = ("timbre", "coverage", "tonality", "dynamics", "events")


@dataclass(frozen=True)
class Frames:
    """What is measured of a sound: timbre [N, BANDS], flatness and level [N], onsets, seconds."""

    timbre: np.ndarray
    flatness: np.ndarray
    level: np.ndarray
    onsets: int
    seconds: float


@functools.cache
def _filters() -> np.ndarray:
    mel = np.linspace(0.0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges, hertz = 700 * (10 ** (mel / 2595) - 1), np.fft.rfftfreq(SIZE, 1 / RATE)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) / (edges[2:] - edges[:-2])[:, None] * 1000


def frames_of(samples: np.ndarray) -> Frames:
    """Measure mono samples [T] at 44.1 kHz."""
    padded = np.pad(samples, (2 * SIZE, SIZE))
    windows = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP] * np.hanning(SIZE)
    power = np.abs(np.fft.rfft(windows, axis=1)) ** 2 + 1e-12
    level = 10 * np.log10(power.sum(axis=1))
    heard = level > level.max() - HEARD_DB
    mel, audible = 0.5 * np.log(power @ _filters().T + 1e-9), power[:, 2:700]
    flatness = 10 * np.log10(np.exp(np.log(audible).mean(axis=1)) / audible.mean(axis=1))
    rise = np.maximum(0, np.diff(mel, axis=0, prepend=mel[:1])).mean(axis=1)
    onset = (rise > LEAST_RISE) & (rise >= np.roll(rise, 1)) & (rise > np.roll(rise, -1)) & heard
    timbre = np.maximum(mel, mel.max(axis=1, keepdims=True) - 7)
    timbre = (timbre - timbre.mean(axis=1, keepdims=True))[heard]
    return Frames(timbre, flatness[heard], level[heard], int(onset.sum()), len(level) * HOP / RATE)


class Likeness:
    """Compare sounds with a corpus of mono sounds [T] at 44.1 kHz."""

    def __init__(self, sounds: Sequence[np.ndarray]) -> None:
        corpus = [frames_of(sound) for sound in sounds]
        self._peak = max(float(np.abs(sound).max()) for sound in sounds)
        self._timbre = _thin(np.concatenate([c.timbre for c in corpus]))
        picked = range(0, len(corpus), max(1, len(corpus) // 12))
        itself = []
        for index in picked:
            others = _thin(np.concatenate([c.timbre for i, c in enumerate(corpus) if i != index]))
            itself.append(_nearest(_thin(corpus[index].timbre, 1000), others))
        self._own = float(np.mean(itself))
        self._centres = _clusters(self._timbre)
        self._shares = self._shares_of(self._timbre)
        self._flatness = np.concatenate([c.flatness for c in corpus])
        self._range = _span(np.concatenate([c.level - c.level.max() for c in corpus]))
        self._rate = sum(c.onsets for c in corpus) / sum(c.seconds for c in corpus)

    def _shares_of(self, timbre: np.ndarray) -> np.ndarray:
        label = ((self._centres**2).sum(axis=1) - 2 * timbre @ self._centres.T).argmin(axis=1)
        return np.bincount(label, minlength=len(self._centres)) / len(timbre)

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        """Return the five figures of mono samples [T]."""
        sound = frames_of(samples * (self._peak / max(float(np.abs(samples).max()), 1e-9)))
        apart = np.abs(_quantiles(sound.flatness) - _quantiles(self._flatness)).mean()
        return {
            "timbre": _nearest(sound.timbre, self._timbre) / self._own,
            "coverage": float((self._shares_of(sound.timbre) > self._shares / 5).mean()),
            "tonality": float(apart / (self._flatness.std() + 1e-9)),
            "dynamics": _span(sound.level) / self._range,
            "events": sound.onsets / sound.seconds / (self._rate + 1e-9),
        }


def _nearest(some: np.ndarray, others: np.ndarray) -> float:
    """Return the mean over the rows of `some` of the mean distance to the nearest row of `others`."""
    total, squares = 0.0, (others**2).sum(axis=1)
    for start in range(0, len(some), 512):
        part = some[start : start + 512]
        total += float(np.abs(part - others[(squares - 2 * part @ others.T).argmin(axis=1)]).mean(axis=1).sum())
    return total / len(some)


def _clusters(x: np.ndarray) -> np.ndarray:
    centres = x[np.random.default_rng(0).choice(len(x), min(CLUSTERS, len(x)), replace=False)].copy()
    for _ in range(20):
        label = ((centres**2).sum(axis=1) - 2 * x @ centres.T).argmin(axis=1)
        for k in np.unique(label):
            centres[k] = x[label == k].mean(axis=0)
    return centres


def _thin(x: np.ndarray, most: int = MOST_FRAMES) -> np.ndarray:
    return x if len(x) <= most else x[np.random.default_rng(0).choice(len(x), most, replace=False)]


def _quantiles(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.quantile(x, np.linspace(0.01, 0.99, 99)))


def _span(x: np.ndarray) -> float:
    return float(np.quantile(x, 0.9) - np.quantile(x, 0.1))
