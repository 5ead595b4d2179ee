"""What the first latents of a skeleton do to a spectrum: curves over frequency, and words."""

from __future__ import annotations

import numpy as np

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.levels import nats_to_db
from distill_engine.audio.mel import band_edges

SHOWN = 16  # axes
SMOOTHED_BANDS = 5  # over which a curve is averaged before it is put into words
LEAST_SHARE = 0.1  # of a curve's largest value, below which it counts as zero
ONE_SIGN = 0.9  # share of a curve's area on one side of zero, from which on the whole moves


def axis_shapes(skeleton: Skeleton) -> Float64Array:
    """Return what one unit of each of the first axes adds to each band, in dB [axes, bands]."""
    count = min(SHOWN, len(skeleton.spread))
    return nats_to_db(1.0) * (skeleton.basis[:, :count] * skeleton.spread[:count]).T.astype(np.float64)


def in_words(shape: Float64Array) -> str:
    """Return what an axis does, for a curve [bands] in dB.

    >>> in_words(np.ones(128))
    'all louder'
    >>> in_words(np.linspace(1, -1, 128))
    'more below 3.5 kHz, less above'
    """
    hz = band_edges()[1:-1]
    curve = np.convolve(np.pad(shape, SMOOTHED_BANDS // 2, mode="edge"), np.full(SMOOTHED_BANDS, 0.2), "valid")
    if abs(curve.sum()) >= (2 * ONE_SIGN - 1) * np.abs(curve).sum():
        return "all louder" if curve.sum() > 0 else "all softer"
    strong = np.flatnonzero(np.abs(curve) >= LEAST_SHARE * np.abs(curve).max())
    signs = np.sign(curve[strong])
    changes = strong[1:][signs[1:] != signs[:-1]]
    first, then = ("more", "less") if signs[0] > 0 else ("less", "more")
    if len(changes) == 1:
        return f"{first} below {_hertz(hz[changes[0]])}, {then} above"
    return f"more at {_hertz(hz[curve.argmax()])}, less at {_hertz(hz[curve.argmin()])}"


def _hertz(value: float) -> str:
    return f"{value / 1000:.1f} kHz" if value >= 1000 else f"{value:.0f} Hz"
