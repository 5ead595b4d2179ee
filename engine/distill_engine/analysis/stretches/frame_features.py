"""Features of single mel frames, and the directions in latent space that move them.

Each is a function of a log-mel frame, so that its direction follows from a ridge regression on the
latents of the corpus: controls are there before anything is synthesised. Numpy only.
"""

from __future__ import annotations

import numpy as np

from distill_engine.analysis.features.spectral import erb_rate
from distill_engine.analysis.stretches.skeleton import frame_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import nats_to_db, power_to_db
from distill_engine.audio.mel import band_edges

FRAME_FEATURES = ("loudness", "brightness", "warmth", "spread", "tilt", "body", "presence", "air")
"""Names of the features, in the order in which their controls are offered."""

DESCRIPTIONS = {
    "loudness": "level",
    "brightness": "spectral centroid on the ERB-rate scale",
    "warmth": "energy below 400 Hz against the energy above",
    "spread": "width of the spectrum on the ERB-rate scale",
    "tilt": "slope of the spectrum",
    "body": "level from 150 to 600 Hz against the whole",
    "presence": "level from 2 to 5 kHz against the whole",
    "air": "level above 8 kHz against the whole",
}
UNITS = {"brightness": "Cam", "spread": "Cam", "tilt": "dB/octave"}  # the others are in dB
_DB = nats_to_db(1.0)  # dB per nat
_RIDGE = 0.02  # of the mean variance


def frame_features(mel: Float32Array) -> Float64Array:
    """Return the features [FRAME_FEATURES, T] of log-mel [bands, T]."""
    x = mel.astype(np.float64)
    hz, amplitude = band_edges()[1:-1], np.exp(x)
    power = amplitude**2
    weight = amplitude / amplitude.sum(axis=0)
    cams = erb_rate(hz)
    centroid = cams @ weight
    width = np.sqrt(np.maximum((cams[:, None] - centroid) ** 2 * weight, 0).sum(axis=0))
    octaves = np.log2(hz)
    octaves = octaves - octaves.mean()
    whole = frame_levels(mel)

    def level(low: float, high: float) -> Float64Array:
        """Return the level [T] between two frequencies in Hz, against the whole, in dB."""
        inside = (hz >= low) & (hz < high)
        return np.asarray(_DB * (0.5 * np.log(power[inside].mean(axis=0)) - whole))

    below, above = power[hz < 400.0].sum(axis=0), power[hz >= 400.0].sum(axis=0)
    return np.stack(
        [
            _DB * whole,
            centroid,
            power_to_db(below / above),
            width,
            _DB * (octaves @ x) / (octaves @ octaves),
            level(150.0, 600.0),
            level(2000.0, 5000.0),
            level(8000.0, 22050.0),
        ]
    )


def feature_directions(latents: Float64Array, features: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return unit directions [K, D] along which features [K, N] rise, and slopes [K].

    Ridge regressions of the features on latents [D, N]. A slope is a feature's rise per unit of the
    direction. A feature without variance has a zero direction.
    """
    z = latents - latents.mean(axis=1, keepdims=True)
    f = features - features.mean(axis=1, keepdims=True)
    covariance = z @ z.T / max(1, z.shape[1])
    ridge = _RIDGE * max(float(np.trace(covariance)) / len(z), 1e-6)
    slopes = np.linalg.solve(covariance + ridge * np.eye(len(z)), z @ f.T / max(1, z.shape[1])).T
    norms = np.linalg.norm(slopes, axis=1, keepdims=True)
    return np.where(norms > 1e-9, slopes / np.maximum(norms, 1e-9), 0.0), norms[:, 0]
