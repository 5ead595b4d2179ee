"""Converts log-mel spectrograms between definitions, so that a model and a vocoder with different ones work together.

A sine keeps its frequency, level and duration; noise keeps its level. Per frame: undo the compression, take out what is clearly
a sine (a peak that fills two or three neighbouring bands), invert the source's filterbank for the rest (ridge regression), move
both to the target's frequency axis and its power, apply the target's filterbank and compression. Time: frame centres are aligned.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import MelConfig, compress, hann_window, hz_to_mel, mel_filterbank, mel_to_hz
from distill_engine.errors import ConfigError

RIDGE = 1e-3
PEAK_RATIO = 12.0  # a sine's bands stand at least this many times (in magnitude, per unit of filter) above those around
LEFT_OVER = 0.1  # what remains of a sine's bands below this share is the fit's error
LOBE_STEPS = 12  # candidate sines per bin of the source's spectrum


class MelAdapter:
    """From mels of one definition to mels of another: rates, hops, bands, scales, power and compression may all differ.

    What the source does not contain (above its highest band) is silence in the result. Where both definitions are equal the
    mel passes unchanged.
    """

    def __init__(self, source: MelConfig, target: MelConfig) -> None:
        self.source, self.target = source, target
        self.time_ratio = source.frame_rate / target.frame_rate  # source frames per target frame
        self.reach = math.ceil(max(1.0, self.time_ratio))  # source frames to each side that a target frame is made of
        if source != target:
            self._inverse = _ridge_inverse(source)
            self._sines = _sine_table(source, target)
            self._bank = mel_filterbank(target).astype(np.float64)
            self._onto_bins = _bin_interpolation(source, target) * _noise_gain(source, target)
            if target.power == 1:  # nothing happens between the two: one smaller matrix
                self._bank, self._onto_bins = np.eye(target.bands), self._bank @ self._onto_bins

    def frames(self, count: int) -> int:
        """Target frames that `count` source frames become: the same duration, to the nearest frame."""
        return max(1, round(count / self.time_ratio)) if count else 0

    def convert(self, mel: Float32Array) -> Float32Array:
        """Log-mel [bands, F] of the source definition -> [bands', frames(F)] of the target's. Raises ConfigError."""
        if mel.ndim != 2 or mel.shape[0] != self.source.bands:
            raise ConfigError(f"mel adapter takes [{self.source.bands}, frames], got shape {mel.shape}")
        if self.source == self.target or mel.shape[1] == 0:
            return mel if self.source == self.target else np.zeros((self.target.bands, 0), np.float32)
        blocks = [self.linear(mel[:, i : i + 512]) for i in range(0, mel.shape[1], 512)]
        return self.at_frames(np.concatenate(blocks, axis=1), np.arange(self.frames(mel.shape[1])))

    def linear(self, mel: Float32Array) -> Float64Array:
        """Linear target mel [bands', F] at the source's frames, each by itself, of log-mel [bands, F]."""
        linear = _expand(mel, self.source)
        sines, rest = self._sines.extract(linear)
        spectrum = np.maximum(self._inverse @ rest, 0.0) ** (1.0 / self.source.power)  # magnitudes [bins, F]
        return sines + self._bank @ (self._onto_bins @ spectrum) ** self.target.power

    def at_frames(self, linear: Float64Array, frames: npt.NDArray[np.int64], first: int = 0) -> Float32Array:
        """Log-mel [bands', J] at these target frames [J]: weighted means around each one's centre of what `linear` gave.

        The first of the linear frames [bands', F] is at source time `first`; nothing is known before and after them.
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
    """What sines of unit amplitude look like in both definitions, at closely spaced frequencies."""

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
        """Sines [K] that may stand behind a peak in this band, their shapes [lobe, K] at unit length, and their lengths [K]."""
        candidates = np.nonzero(np.abs(peaks - band) <= 1)[0]
        shapes = self._source[max(0, self._below[band] + 1) : self._above[band], candidates]
        lengths = np.maximum(np.sqrt((shapes**2).sum(0)), 1e-15)
        return candidates, shapes / lengths, lengths

    def extract(self, linear: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Linear source mel [bands, F] -> target mel [bands', F] of its sines, and the source mel without them."""
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
            likeness = observed @ shapes  # of least squares: the shape that takes most of the observed away
            best = int(np.argmax(likeness))
            amplitude, index = likeness[best] / lengths[best], candidates[best]
            remains = rest[:, frame] - amplitude * self._source[:, index]
            error = np.maximum(LEFT_OVER * observed, 0.5 * LEFT_OVER * observed.max())
            remains[low:high][remains[low:high] < error] = 0.0  # a root would make much of little errors
            rest[:, frame] = np.maximum(remains, 0.0)
            result[:, frame] += amplitude**self._exponent * self._gain * self._target[:, index]
        return result, rest

    def _is_peak(self, linear: Float64Array) -> npt.NDArray[np.bool_]:
        """Bands [bands, F] that stand out as only a sine does: PEAK_RATIO above the nearest bands that its lobe leaves free."""
        density = np.pad((linear * self._per_unit) ** (1.0 / self._power), ((1, 1), (0, 0)))
        here = density[1:-1]
        highest = (here > density[:-2]) & (here >= density[2:])
        around = np.maximum(np.maximum(density[self._below + 1], density[self._above + 1]), 1e-4)
        return np.asarray(highest & (here > PEAK_RATIO * around))


def _outside_lobe(config: MelConfig) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each band the nearest lower and higher one that a sine in it does not reach; -1 and `bands` where there is none."""
    low, high = hz_to_mel([config.f_min, config.f_max], config.scale)
    edges = mel_to_hz(np.linspace(low, high, config.bands + 2), config.scale)
    lobe = 2.0 * config.sample_rate / config.window
    left, centres, right = edges[:-2], edges[1:-1], edges[2:]
    below = [int(np.sum(right < min(left[b], c - 1.5 * lobe))) - 1 for b, c in enumerate(centres)]
    above = [config.bands - int(np.sum(left > max(right[b], c + 1.5 * lobe))) for b, c in enumerate(centres)]
    return np.array(below), np.array(above)


def _responses(frequencies: Float64Array, config: MelConfig) -> Float64Array:
    """Linear mels [bands, frequencies] of sines whose spectrum peaks at 1: the Hann window's lobe through the filterbank."""
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
    """Ratio of the magnitudes that the same noise (per Hz) has in both spectra."""

    def power(config: MelConfig) -> float:
        return float((hann_window(config.window, config.n_fft) ** 2).sum()) * config.sample_rate

    spread = (np.pi / 4) ** (
        0.25 * (source.power - target.power)
    )  # half of what a noisy magnitude's mean and rms differ by
    return float(np.sqrt(power(target) / power(source)) * spread)


def _expand(mel: Float32Array, config: MelConfig) -> Float64Array:
    """Linear values of log-mels; what lies at the floor is silence."""
    x = mel.astype(np.float64)
    if config.compression == "log1p":
        return np.maximum(np.expm1(x), 0.0)
    linear = np.exp(x)
    return np.where(linear <= config.floor * 1.0001, 0.0, linear)


@cache
def _ridge_inverse(config: MelConfig) -> Float64Array:
    """Pseudo-inverse [bins, bands] of the filterbank, smoothed; rows of equal sensitivity whatever the bands' areas."""
    bank = mel_filterbank(config).astype(np.float64)
    area = np.maximum(bank.sum(axis=1, keepdims=True), 1e-12)
    even = bank / area
    gram = even @ even.T
    inverse = even.T @ np.linalg.inv(gram + RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)))
    return np.asarray(inverse / area.T)


@cache
def _bin_interpolation(source: MelConfig, target: MelConfig) -> Float64Array:
    """Matrix [target bins, source bins] that reads a spectrum at the target's frequencies; zero above the source's range."""
    from_hz = np.fft.rfftfreq(source.n_fft, 1.0 / source.sample_rate)
    to_hz = np.fft.rfftfreq(target.n_fft, 1.0 / target.sample_rate)
    columns: list[Any] = [np.interp(to_hz, from_hz, row, right=0.0) for row in np.eye(len(from_hz))]
    return np.stack(columns, axis=1)
