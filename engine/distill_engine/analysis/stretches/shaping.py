"""Noisiness and attack: controls of a skeleton's model that reshape mel frames.

They have no direction in latent space. `noisiness` scales what stands out of a spectrum from band
to band, the partials. `attack` scales how far the first moments of a sound rise above what came
before. Numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton, frame_levels
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL

NOISINESS, ATTACK = "noisiness", "attack"
ENVELOPE_BANDS = 2.0  # standard deviation of the Gaussian that leaves the envelope of a spectrum
SHARPER_SHARE = 0.5  # of what noisiness takes away at 1, by which partials stand out more at -1
RISE_NATS = 1.2  # (10 dB) by which attack raises and lowers a rise at most
CATCHING_UP_SECONDS = 0.08  # after which a sound that has begun counts as steady


class Shaping:
    """Reshape the latents of stretches as controls ask; holds the level that attacks rise from.

    Args:
        skeleton: of the model.
        names: of all its controls, in their order.
    """

    def __init__(self, skeleton: Skeleton, names: Sequence[str]) -> None:
        basis, spread = skeleton.basis.astype(np.float64), skeleton.spread.astype(np.float64)
        self._to_mel, self._mean = basis * spread, skeleton.mean.astype(np.float64)[:, None]
        self._to_latents, self._louder = basis.T / spread[:, None], skeleton.louder
        self._noisiness, self._attack = (names.index(n) if n in names else None for n in (NOISINESS, ATTACK))
        self._fine = _fine_structure(len(skeleton.mean))
        self._pace = -math.expm1(-1.0 / (DEFAULT_MEL.frame_rate * CATCHING_UP_SECONDS))
        self.level = FLOOR  # nats: a voice begins in silence

    def noisier(self, latents: Float64Array, controls: Float64Array) -> Float64Array:
        """Return latents [D, T] with as much of their partials as controls [K] ask for.

        The level of each frame stays.
        """
        value = _value(controls, self._noisiness)
        if not value:
            return latents
        amount = value if value > 0 else SHARPER_SHARE * value
        mel = self._to_mel @ latents + self._mean
        fine = self._fine @ mel
        change = 0.5 * amount**2 * (self._fine @ fine) - amount * fine
        change += frame_levels(mel) - frame_levels(mel + change)
        return np.asarray(latents + self._to_latents @ change)

    def attack(self, latent: Float64Array, controls: Float64Array) -> Float64Array:
        """Return the change of level that the control of attacks adds to the latent [D] of a hop.

        `latent` is that of the source, so that a control that makes it louder is no attack.
        """
        if self._attack is None:
            return np.zeros(len(latent))
        return _value(controls, self._attack) * self._rise(latent) * self._louder

    def _rise(self, latent: Float64Array) -> float:
        """Return how far the level of this hop's latent [D] is above that of before, in nats."""
        level = float(frame_levels(self._to_mel @ latent[:, None] + self._mean)[0])
        if not math.isfinite(level):
            return 0.0
        before = max(self.level, level - RISE_NATS)
        self.level = before + self._pace * (level - before)
        return max(level - before, 0.0)


def _value(controls: Float64Array, index: int | None) -> float:
    """Return a control's value of [K], -1 to 1; 0 if there is none, or NaN."""
    value = 0.0 if index is None else float(controls[index])
    return 0.0 if math.isnan(value) else min(max(value, -1.0), 1.0)


def _fine_structure(bands: int) -> Float64Array:
    """Return the matrix [bands, bands] that takes its envelope off a mel frame."""
    band = np.arange(bands)
    weight = np.exp(-0.5 * ((band[:, None] - band) / ENVELOPE_BANDS) ** 2)
    return np.asarray(np.eye(bands) - weight / weight.sum(axis=1, keepdims=True))
