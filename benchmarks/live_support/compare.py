"""Compare what a client heard with what the engine recorded of itself, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt

from live_support.jack_server import Recording

Samples = npt.NDArray[np.floating]
CHUNK = 2048
"""Samples of a piece that is looked for as a whole."""
TOLERANCE = 1e-5
"""Largest difference, of full scale, between samples that count as the same."""
AUDIBLE = 1e-4
"""Level, of full scale, at which the sound begins."""
ALIGN_SECONDS = 10
"""The beginning of what was heard, from which the piece is taken that aligns it."""
ALIGN_REACH = 1 << 13
"""Samples to both sides of where the piece seems to be: a tone's periods are alike."""
REACH = 1 << 16
"""Samples to both sides in which a displaced piece is looked for."""


@dataclass(frozen=True)
class Comparison:
    """Pieces that matched, breaks (gaps and jumps), and pieces that the recorder itself missed."""

    seconds: float
    matched: int
    breaks: int
    skipped: int
    finite: bool


def compare_recordings(played_file: Path, heard: Recording, rate: int) -> Comparison:
    """Look for every piece of the recording in the engine's own file (before the device's rate)."""
    import soundfile

    samples, source_rate = soundfile.read(played_file, dtype="float32")
    sound, finite = heard.samples[0], bool(np.isfinite(samples).all())
    loud = np.flatnonzero(np.abs(np.nan_to_num(sound)) > AUDIBLE)
    if not len(loud):
        return Comparison(0.0, 0, 0, 0, finite)
    sound = sound[loud[0] + CHUNK :]
    aligned = _aligned(samples[:, 0], source_rate, rate, sound)
    seconds = len(sound) / rate
    if aligned is None:
        return Comparison(seconds, 0, 1, 0, finite)
    return Comparison(seconds, *_counted(sound, *aligned), finite)


def share_rendered(played_file: Path, rendered_file: Path) -> float:
    """Return the share of a rendered take's pieces that are, sample for sample, what was played.

    The take began within the first 30 s of what was played. 0 where its beginning is not found.
    """
    import soundfile

    played, rate = soundfile.read(played_file, dtype="float32", always_2d=True)
    rendered = soundfile.read(rendered_file, dtype="float32", always_2d=True)[0]
    loud = np.flatnonzero(np.abs(rendered[:, 0]) > AUDIBLE)
    if not len(loud) or len(rendered) < loud[0] + CHUNK:
        return 0.0
    found = _search(played[: 60 * rate, 0], rendered[loud[0] : loud[0] + CHUNK, 0])
    if found is None:
        return 0.0
    shift = found - int(loud[0])
    length = min(len(rendered), len(played) - shift) // CHUNK * CHUNK
    apart = np.abs(rendered[:length] - played[shift : shift + length]).reshape(-1, CHUNK * played.shape[1])
    return float(np.mean(apart.max(axis=1) <= TOLERANCE))


def _counted(sound: Samples, played: Samples, start: int, shift: int) -> tuple[int, int, int]:
    """Matched pieces, breaks, and pieces that the recorder missed, from the sample `start` on."""
    matched = breaks = skipped = 0
    broken = False
    for place in range(start, len(sound) - CHUNK, CHUNK):
        piece = sound[place : place + CHUNK]
        if place + shift + CHUNK > len(played):
            break
        if np.isnan(piece).any():
            skipped += 1
            continue
        if np.abs(played[place + shift : place + shift + CHUNK] - piece).max() <= TOLERANCE:
            matched, broken = matched + 1, False
            continue
        breaks += not broken
        found = _nearby(played, piece, place + shift)
        broken = found is None
        shift = shift if found is None else found - place
    return matched, breaks, skipped


def _aligned(mono: Samples, source_rate: int, rate: int, sound: Samples) -> tuple[Samples, int, int] | None:
    """The engine's file at the device's rate, the place of the first whole piece, their shift.

    A recording that began in the middle of a stream may start at any place of the resampler's grid:
    the one that is nearest at the loudest piece of the beginning. A quiet piece is within TOLERANCE on
    several.
    """
    starts = [p for p in range(0, len(sound) - CHUNK, CHUNK) if np.isfinite(sound[p : p + CHUNK]).all()]
    if not starts:
        return None
    early = [p for p in starts if p <= starts[0] + ALIGN_SECONDS * rate]
    start = max(early, key=lambda p: float(np.square(sound[p : p + CHUNK]).sum()))
    piece, head = sound[start : start + CHUNK], mono[: 2 * ALIGN_SECONDS * source_rate]
    rough = next(iter(_nearest(_resampled(head, source_rate, rate, 0), piece)), 0)
    begin = max(0, rough - ALIGN_REACH)
    apart, phase, found = np.inf, 0, 0
    for shifted in range(source_rate // gcd(source_rate, rate)):
        part = _resampled(head, source_rate, rate, shifted)[begin : rough + ALIGN_REACH]
        for place in _nearest(part, piece):
            apart, phase, found = min((apart, phase, found), (_apart(part, piece, place), shifted, begin + place))
    if apart > TOLERANCE:
        return None
    return _resampled(mono, source_rate, rate, phase), starts[0], found - start


def _nearby(played: Samples, piece: Samples, place: int) -> int | None:
    begin = max(0, place - REACH)
    found = _search(played[begin : place + REACH], piece)
    return None if found is None else begin + found


def _search(played: Samples, piece: Samples) -> int | None:
    """The place of the piece, among the four with the least squared distance."""
    apart, place = min(((_apart(played, piece, place), place) for place in _nearest(played, piece)), default=(1.0, 0))
    return place if apart <= TOLERANCE else None


def _nearest(played: Samples, piece: Samples) -> list[int]:
    """The four places with the least squared distance to the piece."""
    if len(played) < len(piece):
        return []
    size = 1 << int(np.ceil(np.log2(len(played) + len(piece))))
    products = np.fft.irfft(np.fft.rfft(played, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(played)]
    energy = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
    ends = np.minimum(np.arange(len(played)) + len(piece), len(played))
    distance = energy[ends] - energy[: len(played)] - 2 * products
    return [int(place) for place in np.argsort(distance)[:4]]


def _apart(played: Samples, piece: Samples, place: int) -> float:
    """The largest difference of the piece at a place, infinite where it does not fit."""
    part = played[place : place + len(piece)]
    return float(np.abs(part - piece).max()) if len(part) == len(piece) else np.inf


def _resampled(mono: Samples, source_rate: int, rate: int, phase: int) -> Samples:
    """Samples at the device's rate, as if `phase` samples of silence came first."""
    from distill_engine.audio.resampling import StreamingResampler

    resampler = StreamingResampler(source_rate, rate, 1)
    resampler.process(np.zeros((1, phase), np.float32))
    seconds = [mono[None, at : at + source_rate] for at in range(0, len(mono), source_rate)]
    return np.concatenate([resampler.process(second)[0] for second in seconds])
