"""Constants that are the same everywhere and for ever, in numpy: the live engine computes them at load instead of storing megabytes.

A graph asks for them by name: `noise/<frames>/<bins>`, what drives a synthesis, `mel/<bands>`, the filters of the mel,
`between/<bins>`, what points of a spectrum have in each of its bins, and `apart/<bins>/<bands>`, how far those lie from each other.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt

from distill_engine.audio.mel import MelConfig, mel_filterbank

MAXIMUM_FRAMES, MAXIMUM_BINS, MAXIMUM_BANDS = 4096, 2049, 512
APART = 0.04  # of its frequency, what the next point lies above one; a bin at least
_NOISE, _FILTERS = re.compile(r"noise/(\d{1,5})/(\d{1,5})"), re.compile(r"mel/(\d{1,5})")
_BETWEEN, _APART = re.compile(r"between/(\d{1,5})"), re.compile(r"apart/(\d{1,5})/(\d{1,5})")


def normal_noise(frames: int, bins: int) -> npt.NDArray[np.float32]:
    """Normal numbers [frames, bins]: mean 0, deviation 1."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal((frames, bins)).astype(np.float32)


def noise_name(frames: int, bins: int) -> str:
    """The name under which a graph asks for the noise of these sizes."""
    return f"noise/{frames}/{bins}"


def mel_filters(bands: int) -> npt.NDArray[np.float32]:
    """The mel's filters [bands, 1025]."""
    return mel_filterbank(MelConfig(bands=bands))


def filters_name(bands: int) -> str:
    """The name under which a graph asks for the mel's filters."""
    return f"mel/{bands}"


def between_points(bins: int) -> npt.NDArray[np.float32]:
    """[points, bins]: what each of the points, ever further apart, has in each bin; lines between them."""
    points = [0.0]
    while points[-1] < bins - 1:
        points.append(points[-1] + max(1.0, APART * points[-1]))
    at = np.array(points) * ((bins - 1) / points[-1])
    return np.stack([np.interp(np.arange(bins), at, row) for row in np.eye(len(at))]).astype(np.float32)


def between_name(bins: int) -> str:
    """The name under which a graph asks for what points have in so many bins."""
    return f"between/{bins}"


@cache
def band_centres(bands: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Centres [bands] in Hz of the mel's filters, and their sums [bands]."""
    config = MelConfig(bands=bands)
    bank = mel_filterbank(config).astype(np.float64)
    sums = np.maximum(bank.sum(1), 1e-12)
    return (bank @ np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)) / sums, sums


def bands_apart(bins: int, bands: int) -> npt.NDArray[np.float32]:
    """[bins, bands]: how many bands each bin of a spectrum lies from each band of the mel; beyond the outermost centres none."""
    hertz = np.fft.rfftfreq(2 * (bins - 1), 1.0 / MelConfig().sample_rate)
    place = np.interp(hertz, band_centres(bands)[0], np.arange(bands))
    apart: npt.NDArray[np.float32] = np.abs(place[:, None] - np.arange(bands)).astype(np.float32)
    return apart


def apart_name(bins: int, bands: int) -> str:
    """The name under which a graph asks for how far bins and bands lie apart."""
    return f"apart/{bins}/{bands}"


def computed(name: str) -> npt.NDArray[np.float32] | None:
    """The constant of this name; None if it is no name of one. Raises ValueError for sizes that none has."""
    if match := _NOISE.fullmatch(name):
        frames, bins = int(match[1]), int(match[2])
        if not (0 < frames <= MAXIMUM_FRAMES and 0 < bins <= MAXIMUM_BINS):
            raise ValueError(f"{frames} x {bins} numbers of noise")
        return normal_noise(frames, bins)
    if match := _FILTERS.fullmatch(name):
        if not 0 < int(match[1]) <= MAXIMUM_BANDS:
            raise ValueError(f"{match[1]} mel bands")
        return mel_filters(int(match[1]))
    if match := _BETWEEN.fullmatch(name):
        if not 1 < int(match[1]) <= MAXIMUM_BINS:
            raise ValueError(f"points between {match[1]} bins")
        return between_points(int(match[1]))
    if match := _APART.fullmatch(name):
        bins, bands = int(match[1]), int(match[2])
        if not (1 < bins <= MAXIMUM_BINS and 0 < bands <= MAXIMUM_BANDS):
            raise ValueError(f"{bins} bins and {bands} bands")
        return bands_apart(bins, bands)
    return None
