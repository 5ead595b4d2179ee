"""The level surface: latents at which a model sounds as loud as its corpus does on average.

A drift keeps to that surface, so that its level is steady.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_power, power_to_db
from distill_engine.audio.mel import mel_filterbank
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import AnalysisError

Decode = Callable[[Float32Array], Float32Array]

TARGET_DB = -16.0  # of full scale (RMS), at which every model starts
PEAK_SECONDS = 2.0  # over which a peak is measured: where sounds are struck, an attack or two
PEAK_SHARE = 0.75  # of these stretches reach full scale at most, so that the limiter spares attacks
LEVEL_SECONDS = 0.4  # over which a level is measured
TRIM_RANGE_DB = (-12.0, 30.0)  # least and greatest gain that brings a model there
HELD, SETTLED = 16, 8  # frames that a latent is held, and frame from which its level is measured
LEAST_SAMPLES, MOST_SAMPLES, SAMPLES_PER_TERM = 1200, 4800, 10  # latents for the regression
DEPTH_DB = 40.0  # below the loudest latents, at which softer levels are clipped
GATE_DB = 10.0
CORRECTIONS = 3  # iterations that correct the surface's mean level
RIDGE = 50.0  # ridge penalty, in latents: added to the diagonal of the Gram matrix
LEAST_SHARE = 0.25  # of the level's variance (R^2) that the regression must explain
STEPS = 2  # Newton iterations of a projection
FARTHEST = 1.5  # bound on a projected latent's length, relative to sqrt(D), that of a Gaussian latent


@dataclass(frozen=True)
class LevelSurface:
    """Zero of the level's excess over the target, excess + slope . w + w . bend w, in dB.

    w [D] is a whitened latent; `slope` is [D], `bend` [D, D] symmetric.
    """

    excess: float
    slope: Float64Array
    bend: Float64Array

    def onto(self, latent: Float64Array) -> Float64Array:
        """Project a whitened latent [D] onto the surface, approximately; return the result [D].

        Newton's method along the gradient, a few steps; the result's length is bounded.
        """
        for _ in range(STEPS):
            bent = self.bend @ latent
            gradient = self.slope + 2.0 * bent
            excess = self.excess + self.slope @ latent + latent @ bent
            latent = latent - gradient * (excess / (gradient @ gradient + 1.0))
        farthest = FARTHEST * math.sqrt(len(latent))
        return latent * min(1.0, farthest / max(float(np.linalg.norm(latent)), 1e-9))

    def to_part(self) -> dict[str, Float64Array]:
        """Return level_excess [1], level_slope [D] and level_bend [D, D], as a file stores them."""
        return {"level_excess": np.array([self.excess]), "level_slope": self.slope, "level_bend": self.bend}

    @classmethod
    def from_part(cls, arrays: dict[str, Float32Array], dimensions: int) -> LevelSurface | None:
        """Return the surface from the arrays of `to_part` ([1], [D] and [D, D]); None if absent.

        Raises AnalysisError if it is damaged or the analysis has other than `dimensions` D.
        """
        region = np.size(arrays.get("region_centre", np.zeros(dimensions)))
        if region != dimensions:
            raise AnalysisError(f"the model has {dimensions} dimensions, its analysis {region}: analyse it again")
        if "level_slope" not in arrays:
            return None
        stored = [np.asarray(arrays.get(f"level_{name}", ()), np.float64) for name in ("excess", "slope", "bend")]
        shapes = ((1,), (dimensions,), (dimensions, dimensions))
        if any(a.shape != shape or not np.isfinite(a).all() for a, shape in zip(stored, shapes, strict=True)):
            raise AnalysisError("the model's level surface is damaged: run `distill analyse` again")
        return cls(float(stored[0][0]), stored[1], stored[2])


def level_surface(
    decode: Decode, region: Region, corpus: Float64Array, seed: int = 0, mel: MelConfig = DEFAULT_MEL
) -> LevelSurface | None:
    """Fit the surface on which a model has the mean level of its corpus.

    The level is regressed quadratically on whitened latents. None if that explains less than
    LEAST_SHARE of its variance.

    Args:
        decode: latents [D, F] in sigma units -> natural log-mel [bands, F].
        region: its Gaussian is what the latents are drawn from, as a drift's are.
        corpus: latents [D, L] in sigma units; those GATE_DB below their mean power do not count.
        seed: of the latents.
        mel: the model's.
    """
    size = region.dimensions
    upper = np.triu_indices(size)
    count = min(MOST_SAMPLES, max(LEAST_SAMPLES, SAMPLES_PER_TERM * (1 + size + len(upper[0]))))
    points = np.random.default_rng([seed, 11]).standard_normal((size, count))

    def held_levels(whitened: Float64Array) -> Float64Array:
        """Return the settled levels [N] in dB of whitened latents [D, N], each held."""
        latents = np.repeat(region.centre[:, None] + region.colouring @ whitened, HELD, axis=1)
        levels = mel_level_db(decode(latents.astype(np.float32)), mel)
        return np.asarray(levels.reshape(whitened.shape[1], HELD)[:, SETTLED:].mean(axis=1))

    target, level = gated_db(db_to_power(mel_level_db(decode(corpus.astype(np.float32)), mel))), held_levels(points)
    level = np.maximum(level, max(target, np.percentile(level, 95)) - DEPTH_DB)
    design = np.concatenate([np.ones((1, count)), points, points[upper[0]] * points[upper[1]]]).T
    weights = np.linalg.solve(design.T @ design + RIDGE * np.eye(design.shape[1]), design.T @ level)
    variance = float(np.var(level))
    if variance < 1e-9 or float(np.var(level - design @ weights)) > (1.0 - LEAST_SHARE) * variance:
        return None
    bend = np.zeros((size, size))
    bend[upper] = weights[1 + size :]
    surface = LevelSurface(float(weights[0] - target), weights[1 : 1 + size], (bend + bend.T) / 2)
    # Levels on the surface scatter by the regression's residual: shift it until their mean power is the target
    for _ in range(CORRECTIONS):
        moved = np.stack([surface.onto(point) for point in points[:, : LEAST_SAMPLES // 2].T], axis=1)
        surface = replace(surface, excess=surface.excess + gated_db(db_to_power(held_levels(moved))) - target)
    return surface


def block_powers(samples: Float32Array, sample_rate: int = DEFAULT_MEL.sample_rate) -> Float64Array:
    """Return the mean powers [N] of samples [ch, T] in stretches of LEVEL_SECONDS.

    Of a sound that is shorter, it is that of the whole.
    """
    return np.asarray(np.square(_stretches(samples, LEVEL_SECONDS, sample_rate), dtype=np.float64).mean(axis=(0, 2)))


def block_peaks(samples: Float32Array, sample_rate: int = DEFAULT_MEL.sample_rate) -> Float64Array:
    """Return the peaks [N] of samples [ch, T] in stretches of PEAK_SECONDS, or of the whole."""
    return np.asarray(np.abs(_stretches(samples, PEAK_SECONDS, sample_rate)).max(axis=(0, 2)), np.float64)


def _stretches(samples: Float32Array, seconds: float, sample_rate: int) -> Float32Array:
    """Cut samples [ch, T] into stretches [ch, N, n]; what is left over at the end is left out."""
    size = min(samples.shape[1], int(seconds * sample_rate))
    return samples[:, : samples.shape[1] // size * size].reshape(samples.shape[0], -1, size)


def trim_for(level_db: float, peaks: Float64Array) -> float:
    """Return the gain in dB that brings this level to the one at which every model starts.

    It is less where `peaks` [N] of stretches would pass full scale: of sounds that are mostly
    attacks.
    """
    peak_db = float(power_to_db(np.square(np.quantile(peaks, PEAK_SHARE)), least=1e-12))
    return float(np.clip(min(TARGET_DB - level_db, -peak_db), *TRIM_RANGE_DB))


def gated_db(power: npt.NDArray[np.floating]) -> float:
    """Return the mean of powers [N] in dB without those more than 10 dB below that mean.

    The relative gate of ITU-R BS.1770-5.
    """
    loud = power[power >= power.mean() * db_to_power(-GATE_DB)]
    return float(power_to_db(loud.mean(), 1e-12))


def mel_level_db(log_mel: Float32Array | Float64Array, config: MelConfig) -> Float64Array:
    """Return the level [F] in dB of a log-mel [bands, F], with an arbitrary zero.

    It is that of noise with this mel.
    """
    energy = np.square(mel_filterbank(config).astype(np.float64)).sum(axis=1)
    power = (np.exp(2.0 * log_mel.astype(np.float64)) / np.maximum(energy, 1e-12)[:, None]).sum(axis=0)
    return np.asarray(power_to_db(power, 1e-12), np.float64)
