"""Samples as integers: rounded at 24 bits, dithered at 16, the noise where it is heard least.

Source of the filter: Lipshitz, Vanderkooy and Wannamaker, "Minimally Audible Noise Shaping", J.
Audio Eng. Soc. 39, 1991, five coefficients for 44.1 kHz.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.native.library import native_library

SHAPING = np.array([2.033, -2.165, 1.959, -1.590, 0.6149])  # weights of the last errors, newest first
SHAPED_RATES_HZ = (44100, 96000)  # between which the noise lands above what is heard


class Quantiser:
    """Turns blocks of one file into what its subtype holds; the noise is the same every time.

    Without the native kernel, and at rates where nothing hides it, the noise is not `shaped`.
    """

    def __init__(self, subtype: str, channels: int, sample_rate: int, *, shaped: bool = True) -> None:
        self._subtype, self._random = subtype, np.random.default_rng(0)
        self._errors = np.zeros((channels, len(SHAPING)))
        low, high = SHAPED_RATES_HZ
        self._native = native_library() if shaped and low <= sample_rate <= high else "not here"

    def process(self, block: Float32Array) -> npt.NDArray[Any]:
        """Return a block [n, ch] as integers of 16 or 24 bits, or else as it is."""
        if self._subtype == "PCM_16":
            noise = self._random.random(block.shape) - self._random.random(block.shape)
            return self._shaped(block, noise)
        if self._subtype == "PCM_24":
            scaled = np.rint(block.astype(np.float64) * 8388608.0)
            return np.left_shift(np.asarray(np.clip(scaled, -8388608, 8388607), np.int32), 8)
        return np.ascontiguousarray(block)

    def _shaped(self, block: Float32Array, noise: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
        if isinstance(self._native, str):
            scaled = np.rint(block * 32768.0 + np.where(block == 0.0, 0.0, noise))
            return np.asarray(np.clip(scaled, -32768, 32767), np.int16)
        lines, noises = (np.ascontiguousarray(part.T, np.float64) for part in (block, noise))
        out = np.empty(lines.shape, np.int16)
        for line, random, errors, row in zip(lines, noises, self._errors, out, strict=True):
            at = line.ctypes.data, random.ctypes.data, len(line)
            self._native.shape(*at, SHAPING.ctypes.data, errors.ctypes.data, row.ctypes.data)
        return np.ascontiguousarray(out.T)
