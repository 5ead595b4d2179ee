"""Find files that hold the sound of another one: equal, in a lossy format, or at another level.

A copy among the sounds that are held out would make a model seem better than it is. Each file
leaves a fingerprint: the course of its bands, and its first second. Files whose bands run alike are
compared sample by sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_power, power_to_db
from distill_engine.audio.resampling import resample

SEGMENTS = 16  # of a sound, from its onset to its end
DUPLICATE = "duplicate of"  # begins the reason for which a copy is left out
BAND_EDGES_HZ = np.geomspace(50.0, 7500.0, 13)
ONSET_DB, END_DB = -20.0, -50.0  # relative to the loudest frame
RANGE_DB = 45.0  # below the loudest band and segment: what lies lower is compared as equal
ALIKE_DB = 4.0  # RMS difference of two fingerprints, their mean levels aside
SPAN_SHARE, SPAN_SECONDS = 0.05, 0.06  # by which the lengths of copies differ at most
EXCERPT_RATE = 16_000  # Hz
EXCERPT_SECONDS = 1.0
CORRELATION = 0.9  # of the excerpts: lossy copies have 0.93 and more, two takes of one string 0.86 at most
DELAYS = 4  # tried per sample: half a sample off, noise has lost a third
SMOOTH_BINS = 129  # over which a spectrum is made flat
LEAST_EXCERPT = 2 * SMOOTH_BINS  # samples (16 ms): what is shorter is a copy only where it is equal
FLOOR_DB = -40.0  # relative to its highest place: what lies lower stays low
CLOSEST = 4  # candidates whose samples are compared
_FRAME_SECONDS = (0.002, 0.0175)  # shortest and longest hop between the frames of a fingerprint
_FRAMES = 96  # of a sound that is neither very short nor long
_AT_ONCE = 64  # frames: more take memory, and with fewer threads wait for each other
_HOPS = [base << shift for shift in range(4, 13) for base in (2, 3)]  # samples: transforms of twice them are quick


@dataclass(frozen=True)
class Fingerprint:
    """A sound's length in seconds, bands [SEGMENTS, bands] in dB, first second [T]."""

    span: float
    bands: npt.NDArray[np.float32]
    excerpt: Float32Array


class Copies:
    """Remembers every file's sound."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._known: list[tuple[str, Fingerprint]] = []

    def original_of(self, name: str, digest: str, heard: Fingerprint) -> str:
        """Return why a file's sound is no new one; "" if it is, and remember it."""
        if digest in self._digests:
            return f"{DUPLICATE} {self._digests[digest]}"
        original = self._nearest(heard)
        if original:
            return f"{DUPLICATE} {original} in another format or at another level"
        self._digests[digest] = name
        self._known.append((name, heard))
        return ""

    def _nearest(self, new: Fingerprint) -> str:
        if len(new.excerpt) < LEAST_EXCERPT:
            return ""
        room = max(SPAN_SECONDS, SPAN_SHARE * new.span)
        known = [one for one in self._known if abs(one[1].span - new.span) <= room]
        if not known:
            return ""
        bands = np.stack([heard.bands for _, heard in known])
        differences = np.sqrt(np.mean((bands - new.bands) ** 2, axis=(1, 2)))
        for difference, (name, heard) in sorted(zip(differences, known, strict=True), key=lambda one: one[0])[:CLOSEST]:
            if difference <= ALIKE_DB and correlation(heard.excerpt, new.excerpt) >= CORRELATION:
                return name
        return ""


def fingerprint(samples: Float32Array, rate: int) -> Fingerprint:
    """Return the fingerprint of mono samples [T] at `rate` in Hz."""
    seconds = len(samples) / rate
    wanted = rate * min(max(seconds / _FRAMES, _FRAME_SECONDS[0]), _FRAME_SECONDS[1])
    hop = min(_HOPS, key=lambda samples: abs(np.log(samples / wanted)))
    power = _band_power(samples, rate, hop)
    level = power_to_db(power.sum(axis=1), least=1e-20)
    loudest = level.max()
    onset = int(np.argmax(level >= loudest + ONSET_DB))
    end = len(level) - int(np.argmax(level[::-1] >= loudest + END_DB))
    edges = np.linspace(onset, max(end, onset + 1), SEGMENTS + 1)
    running = np.concatenate((np.zeros((1, power.shape[1])), np.cumsum(power, axis=0)))
    at = np.stack([np.interp(edges, np.arange(len(running)), column) for column in running.T], axis=1)
    bands = power_to_db(np.diff(at, axis=0), least=1e-20)
    bands = np.maximum(bands, bands.max() - RANGE_DB)
    start = onset * hop
    excerpt = resample(samples[start : start + int(EXCERPT_SECONDS * rate)], rate, EXCERPT_RATE)
    return Fingerprint((end - onset) * hop / rate, (bands - bands.mean()).astype(np.float32), excerpt)


def correlation(one: Float32Array, other: Float32Array) -> float:
    """Return the largest correlation, 0 to 1, of two excerpts [T] over all delays.

    It is the lesser of that of the excerpts and that of the whitened ones. Two takes of one string
    are in phase in their loudest partials alone, two tones that begin with the same click in all
    that is faint; a lossy copy is in phase everywhere.
    """
    size = 1 << (len(one) + len(other)).bit_length()
    first, second = (np.fft.rfft(excerpt - excerpt.mean(), size) for excerpt in (one, other))
    return min(_in_phase(first, second), _in_phase(_white(first), _white(second)))


def _in_phase(first: npt.NDArray[np.complexfloating], second: npt.NDArray[np.complexfloating]) -> float:
    """Return the largest correlation, 0 to 1, of the sounds of two spectra [bins]."""
    size = DELAYS * 2 * (len(first) - 1)
    energy = float(np.sqrt(np.sum(np.abs(first) ** 2) * np.sum(np.abs(second) ** 2)))
    both = np.fft.irfft(first * np.conj(second), size)
    return float(np.abs(both).max()) * size / (2 * energy) if energy else 0.0


def _white(spectrum: npt.NDArray[np.complexfloating]) -> npt.NDArray[np.complexfloating]:
    """Return a spectrum [bins] with its course made flat, down to FLOOR_DB below its highest."""
    power = np.convolve(np.abs(spectrum) ** 2, np.ones(SMOOTH_BINS) / SMOOTH_BINS, "same")
    least = max(float(power.max()) * float(db_to_power(FLOOR_DB)), 1e-20)
    return np.asarray(spectrum / np.sqrt(np.maximum(power, least)))


def _band_power(samples: Float32Array, rate: int, hop: int) -> npt.NDArray[np.float64]:
    """Return the power [frames, bands] of frames of two hops."""
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    count = max(1, -(-len(samples) // hop))
    band = np.searchsorted(BAND_EDGES_HZ, np.fft.rfftfreq(2 * hop, 1.0 / rate))
    starts = 2 * np.searchsorted(band, np.arange(len(BAND_EDGES_HZ) + 1))  # of the bands' real and imaginary parts
    power = np.zeros((count, len(starts)))
    windowed = np.empty((_AT_ONCE, 2 * hop), np.float32)
    spectra: Any = np.empty((_AT_ONCE, hop + 1), np.complex64)
    for first in range(0, count, _AT_ONCE):
        n = min(_AT_ONCE, count - first)
        part = samples[first * hop : (first + n + 1) * hop]
        part = np.pad(part, (0, (n + 1) * hop - len(part))) if len(part) < (n + 1) * hop else part
        frames = np.lib.stride_tricks.sliding_window_view(part, 2 * hop)[::hop]
        np.fft.rfft(np.multiply(frames, window, out=windowed[:n]), out=spectra[:n])
        parts = spectra[:n].view(np.float32)
        power[first : first + n] = np.add.reduceat(np.square(parts, out=parts), starts, axis=1)
    without_bin = np.diff(starts, append=2 * (hop + 1)) == 0  # `reduceat` gives them the next bin's
    power[:, without_bin] = 0.0
    return power
