"""What can be heard in a sound, as numbers per frame: the quantities that the controls are named after.

One frame is one hop of 512 samples (86 frames a second at 44.1 kHz). `extract` gives all features of a signal;
`summarise` gives one value per feature for a stretch of it. The definitions and their sources are in `spectral`,
`tonal` and `temporal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features import spectral, temporal, tonal
from distill_engine.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]

HOP = 512
SILENCE_LUFS = -60.0
PITCH_CONFIDENCE = 0.7
_CHUNK = 512


@dataclass(frozen=True)
class Feature:
    """One audible quantity: `steady` ones are heard in a held sound, `temporal` ones only in a moving one."""

    name: str
    unit: str
    kind: Literal["steady", "temporal"]
    description: str
    audible_step: float


FEATURES: tuple[Feature, ...] = (
    Feature("loudness", "LUFS", "steady", "K-weighted level", 1.0),
    Feature("brightness", "Cam", "steady", "spectral centroid on the ERB-rate scale", 0.3),
    Feature("warmth", "dB", "steady", "energy below 400 Hz against the energy above", 1.0),
    Feature("noisiness", "dB", "steady", "spectral flatness within narrow bands, 0 dB is noise", 0.3),
    Feature("roughness", "asper-like", "steady", "sensory dissonance of the partials", 0.02),
    Feature("harmonicity", "dB", "steady", "harmonics-to-noise ratio", 1.0),
    Feature("pitch", "semitones", "steady", "fundamental as a MIDI note number", 0.3),
    Feature("spread", "Cam", "steady", "width of the spectrum on the ERB-rate scale", 0.15),
    Feature("attack", "dB", "temporal", "spectral flux of the strongest onsets", 0.3),
    Feature("density", "onsets/s", "temporal", "onsets per second", 0.3),
    Feature("movement", "dB", "temporal", "modulation of the band levels over half a second", 0.2),
)
"""All features in the order in which controls are offered. `audible_step` is a change, in the unit, that is clearly heard."""

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True)
class FeatureTrack:
    """Features of one signal: `values` [features, F] in the order of `FEATURES`, `frame_rate` per second.

    `pitch` is NaN where `confidence` [F] is below 0.7; every steady feature but loudness is NaN in silence (below -60 LUFS).
    `onsets` [F] marks the frames in which something starts. `attack` is the flux of every frame.
    """

    values: FloatArray
    confidence: FloatArray
    onsets: npt.NDArray[np.bool_]
    frame_rate: float

    def __getitem__(self, name: str) -> FloatArray:
        return np.asarray(self.values[NAMES.index(name)])

    @property
    def frames(self) -> int:
        return int(self.values.shape[1])


def extract(samples: npt.NDArray[np.float32], sample_rate: int = 44100) -> FeatureTrack:
    """All features of mono samples [T], full scale +-1, one frame per 512 samples (at least one).

    Raises:
        AnalysisError: the samples are not one channel or contain NaN or infinity.
    """
    x = np.asarray(samples, np.float32)
    if x.ndim != 1 or not len(x):
        raise AnalysisError(f"features need mono samples [T] with T > 0, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise AnalysisError("features cannot be measured: the sound contains NaN or infinite samples")
    frame_rate = sample_rate / HOP
    levels, steady = _spectral(x, sample_rate)
    tones = _tonal(x, sample_rate, steady.shape[1])
    levels = temporal.floored(levels)
    flux = temporal.spectral_flux(levels)
    starts = temporal.onsets(flux, frame_rate)
    moving = np.stack([flux, temporal.density(starts, frame_rate), temporal.movement(levels, frame_rate)])
    loudness, brightness, spread, warmth = steady
    pitch, confidence, harmonicity, roughness, noisiness = tones
    pitch = np.where(confidence >= PITCH_CONFIDENCE, pitch, np.nan)
    timbre = np.stack([brightness, warmth, noisiness, roughness, harmonicity, pitch, spread])
    timbre[:, loudness < SILENCE_LUFS] = np.nan
    return FeatureTrack(np.concatenate([loudness[None], timbre, moving]), confidence, starts, frame_rate)


def _spectral(x: npt.NDArray[np.float32], sample_rate: int) -> tuple[FloatArray, FloatArray]:
    """Band levels [F, bands] and loudness, brightness, spread, warmth [4, F]."""
    frames = spectral.frames_of(x, spectral.WINDOW, HOP)
    levels, rows = [], []
    for start in range(0, len(frames), _CHUNK):
        power = spectral.power_spectra(frames[start : start + _CHUNK])
        level = spectral.band_levels(power, sample_rate)
        levels.append(level)
        brightness, spread = spectral.brightness_and_spread(level)
        loud, warm = spectral.loudness(power, sample_rate), spectral.warmth(power, sample_rate)
        rows.append(np.stack([loud, brightness, spread, warm]))
    return np.concatenate(levels), np.concatenate(rows, axis=1)


def _tonal(x: npt.NDArray[np.float32], sample_rate: int, count: int) -> FloatArray:
    """Pitch, confidence, harmonicity, roughness and noisiness [5, F]: measured at every second frame, held in between."""
    frames = spectral.frames_of(x, tonal.WINDOW, HOP)[::2]
    rows = []
    for start in range(0, len(frames), _CHUNK):
        part = frames[start : start + _CHUNK]
        magnitudes = tonal.magnitude_spectra(part)
        note, confidence = tonal.pitch(part, sample_rate)
        texture = [
            measure(magnitudes, sample_rate) for measure in (tonal.harmonicity, tonal.roughness, tonal.noisiness)
        ]
        rows.append(np.stack([note, confidence, *texture]))
    return np.repeat(np.concatenate(rows, axis=1), 2, axis=1)[:, :count]


def summarise(track: FeatureTrack, start: int = 0, stop: int | None = None) -> FloatArray:
    """One value per feature [features] for frames start..stop; NaN where a feature is undefined in most of the sound.

    Steady features are averaged by loudness (a frame 10 dB softer counts half); attack is the mean of the strongest
    tenth of the flux, density the number of onsets per second, movement the plain average.
    """
    values = track.values[:, start:stop]
    count = values.shape[1]
    result = np.full(len(FEATURES), np.nan)
    if not count:
        return result
    weight = 2.0 ** ((values[0] - values[0].max()) / 10.0)
    for index, feature in enumerate(FEATURES):
        row = values[index]
        defined = np.isfinite(row)
        if feature.kind == "steady" and 2 * weight[defined].sum() >= weight.sum():
            result[index] = np.average(row[defined], weights=weight[defined])
    result[NAMES.index("loudness")] = 10 * np.log10(np.mean(10 ** (values[0] / 10)))
    flux = np.sort(values[NAMES.index("attack")])
    result[NAMES.index("attack")] = flux[-max(1, count // 10) :].mean()
    result[NAMES.index("density")] = np.count_nonzero(track.onsets[start:stop]) * track.frame_rate / count
    result[NAMES.index("movement")] = values[NAMES.index("movement")].mean()
    return result
