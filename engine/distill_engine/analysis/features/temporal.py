"""Measures of change over time: attack, density and movement.

Sources: Bello et al. 2005 "A tutorial on onset detection" (spectral flux, adaptive threshold),
Dixon 2006 (peak picking), Peeters 2004 (modulation of band energies).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

from distill_engine.audio.arrays import Float64Array

AUDIBLE_BELOW_PEAK_DB = 60.0
ONSET_DB = 2.0
DENSITY_SECONDS = 2.0
MOVEMENT_SECONDS = 0.5


def floored(levels: Float64Array) -> Float64Array:
    """Raise band levels [F, bands] in dB to a floor; return them.

    The floor is 60 dB below the loudest band of the signal, at least -90 dB.
    """
    return np.maximum(levels, max(float(levels.max()) - AUDIBLE_BELOW_PEAK_DB, -90.0))


def spectral_flux(levels: Float64Array) -> Float64Array:
    """Return the spectral flux [F] in dB of band levels [F, bands] in dB.

    Half-wave rectified rise over two frames, averaged over the bands.
    """
    rise = np.zeros_like(levels)
    rise[2:] = np.maximum(levels[2:] - levels[:-2], 0.0)
    return np.asarray(rise.mean(axis=1))


def onsets(flux: Float64Array, frame_rate: float) -> npt.NDArray[np.bool_]:
    """Return true [F] for frames in which a note or hit starts, from the flux [F] in dB.

    Onsets are maxima of the flux within 50 ms on either side that exceed by 2 dB the median within
    250 ms on either side. `frame_rate` is in frames per second.
    """
    half_width = max(1, round(0.05 * frame_rate))
    median = median_filter(flux, size=2 * round(0.25 * frame_rate) + 1, mode="nearest")
    peak = (flux == maximum_filter1d(flux, 2 * half_width + 1, mode="nearest")) & (flux > median + ONSET_DB)
    return np.asarray(peak & np.concatenate([[True], ~peak[:-1]]))


def density(starts: npt.NDArray[np.bool_], frame_rate: float) -> Float64Array:
    """Return the onsets per second [F] in the two seconds around each frame, from onsets [F]."""
    width = min(len(starts), max(1, round(DENSITY_SECONDS * frame_rate)))
    return np.asarray(uniform_filter1d(starts.astype(np.float64), width, mode="nearest") * frame_rate)


def movement(levels: Float64Array, frame_rate: float) -> Float64Array:
    """Return the modulation [F] in dB of band levels [F, bands] in dB.

    Standard deviation over half a second, averaged over the bands.
    """
    width = min(len(levels), max(1, round(MOVEMENT_SECONDS * frame_rate)))
    mean = uniform_filter1d(levels, width, axis=0, mode="nearest")
    square = uniform_filter1d(levels**2, width, axis=0, mode="nearest")
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)).mean(axis=1))
