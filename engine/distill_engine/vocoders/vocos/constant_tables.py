"""Constant tables of the vocos vocoder, computed in numpy from their names.

The tables are the same for every model. A graph refers to them as `<kind>/<sizes>` (see `KINDS`),
and the live engine computes them on loading, so that model files need not store megabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import mel_filterbank
from distill_engine.audio.mel_config import MelConfig

POINT_SPACING = 0.04  # of a point's frequency, up to the next point; one bin at least
LEVELS = 64  # mel bands in which the vocoder keeps the level of the mel
ONSET_POSITIONS = 17  # candidate positions of an onset within a window
COLUMNS = 32  # in which a Fourier transform lays out its samples
RAMP_SAMPLES = 128  # length of the ramp at an onset (2.9 ms)


def normal_noise(frames: int, bins: int) -> Float32Array:
    """Return standard normal noise [frames, bins] of a fixed seed, which drives the oscillators."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal((frames, bins)).astype(np.float32)


def mel_filters(bands: int) -> Float32Array:
    """Return the mel filterbank [bands, 1025] of the default mel with so many bands."""
    return mel_filterbank(MelConfig(bands=bands))


def between_points(bins: int) -> Float64Array:
    """Return the matrix [points, bins] that interpolates linearly from spectral points to bins.

    The points are about one bin apart at low frequencies and POINT_SPACING of their frequency at
    high ones; the first lies on the first bin, the last on the last. Each column sums to 1.
    """
    points = [0.0]
    while points[-1] < bins - 1:
        points.append(points[-1] + max(1.0, POINT_SPACING * points[-1]))
    positions = np.array(points) * ((bins - 1) / points[-1])
    return np.stack([np.interp(np.arange(bins), positions, row) for row in np.eye(len(positions))])


@cache
def band_centres(bands: int) -> tuple[Float64Array, Float64Array]:
    """Return the centres [bands] in Hz of the mel filters and the sums [bands] of their weights.

    A centre is the filter's mean frequency.
    """
    config = MelConfig(bands=bands)
    bank = mel_filterbank(config).astype(np.float64)
    sums = np.maximum(bank.sum(1), 1e-12)
    return (bank @ np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)) / sums, sums


def advances_apart(bins: int, bands: int, hop: int) -> Float32Array:
    """Return the advance [bins, bands] in radians per `hop` of band centres relative to bins.

    It is the difference of float32 numbers, as it has always been: takes depend on its roundings.
    """
    radians = 2 * np.pi * hop / MelConfig().sample_rate
    own = np.fft.rfftfreq(2 * (bins - 1), 1.0 / MelConfig().sample_rate) * radians
    return (band_centres(bands)[0] * radians).astype(np.float32) - own.astype(np.float32)[:, None]


def bands_apart(bins: int, bands: int) -> Float64Array:
    """Return the distance [bins, bands], in mel bands, of each spectral bin from each mel band.

    A bin beyond the outermost centre counts as lying on that centre.
    """
    hertz = np.fft.rfftfreq(2 * (bins - 1), 1.0 / MelConfig().sample_rate)
    position = np.interp(hertz, band_centres(bands)[0], np.arange(bands))
    distance: Float64Array = np.abs(position[:, None] - np.arange(bands))
    return distance


def level_filters(bins: int) -> Float64Array:
    """Return mel-filterbank weights [LEVELS, bins], normalised so that each column sums to 1."""
    n_fft = 2 * (bins - 1)
    bank = mel_filterbank(MelConfig(n_fft=n_fft, window=n_fft, bands=LEVELS, area_norm=False)).astype(np.float64)
    bank[0, 0] = 1.0
    weights: Float64Array = bank / bank.sum(0)
    return weights


def onset_positions(n_fft: int) -> Float64Array:
    """Return the candidate onsets [ONSET_POSITIONS] in samples from the window's centre."""
    return np.linspace(-n_fft / 2, n_fft / 2, ONSET_POSITIONS)


def onset_ramps(n_fft: int) -> Float64Array:
    """Return gains [ONSET_POSITIONS, n_fft] over a window, for a start at each position.

    They rise from 0 to 1 along a raised cosine of RAMP_SAMPLES samples, centred on the position.
    """
    samples = np.arange(n_fft) + 0.5 - n_fft / 2
    ramps = np.clip((samples - onset_positions(n_fft)[:, None]) / RAMP_SAMPLES + 0.5, 0.0, 1.0)
    gains: Float64Array = 0.5 - 0.5 * np.cos(np.pi * ramps)
    return gains


def fold(n: int) -> Float64Array:
    """Return the matrix [n / COLUMNS, 4 * n / COLUMNS] that transforms columns of samples.

    The blocks are real, imaginary, imaginary and real parts. See `layers.runtime_forms`.
    """
    rows = n // COLUMNS
    angle = 2 * np.pi / rows * np.outer(np.arange(rows), np.arange(rows))
    return np.concatenate([np.cos(angle), -np.sin(angle), -np.sin(angle), np.cos(angle)], 1)


def twiddles(n: int) -> Float64Array:
    """Return the factors [COLUMNS, 4 * n / COLUMNS] between both parts of a transform."""
    angle = 2 * np.pi / n * np.outer(np.arange(COLUMNS), np.arange(n // COLUMNS))
    return np.concatenate([np.cos(angle), np.sin(angle), np.cos(angle), -np.sin(angle)], 1)


def unfold() -> Float64Array:
    """Return the matrix [COLUMNS + 2, 4 * COLUMNS] that transforms rows after the twiddles.

    Its rows are the real, then the imaginary parts of the result.
    """
    angle = 2 * np.pi / COLUMNS * np.outer(np.arange(COLUMNS // 2 + 1), np.arange(COLUMNS))
    cosine, sine = np.cos(angle), np.sin(angle)
    real, imaginary = (cosine, cosine, sine, sine), (-sine, -sine, cosine, cosine)
    return np.concatenate([np.stack(x, -1).reshape(len(angle), -1) for x in (real, imaginary)])


class Kind(NamedTuple):
    """One kind of table.

    Attributes:
        make: computes the table from its sizes.
        sizes: the legal values of each size.
        text: what the table is, with a gap for each size, for error messages.
    """

    make: Callable[..., npt.NDArray[np.floating]]
    sizes: tuple[range, ...]
    text: str


_BANDS, _BINS, _POINTS = range(1, 513), range(2, 2050), range(64, 4097, 64)  # sizes that may be asked for
KINDS = {
    "noise": Kind(normal_noise, (range(1, 4097), _BINS), "{} x {} values of noise"),
    "mel": Kind(mel_filters, (_BANDS,), "{} mel bands"),
    "between": Kind(between_points, (_BINS,), "points between {} bins"),
    "apart": Kind(bands_apart, (_BINS, _BANDS), "{} bins and {} bands"),
    "advances": Kind(advances_apart, (_BINS, _BANDS, range(1, 4097)), "{} bins and {} bands, {} samples apart"),
    "levels": Kind(level_filters, (_BINS,), "levels of {} bins"),
    "ramps": Kind(onset_ramps, (range(1, 4097),), "ramps over {} samples"),
    "fold": Kind(fold, (_POINTS,), "a Fourier transform of {} samples"),
    "twiddles": Kind(twiddles, (_POINTS,), "a Fourier transform of {} samples"),
    "unfold": Kind(unfold, (), "a Fourier transform"),
}
"""Kinds of tables under the names that graphs use."""


def constant_name(kind: str, *sizes: int) -> str:
    """Return the name by which a graph refers to the table of a kind and sizes."""
    return "/".join([kind, *map(str, sizes)])


def computed(name: str) -> Float32Array | None:
    """Return the float32 table of this name; None if it is not a table's name.

    The array's shape [...] depends on the kind. Raises ValueError for sizes out of range; the
    message says what was asked for.
    """
    kind_name, *numbers = name.split("/")
    kind = KINDS.get(kind_name)
    if kind is None or len(numbers) != len(kind.sizes) or not all(n.isascii() and n.isdigit() for n in numbers):
        return None
    sizes = [int(n[:6]) for n in numbers]  # a number of six digits is out of every range
    if any(size not in allowed for size, allowed in zip(sizes, kind.sizes, strict=True)):
        raise ValueError(kind.text.format(*sizes))
    return kind.make(*sizes).astype(np.float32)
