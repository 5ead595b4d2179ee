"""Constants that are the same everywhere and for ever, in numpy: the live engine computes them at load instead of storing megabytes.

A graph asks for them by name, `<kind>/<sizes>` (see `KINDS`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distill_engine.audio.mel import MelConfig, mel_filterbank

FloatArray = npt.NDArray[np.float64]

APART = 0.04  # of its frequency, what the next point lies above one; a bin at least
LEVELS = 64  # bands in which levels are kept
PLACES = 17  # in a window, where an onset may be
RAMP = 128  # samples in which it begins (2.9 ms)


def normal_noise(frames: int, bins: int) -> npt.NDArray[np.float32]:
    """[frames, bins]: normal numbers that drive a synthesis, mean 0, deviation 1."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal((frames, bins)).astype(np.float32)


def mel_filters(bands: int) -> npt.NDArray[np.float32]:
    """[bands, 1025]: the mel's filters."""
    return mel_filterbank(MelConfig(bands=bands))


def between_points(bins: int) -> FloatArray:
    """[points, bins]: what each of the points, ever further apart, has in each bin; lines between them."""
    points = [0.0]
    while points[-1] < bins - 1:
        points.append(points[-1] + max(1.0, APART * points[-1]))
    at = np.array(points) * ((bins - 1) / points[-1])
    return np.stack([np.interp(np.arange(bins), at, row) for row in np.eye(len(at))])


@cache
def band_centres(bands: int) -> tuple[FloatArray, FloatArray]:
    """Centres [bands] in Hz of the mel's filters, and their sums [bands]."""
    config = MelConfig(bands=bands)
    bank = mel_filterbank(config).astype(np.float64)
    sums = np.maximum(bank.sum(1), 1e-12)
    return (bank @ np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)) / sums, sums


def bands_apart(bins: int, bands: int) -> FloatArray:
    """[bins, bands]: how many bands each bin of a spectrum lies from each band of the mel; beyond the outermost centres none."""
    hertz = np.fft.rfftfreq(2 * (bins - 1), 1.0 / MelConfig().sample_rate)
    place = np.interp(hertz, band_centres(bands)[0], np.arange(bands))
    apart: FloatArray = np.abs(place[:, None] - np.arange(bands))
    return apart


def level_shares(bins: int) -> FloatArray:
    """[LEVELS, bins]: what of each bin belongs to each band of levels; one in all, the outermost bins' too."""
    n_fft = 2 * (bins - 1)
    bank = mel_filterbank(MelConfig(n_fft=n_fft, window=n_fft, bands=LEVELS, area_norm=False)).astype(np.float64)
    bank[0, 0] = 1.0
    shares: FloatArray = bank / bank.sum(0)
    return shares


def onset_places(n_fft: int) -> FloatArray:
    """[PLACES]: where in a window an onset may be, in samples from its centre."""
    return np.linspace(-n_fft / 2, n_fft / 2, PLACES)


def onset_ramps(n_fft: int) -> FloatArray:
    """[PLACES, n_fft]: gains over a window of what begins at each of the places."""
    at = np.arange(n_fft) + 0.5 - n_fft / 2
    ramps = np.clip((at - onset_places(n_fft)[:, None]) / RAMP + 0.5, 0.0, 1.0)
    gains: FloatArray = 0.5 - 0.5 * np.cos(np.pi * ramps)
    return gains


class Kind(NamedTuple):
    """How constants of a kind are made of sizes, the sizes that there are, and what is said of others."""

    make: Callable[..., npt.NDArray[np.floating]]
    sizes: tuple[range, ...]
    text: str


_BANDS, _BINS = range(1, 513), range(2, 2050)
KINDS = {
    "noise": Kind(normal_noise, (range(1, 4097), _BINS), "{} x {} numbers of noise"),
    "mel": Kind(mel_filters, (_BANDS,), "{} mel bands"),
    "between": Kind(between_points, (_BINS,), "points between {} bins"),
    "apart": Kind(bands_apart, (_BINS, _BANDS), "{} bins and {} bands"),
    "levels": Kind(level_shares, (_BINS,), "levels of {} bins"),
    "ramps": Kind(onset_ramps, (range(1, 4097),), "ramps over {} samples"),
}


def constant_name(kind: str, *sizes: int) -> str:
    """The name under which a graph asks for the constant of a kind and sizes."""
    return "/".join([kind, *map(str, sizes)])


def computed(name: str) -> npt.NDArray[np.float32] | None:
    """The constant of this name; None if it is no name of one. Raises ValueError for sizes that none has."""
    kind, *numbers = name.split("/")
    found = KINDS.get(kind)
    if found is None or len(numbers) != len(found.sizes) or not all(n.isascii() and n.isdigit() for n in numbers):
        return None
    sizes = [int(n[:6]) for n in numbers]  # six digits are too many already
    if any(size not in allowed for size, allowed in zip(sizes, found.sizes, strict=True)):
        raise ValueError(found.text.format(*sizes))
    return found.make(*sizes).astype(np.float32)
