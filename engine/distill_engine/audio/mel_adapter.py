"""Convert log-mel spectrograms between definitions: a model may play through any vocoder.

A sine keeps its frequency, level and duration; noise keeps its level. For each frame: undo the
compression, take out clear sines (peaks two or three bands wide), invert the source's filterbank
for the rest (ridge regression), move both to the target's frequency axis and power, and apply the
target's filterbank and compression. In time, the centres of frames are aligned.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import band_edges, compress, hann_window, mel_filterbank
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError

RIDGE = 1e-3  # regularisation of the inverse filterbank, relative to its mean diagonal
PEAK_RATIO = 12.0  # least magnitude of a sine's band over those around it, per unit of filter area
LEFT_OVER = 0.1  # share of a sine's bands up to which the remainder counts as error of the fit
LOBE_STEPS = 12  # candidate sines per bin of the source's spectrum


class MelAdapter:
    """Converts mels of one definition to another; they may differ in every field.

    Frequencies above the source's highest band are silent in the result. If both definitions are
    equal the mel passes unchanged.
    """

    def __init__(self, source: MelConfig, target: MelConfig) -> None:
        self.source, self.target = source, target
        self.time_ratio = source.frame_rate / target.frame_rate  # source frames per target frame
        self.reach = math.ceil(max(1.0, self.time_ratio))  # source frames on each side of a target frame's centre
        if source != target:
            self._inverse = _ridge_inverse(source)
            self._sines = _sine_table(source, target)
            self._bank = mel_filterbank(target).astype(np.float64)
            self._onto_bins = _bin_interpolation(source, target) * _noise_gain(source, target)
            if target.power == 1:  # no power between the two matrices: join them to a smaller one
                self._bank, self._onto_bins = np.eye(target.bands), self._bank @ self._onto_bins

    def frames(self, count: int) -> int:
        """Return the target frames that last as long as `count` source frames, to the nearest."""
        return max(1, round(count / self.time_ratio)) if count else 0

    def convert(self, mel: Float32Array) -> Float32Array:
        """Convert source log-mel [bands, F] to target [bands', frames(F)]. Raises ConfigError."""
        if mel.ndim != 2 or mel.shape[0] != self.source.bands:
            raise ConfigError(f"mel adapter takes [{self.source.bands}, frames], got shape {mel.shape}")
        if self.source == self.target or mel.shape[1] == 0:
            return mel if self.source == self.target else np.zeros((self.target.bands, 0), np.float32)
        blocks = [self.linear(mel[:, i : i + 512]) for i in range(0, mel.shape[1], 512)]
        return self.at_frames(np.concatenate(blocks, axis=1), np.arange(self.frames(mel.shape[1])))

    def linear(self, mel: Float32Array) -> Float64Array:
        """Convert log-mel [bands, F] to linear target mel [bands', F] at the source's times."""
        linear = _expand(mel, self.source)
        sines, rest = self._sines.extract(linear)
        spectrum = np.maximum(self._inverse @ rest, 0.0) ** (1.0 / self.source.power)  # magnitudes [bins, F]
        return sines + self._bank @ (self._onto_bins @ spectrum) ** self.target.power

    def at_frames(self, linear: Float64Array, frames: npt.NDArray[np.int64], first: int = 0) -> Float32Array:
        """Return log-mel [bands', J] at target frames [J] of linear mel [bands', F].

        Each is a weighted mean around its centre. The first linear frame is source frame `first`;
        frames before and after the given ones do not count.
        """
        count = first + linear.shape[1]
        centres = np.clip((frames + 0.5) * self.time_ratio - 0.5, 0, max(0, count - 1))
        indices = np.floor(centres)[:, None].astype(int) + np.arange(-self.reach, self.reach + 2)
        weights = np.maximum(0.0, 1.0 - np.abs(indices - centres[:, None]) / max(1.0, self.time_ratio))
        weights[(indices < first) | (indices >= count)] = 0.0
        weights /= weights.sum(axis=1, keepdims=True)
        gathered = linear[:, np.clip(indices, first, max(first, count - 1)) - first]  # [bands', J, 2 reach + 2]
        return compress(np.asarray(np.einsum("bfk,fk->bf", gathered, weights)), self.target)


class _SineTable:
    """Mels of sines of unit amplitude in both definitions, at closely spaced frequencies."""

    def __init__(self, source: MelConfig, target: MelConfig) -> None:
        self._power = source.power
        self._exponent = target.power / source.power
        self._gain = float((_window_sum(target) / _window_sum(source)) ** target.power)
        step = source.sample_rate / source.n_fft / LOBE_STEPS
        high = min(source.f_max, target.f_max, target.sample_rate / 2)
        frequencies = np.arange(max(source.f_min, target.f_min) + 2 * step, high, step)
        self._source = _responses(frequencies, source)  # [bands, frequencies]
        self._target = _responses(frequencies, target)
        self._per_unit = 1.0 / np.maximum(mel_filterbank(source).sum(axis=1), 1e-12)[:, None]
        self._below, self._above = _outside_lobe(source)
        peaks = np.argmax(self._source, axis=0)  # the band in which each sine is strongest
        self._candidates = [self._around(band, peaks) for band in range(source.bands)]

    def _around(
        self, band: int, peaks: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], Float64Array, Float64Array]:
        """Return the sines [K] that may cause a peak in this band.

        With them their shapes [lobe, K], normalised to unit length, and the lengths [K] they had.
        """
        candidates = np.nonzero(np.abs(peaks - band) <= 1)[0]
        shapes = self._source[max(0, self._below[band] + 1) : self._above[band], candidates]
        lengths = np.maximum(np.sqrt((shapes**2).sum(0)), 1e-15)
        return candidates, shapes / lengths, lengths

    def extract(self, linear: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Split linear mel [bands, F] into target mel [bands', F] of its sines and the rest."""
        rest = linear.copy()
        result = np.zeros((self._target.shape[0], linear.shape[1]))
        bands, frames = np.nonzero(self._is_peak(linear))
        for which in np.argsort(-linear[bands, frames]):  # strongest first: a weaker peak may be part of the same sine
            band, frame = bands[which], frames[which]
            if rest[band, frame] < 0.5 * linear[band, frame]:
                continue
            low, high = max(0, self._below[band] + 1), self._above[band]
            candidates, shapes, lengths = self._candidates[band]
            if not len(candidates):
                continue
            observed = rest[low:high, frame].copy()
            likeness = observed @ shapes  # least squares: the largest belongs to the shape that explains most
            best = int(np.argmax(likeness))
            amplitude, index = likeness[best] / lengths[best], candidates[best]
            remains = rest[:, frame] - amplitude * self._source[:, index]
            error = np.maximum(LEFT_OVER * observed, 0.5 * LEFT_OVER * observed.max())
            remains[low:high][remains[low:high] < error] = 0.0  # the root for magnitudes would enlarge small errors
            rest[:, frame] = np.maximum(remains, 0.0)
            result[:, frame] += amplitude**self._exponent * self._gain * self._target[:, index]
        return result, rest

    def _is_peak(self, linear: Float64Array) -> npt.NDArray[np.bool_]:
        """Return which bands [bands, F] stand out as only a sine's do.

        They are local maxima, PEAK_RATIO above the nearest bands outside the lobe of a sine.
        """
        density = np.pad((linear * self._per_unit) ** (1.0 / self._power), ((1, 1), (0, 0)))
        here = density[1:-1]
        highest = (here > density[:-2]) & (here >= density[2:])
        around = np.maximum(np.maximum(density[self._below + 1], density[self._above + 1]), 1e-4)
        return np.asarray(highest & (here > PEAK_RATIO * around))


def _outside_lobe(config: MelConfig) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the nearest lower and higher band [bands] that a sine in each band does not reach.

    -1 and `bands` stand where there is none.
    """
    edges = band_edges(config)
    lobe = 2.0 * config.sample_rate / config.window
    left, centres, right = edges[:-2], edges[1:-1], edges[2:]
    below = [int(np.sum(right < min(left[b], c - 1.5 * lobe))) - 1 for b, c in enumerate(centres)]
    above = [config.bands - int(np.sum(left > max(right[b], c + 1.5 * lobe))) for b, c in enumerate(centres)]
    return np.array(below), np.array(above)


def _responses(frequencies: Float64Array, config: MelConfig) -> Float64Array:
    """Return linear mels [bands, N] of sines at frequencies [N] in Hz whose spectrum peaks at 1."""
    bank = mel_filterbank(config).astype(np.float64)
    per_bin = config.sample_rate / config.n_fft
    nearest = np.round(frequencies / per_bin).astype(int)
    result = np.zeros((config.bands, len(frequencies)))
    for offset in range(-8, 9):
        bins = nearest + offset
        x = (bins * per_bin - frequencies) * (config.window / config.sample_rate)
        at_one = np.abs(np.abs(x) - 1.0) < 1e-9
        lobe = np.where(at_one, 0.5, np.sinc(x) / np.where(at_one, 1.0, 1.0 - x * x))
        lobe[(bins < 0) | (bins >= bank.shape[1])] = 0.0
        result += bank[:, np.clip(bins, 0, bank.shape[1] - 1)] * np.abs(lobe) ** config.power
    return result


@cache
def _sine_table(source: MelConfig, target: MelConfig) -> _SineTable:
    return _SineTable(source, target)


def _window_sum(config: MelConfig) -> float:
    return float(hann_window(config.window, config.n_fft).sum())


def _noise_gain(source: MelConfig, target: MelConfig) -> float:
    """Return the ratio of the magnitudes of the same noise in both spectra."""

    def power(config: MelConfig) -> float:
        return float((hann_window(config.window, config.n_fft) ** 2).sum()) * config.sample_rate

    # half of the ratio between mean and RMS of a noise's magnitude
    spread = (np.pi / 4) ** (0.25 * (source.power - target.power))
    return float(np.sqrt(power(target) / power(source)) * spread)


def _expand(mel: Float32Array, config: MelConfig) -> Float64Array:
    """Return the linear mel [bands, F] of a log-mel [bands, F]; values at the floor become 0."""
    x = mel.astype(np.float64)
    if config.compression == "log1p":
        return np.maximum(np.expm1(x), 0.0)
    linear = np.exp(x)
    return np.where(linear <= config.floor * 1.0001, 0.0, linear)


@cache
def _ridge_inverse(config: MelConfig) -> Float64Array:
    """Return the regularised pseudo-inverse [bins, bands]; bands of all areas weigh alike."""
    bank = mel_filterbank(config).astype(np.float64)
    area = np.maximum(bank.sum(axis=1, keepdims=True), 1e-12)
    even = bank / area
    gram = even @ even.T
    inverse = even.T @ np.linalg.inv(gram + RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)))
    return np.asarray(inverse / area.T)


@cache
def _bin_interpolation(source: MelConfig, target: MelConfig) -> Float64Array:
    """Return the matrix [bins', bins] that interpolates a source spectrum to the target's bins."""
    from_hz = np.fft.rfftfreq(source.n_fft, 1.0 / source.sample_rate)
    to_hz = np.fft.rfftfreq(target.n_fft, 1.0 / target.sample_rate)
    columns: list[Any] = [np.interp(to_hz, from_hz, row, right=0.0) for row in np.eye(len(from_hz))]
    return np.stack(columns, axis=1)
