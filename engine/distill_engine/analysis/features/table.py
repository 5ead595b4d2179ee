"""Audible features of a sound, per frame: the quantities that the controls are named after.

One frame is one hop of 512 samples (86 frames a second at 44.1 kHz). `extract` measures all
features of a signal; `summarise` gives one value per feature for a stretch of it. The definitions
and their sources are in `spectral`, `tonal` and `temporal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features import spectral, temporal, tonal
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_power, power_to_db
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import AnalysisError

HOP = DEFAULT_MEL.hop
SILENCE_LUFS = -60.0  # loudness below which a frame counts as silent
PITCH_CONFIDENCE = 0.7  # 0 to 1: confidence below which a frame has no pitch
_FRAMES_AT_ONCE = 512


@dataclass(frozen=True)
class Feature:
    """One audible quantity.

    Attributes:
        name: also the name of its control.
        unit: of its values.
        kind: "steady" features exist in a held sound, "temporal" ones only in a changing sound.
        description: one phrase.
        audible_step: a change, in `unit`, that is clearly audible.
    """

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
"""All features, in the order in which controls are offered."""

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True)
class FeatureTrack:
    """Features of one signal of F frames.

    Attributes:
        values: [features, F] in the order of `FEATURES`. Pitch is NaN where `confidence` is below
            PITCH_CONFIDENCE; every steady feature but loudness is NaN in silence (below
            SILENCE_LUFS). Attack is the spectral flux of every frame.
        confidence: of the pitch [F], 0 to 1.
        onsets: [F], true in frames in which a note or hit starts.
        frame_rate: frames per second.
    """

    values: Float64Array
    confidence: Float64Array
    onsets: npt.NDArray[np.bool_]
    frame_rate: float

    def __getitem__(self, name: str) -> Float64Array:
        """Return the values [F] of a feature by name."""
        return np.asarray(self.values[NAMES.index(name)])

    @property
    def frames(self) -> int:
        """Number of frames F."""
        return int(self.values.shape[1])


def extract(samples: Float32Array, sample_rate: int = DEFAULT_MEL.sample_rate) -> FeatureTrack:
    """Measure all features of mono samples [T], full scale +-1; F = max(1, T // 512) frames.

    Raises:
        AnalysisError: the samples are not one channel, or contain NaN or infinity.
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
    temporal_rows = np.stack([flux, temporal.density(starts, frame_rate), temporal.movement(levels, frame_rate)])
    loudness, brightness, spread, warmth = steady
    pitch, confidence, harmonicity, roughness, noisiness = tones
    pitch = np.where(confidence >= PITCH_CONFIDENCE, pitch, np.nan)
    timbre = np.stack([brightness, warmth, noisiness, roughness, harmonicity, pitch, spread])
    timbre[:, loudness < SILENCE_LUFS] = np.nan
    return FeatureTrack(np.concatenate([loudness[None], timbre, temporal_rows]), confidence, starts, frame_rate)


def _spectral(x: Float32Array, sample_rate: int) -> tuple[Float64Array, Float64Array]:
    """Return the band levels [F, bands] in dB, and loudness, brightness, spread, warmth [4, F]."""
    frames = spectral.frames_of(x, spectral.WINDOW, HOP)
    levels, rows = [], []
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        power = spectral.power_spectra(frames[start : start + _FRAMES_AT_ONCE])
        level = spectral.band_levels(power, sample_rate)
        levels.append(level)
        brightness, spread = spectral.brightness_and_spread(level)
        loudness, warmth = spectral.loudness(power, sample_rate), spectral.warmth(power, sample_rate)
        rows.append(np.stack([loudness, brightness, spread, warmth]))
    return np.concatenate(levels), np.concatenate(rows, axis=1)


def _tonal(x: Float32Array, sample_rate: int, count: int) -> Float64Array:
    """Return pitch, confidence, harmonicity, roughness and noisiness [5, count].

    They are measured in every second frame and held for the next.
    """
    frames = spectral.frames_of(x, tonal.WINDOW, HOP)[::2]
    rows = []
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        part = frames[start : start + _FRAMES_AT_ONCE]
        magnitudes = tonal.magnitude_spectra(part)
        note, confidence = tonal.pitch(part, sample_rate)
        texture = [
            measure(magnitudes, sample_rate) for measure in (tonal.harmonicity, tonal.roughness, tonal.noisiness)
        ]
        rows.append(np.stack([note, confidence, *texture]))
    return np.repeat(np.concatenate(rows, axis=1), 2, axis=1)[:, :count]


def summarise(track: FeatureTrack, start: int = 0, stop: int | None = None) -> Float64Array:
    """Return one value per feature [features] for the frames start..stop.

    Steady features are averaged with weights by loudness (a frame 10 dB softer counts half), and
    NaN if undefined in more than half of that weight. Loudness is the level of the mean power,
    attack the mean of the highest tenth of the flux, density the onsets per second, movement the
    plain mean.
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
    result[NAMES.index("loudness")] = power_to_db(np.mean(db_to_power(values[0])))
    flux = np.sort(values[NAMES.index("attack")])
    result[NAMES.index("attack")] = flux[-max(1, count // 10) :].mean()
    result[NAMES.index("density")] = np.count_nonzero(track.onsets[start:stop]) * track.frame_rate / count
    result[NAMES.index("movement")] = values[NAMES.index("movement")].mean()
    return result
