"""The pitch of a corpus's path: where notes are transposed from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features import spectral, tonal
from distill_engine.audio.arrays import Float32Array, Float64Array

COLUMN = 4  # frames that share a pitch
AHEAD = 8  # columns whose pitches a place sums up (0.37 s)
LEAST_CONFIDENCE = 0.8  # of a column that has a pitch
LEAST_SHARE = 0.5  # of the columns ahead that must have one
SAME_CENTS = 80  # that the columns ahead may stray from their median
_COLUMNS_AT_ONCE = 256


def clip_pitches(samples: Float32Array, frames: int, hop: int, sample_rate: int) -> npt.NDArray[np.int16]:
    """Return the pitch of each of the frames [frames] of samples [T]: MIDI note number in cents.

    It is the median of the sound in the 0.37 s from the frame on, and 0 where less than half of
    that has a pitch, or where it moves: chords, noise, glides.
    """
    columns = spectral.frames_of(samples, tonal.WINDOW, hop)[:frames:COLUMN]
    notes, confidence = [], []
    for start in range(0, len(columns), _COLUMNS_AT_ONCE):
        note, sure = tonal.pitch(columns[start : start + _COLUMNS_AT_ONCE], sample_rate)
        notes.append(note)
        confidence.append(sure)
    cents = np.where(np.concatenate(confidence) >= LEAST_CONFIDENCE, 100.0 * np.concatenate(notes), np.nan)
    ahead = [_summed_up(cents[column : column + AHEAD]) for column in range(len(cents))]
    return np.asarray(np.repeat(np.rint(ahead), COLUMN)[:frames], np.int16)


def _summed_up(cents: Float64Array) -> float:
    """Return the pitch of columns [n] in cents, NaN where they have none; 0 for none."""
    voiced = cents[~np.isnan(cents)]
    if len(voiced) < LEAST_SHARE * len(cents):
        return 0.0
    centre = float(np.median(voiced))
    return centre if np.mean(np.abs(voiced - centre) <= SAME_CENTS) >= LEAST_SHARE else 0.0
