"""Measures of change over time: attack, density and movement.

Sources: Bello et al. 2005 "A tutorial on onset detection" (spectral flux, adaptive threshold), Dixon 2006 (peak picking),
Peeters 2004 (modulation of band energies).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

FloatArray = npt.NDArray[np.float64]

AUDIBLE_BELOW_PEAK_DB = 60.0
ONSET_DB = 2.0
DENSITY_SECONDS = 2.0
MOVEMENT_SECONDS = 0.5


def floored(levels: FloatArray) -> FloatArray:
    """Band levels [F, bands] raised to a floor 60 dB below the loudest band of the signal and to -90 dB."""
    return np.maximum(levels, max(float(levels.max()) - AUDIBLE_BELOW_PEAK_DB, -90.0))


def spectral_flux(levels: FloatArray) -> FloatArray:
    """Mean rise of the band levels over two frames, in dB [F] (half-wave rectified flux of log magnitudes)."""
    rise = np.zeros_like(levels)
    rise[2:] = np.maximum(levels[2:] - levels[:-2], 0.0)
    return np.asarray(rise.mean(axis=1))


def onsets(flux: FloatArray, frame_rate: float) -> npt.NDArray[np.bool_]:
    """True where a note or hit starts [F]: peaks of the flux over 50 ms that stand 2 dB above the median around them."""
    reach = max(1, round(0.05 * frame_rate))
    around = median_filter(flux, size=2 * round(0.25 * frame_rate) + 1, mode="nearest")
    peak = (flux == maximum_filter1d(flux, 2 * reach + 1, mode="nearest")) & (flux > around + ONSET_DB)
    return np.asarray(peak & np.concatenate([[True], ~peak[:-1]]))


def density(starts: npt.NDArray[np.bool_], frame_rate: float) -> FloatArray:
    """Onsets per second [F] in the two seconds around each frame."""
    width = min(len(starts), max(1, round(DENSITY_SECONDS * frame_rate)))
    return np.asarray(uniform_filter1d(starts.astype(np.float64), width, mode="nearest") * frame_rate)


def movement(levels: FloatArray, frame_rate: float) -> FloatArray:
    """Standard deviation over half a second of the band levels, averaged over the bands, in dB [F]."""
    width = min(len(levels), max(1, round(MOVEMENT_SECONDS * frame_rate)))
    mean = uniform_filter1d(levels, width, axis=0, mode="nearest")
    square = uniform_filter1d(levels**2, width, axis=0, mode="nearest")
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)).mean(axis=1))
