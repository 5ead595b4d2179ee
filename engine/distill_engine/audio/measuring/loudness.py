"""Integrated loudness of sounds of any length (ITU-R BS.1770-5), block by block.

The stretches of 0.4 s overlap by three quarters. They pass an absolute gate of -70 LUFS and a
relative one of 10 dB below their mean (annex 1). Stereo is meant: every channel weighs the same.
The filter works in spectra: scipy's recursive filters take longer to load than a minute to measure.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_gain, db_to_power, power_to_db

SILENT_LUFS = -70.0  # the absolute gate; a sound below it has no loudness
_OFFSET_DB = -0.691  # of the K-weighting at 997 Hz
_GATE_DB = 10.0  # below the mean of the stretches
_RINGING_SECONDS = 0.12  # after which the filter has died away to 1e-12
_STEPS_PER_SECOND, _STEPS = 10, 4  # a stretch begins every 0.1 s and lasts 0.4 s

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Numerator and denominator of a filter of second order."""


def k_biquads(sample_rate: int) -> tuple[Biquad, Biquad]:
    """Return the two filters of the K-weighting (BS.1770-5, annex 1), designed for this rate (Hz).

    The standard tabulates them at 48 kHz; these corners (Hz), gain (dB) and qualities reproduce
    them. The second one's numerator is not scaled, as in the table.
    """
    k = math.tan(math.pi * 1681.974450955533 / sample_rate)
    high, quality = db_to_gain(3.999843853973347), 0.7071752369554196
    band = high**0.4996667741545416
    unit = 1 + k / quality + k * k
    shelf = (
        (
            (high + band * k / quality + k * k) / unit,
            2 * (k * k - high) / unit,
            (high - band * k / quality + k * k) / unit,
        ),
        (1.0, 2 * (k * k - 1) / unit, (1 - k / quality + k * k) / unit),
    )
    k, quality = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    unit = 1 + k / quality + k * k
    return shelf, ((1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / unit, (1 - k / quality + k * k) / unit))


def k_response(omega: Float64Array, sample_rate: int) -> npt.NDArray[np.complex128]:
    """Return the response of the K-weighting at frequencies [n] in radians a sample."""
    z1 = np.exp(-1j * omega)
    z2 = z1 * z1
    shelf, highpass = (
        (b[0] + b[1] * z1 + b[2] * z2) / (1.0 + a[1] * z1 + a[2] * z2) for b, a in k_biquads(sample_rate)
    )
    return np.asarray(shelf * highpass)


class LoudnessMeter:
    """Measures blocks [ch, n] at `sample_rate` (Hz); `lufs` is the loudness so far."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._step = sample_rate // _STEPS_PER_SECOND
        self._piece = 1 << math.ceil(math.log2(_RINGING_SECONDS * sample_rate))
        self._response = k_response(np.linspace(0.0, np.pi, self._piece + 1), sample_rate)
        self._past = np.zeros((channels, self._piece))
        self._rest = np.zeros((channels, 0))
        self._powers: list[Float64Array] = []  # of steps of 0.1 s, all channels added

    def process(self, block: Float32Array) -> None:
        """Add samples [ch, n]."""
        pieces = [block[:, start : start + self._piece] for start in range(0, block.shape[1], self._piece)]
        samples = np.concatenate([self._rest, *(self._weighted(piece) for piece in pieces)], axis=1)
        whole = samples.shape[1] // self._step * self._step
        steps = samples[:, :whole].reshape(len(samples), -1, self._step)
        self._powers.append(np.square(steps).mean(axis=2).sum(axis=0))
        self._rest = samples[:, whole:]

    def _weighted(self, piece: Float32Array) -> Float64Array:
        """Return up to a piece of samples [ch, n], weighted: overlap-save behind the last piece."""
        line = np.concatenate([self._past, piece], axis=1)
        self._past = line[:, -self._piece :]
        sound = np.fft.irfft(np.fft.rfft(line, 2 * self._piece, axis=1) * self._response, axis=1)
        return np.asarray(sound[:, self._piece : line.shape[1]])

    @property
    def lufs(self) -> float:
        """The loudness in LUFS, at least `SILENT_LUFS`; a short sound is one stretch."""
        powers = np.concatenate([*self._powers, np.zeros(0)])
        if len(powers) < _STEPS:
            samples = len(powers) * self._step + self._rest.shape[1]
            stretches = np.array([(powers.sum() * self._step + np.square(self._rest).sum()) / max(1, samples)])
        else:
            stretches = np.convolve(powers, np.full(_STEPS, 1 / _STEPS), "valid")
        heard = stretches[stretches > db_to_power(SILENT_LUFS - _OFFSET_DB)]
        if not len(heard):
            return SILENT_LUFS
        loud = heard[heard > heard.mean() * db_to_power(-_GATE_DB)]
        return float(_OFFSET_DB + power_to_db(loud.mean()))


def loudness_lufs(samples: Float32Array, sample_rate: int) -> float:
    """Return the integrated loudness of samples [ch, T] in LUFS."""
    meter = LoudnessMeter(sample_rate, len(samples))
    meter.process(samples)
    return meter.lufs
