"""What a head does to sound from a direction: measured responses of both ears, interpolated.

The responses are those of a KEMAR dummy head, measured by Bill Gardner and Keith Martin, MIT Media
Lab, 1994: 710 directions, each a delay and a minimum phase of 128 samples. Both are interpolated
between the neighbours in azimuth and elevation, so a moving direction has no steps.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.errors import LibraryError
from distill_engine.library.assets import assets_dir
from distill_engine.native.library import native_library

HALF = 8  # samples on either side of the kernel that delays by parts of a sample
RESPONSE_SAMPLES = 184  # of a whole response: minimum phase, delay of up to 33 samples, kernel


_PHASES = 256  # of the kernels' table in a sample; between them lines


@dataclass(frozen=True)
class _Ring:
    """Directions of one elevation (degrees): `count` rows from `first` on, equal steps apart."""

    elevation: float
    first: int
    count: int

    def neighbours(self, azimuth: float) -> tuple[int, int, float]:
        """Return the rows on either side of an azimuth (degrees), and the share of the second."""
        position = azimuth % 360.0 / 360.0 * self.count
        index = int(position)
        return self.first + index % self.count, self.first + (index + 1) % self.count, position - index


class Head:
    """Both ears' responses to any direction."""

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path) as stored:
                taps = stored["taps"] * (stored["peaks"][:, None].astype(np.float64) / 32767.0)
                self._rows = np.concatenate([stored["delays"][:, None].astype(np.float64), taps], axis=1)
                found, first, count = np.unique(stored["elevations"], return_index=True, return_counts=True)
        except (OSError, KeyError, ValueError):
            raise LibraryError(f"{path}: the head's responses are missing or damaged: install Distill again") from None
        self._rings = [_Ring(*ring) for ring in zip(found.tolist(), first.tolist(), count.tolist(), strict=True)]
        self._elevations = found.tolist()
        self._kernels = _kernels()
        self._native = native_library()
        self._tables = self._rows.ctypes.data, *self._rows.shape
        self._shifts = self._kernels.ctypes.data, _PHASES, 2 * HALF, RESPONSE_SAMPLES

    def ears(self, azimuth: float, elevation: float) -> Float64Array:
        """Return delay and taps [2, 1 + taps] of left and right ear; azimuths to the right."""
        rows, weights = self._around(azimuth, elevation)
        return np.asarray((weights[:, :, None] * self._rows[rows]).sum(axis=1))

    def _around(self, azimuth: float, elevation: float) -> tuple[npt.NDArray[np.int32], Float64Array]:
        """Return the rows [2, 4] around a direction for left and right ear, and their weights."""
        index = min(max(bisect_right(self._elevations, elevation) - 1, 0), len(self._rings) - 2)
        low, high = self._rings[index : index + 2]
        up = min(max((elevation - low.elevation) / (high.elevation - low.elevation), 0.0), 1.0)
        rows, weights = [], []
        for side in (-azimuth, azimuth):  # the right ear is the left one mirrored
            for ring, share in ((low, 1.0 - up), (high, up)):
                before, after, part = ring.neighbours(side)
                rows += [before, after]
                weights += [share * (1.0 - part), share * part]
        return np.array(rows, np.int32).reshape(2, 4), np.array(weights).reshape(2, 4)

    def response(self, azimuth: float, elevation: float) -> Float32Array:
        """Return the responses [2, RESPONSE_SAMPLES] of left and right ear; azimuths to the right.

        Below the lowest elevation that was measured, -40 degrees, its responses hold.
        """
        out = np.zeros((2, RESPONSE_SAMPLES), np.float32)
        if not isinstance(self._native, str):
            rows, weights = self._around(azimuth, elevation)
            around = rows.ctypes.data, weights.ctypes.data
            self._native.respond(*self._tables, *around, *self._shifts, out.ctypes.data)
            return out
        for line, ear in zip(out, self.ears(azimuth, elevation), strict=True):
            whole, fraction = divmod(float(ear[0]), 1.0)
            part = np.convolve(ear[1:], self._delaying(fraction))
            line[int(whole) : int(whole) + len(part)] = part
        return out

    def _delaying(self, fraction: float) -> Float64Array:
        """Return a kernel [2 * HALF] that delays by HALF - 1 samples and a fraction of one."""
        index = int(fraction * _PHASES)
        low, high = self._kernels[index : index + 2]
        return np.asarray(low + (fraction * _PHASES - index) * (high - low))


def _kernels() -> Float64Array:
    """Return windowed sincs [_PHASES + 1, 2 * HALF] that delay by fractions of a sample."""
    at = np.arange(2 * HALF) - (HALF - 1) - np.arange(_PHASES + 1)[:, None] / _PHASES
    return np.asarray(np.sinc(at) * np.cos(at * (np.pi / 2 / HALF)) ** 2)


@cache
def shipped_head() -> Head:
    """Return the head whose responses ship with the product. Raises LibraryError."""
    return Head(assets_dir() / "head.npz")
