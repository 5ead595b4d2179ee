"""Where in latent space a model sounds at one level: a drift keeps to that surface, so that it holds its level."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import DEFAULT_MEL, MelConfig, mel_filterbank
from distill_engine.errors import AnalysisError

Decode = Callable[[Float32Array], Float32Array]

HELD, SETTLED = 16, 8  # frames that each place is held, and those of them that are heard
LEAST_PLACES, MOST_PLACES, PLACES_PER_TERM = 1200, 4800, 10
DEPTH_DB = 40.0  # below the loudest places, what is softer counts as silence
GATE_DB = 10.0
CORRECTIONS = 3
RIDGE = 50.0
LEAST_SHARE = 0.25
STEPS = 2
FARTHEST = 1.5  # of the mean distance of a Gaussian place


@dataclass(frozen=True)
class LevelSurface:
    """The zero of excess + slope . w + w . bend w (dB), w a place in whitened latents [D]; slope [D], bend [D, D] symmetric."""

    excess: float
    slope: Float64Array
    bend: Float64Array

    def onto(self, place: Float64Array) -> Float64Array:
        """A place [D] on the surface or near it, close to the one given: two of Newton's steps along the gradient."""
        for _ in range(STEPS):
            bent = self.bend @ place
            gradient = self.slope + 2.0 * bent
            above = self.excess + self.slope @ place + place @ bent
            place = place - gradient * (above / (gradient @ gradient + 1.0))
        farthest = FARTHEST * math.sqrt(len(place))
        return place * min(1.0, farthest / max(float(np.linalg.norm(place)), 1e-9))

    def to_part(self) -> dict[str, Float64Array]:
        return {"level_excess": np.array([self.excess]), "level_slope": self.slope, "level_bend": self.bend}

    @classmethod
    def from_part(cls, arrays: dict[str, Float32Array], dimensions: int) -> LevelSurface | None:
        """None where none was stored. Raises AnalysisError for what is no surface, or lies in a region of other dimensions."""
        region = np.size(arrays.get("region_centre", np.zeros(dimensions)))
        if region != dimensions:
            raise AnalysisError(f"the model has {dimensions} dimensions, its analysis {region}: analyse it again")
        if "level_slope" not in arrays:
            return None
        found = [np.asarray(arrays.get(f"level_{name}", ()), np.float64) for name in ("excess", "slope", "bend")]
        shapes = ((1,), (dimensions,), (dimensions, dimensions))
        if any(a.shape != shape or not np.isfinite(a).all() for a, shape in zip(found, shapes, strict=True)):
            raise AnalysisError("the model's level surface is damaged: run `distill analyse` again")
        return cls(float(found[0][0]), found[1], found[2])


def level_surface(
    decode: Decode, region: Region, corpus: Float64Array, seed: int = 0, mel: MelConfig = DEFAULT_MEL
) -> LevelSurface | None:
    """The surface of the level at which the corpus sounds, the level of places being regressed quadratically on them.

    None where that explains less than a quarter of the level's variance.

    Args:
        decode: latents [D, F] -> natural log-mel [bands, F].
        region: where the places are drawn, Gaussian as a drift's are.
        corpus: its latents [D, L]; what lies 10 dB under the mean of their power is left out of their level.
    """
    size = region.dimensions
    upper = np.triu_indices(size)
    count = min(MOST_PLACES, max(LEAST_PLACES, PLACES_PER_TERM * (1 + size + len(upper[0]))))
    places = np.random.default_rng([seed, 11]).standard_normal((size, count))

    def held(there: Float64Array) -> Float64Array:
        """Levels [N] of whitened places [D, N], each held until it has settled."""
        latents = np.repeat(region.centre[:, None] + region.colouring @ there, HELD, axis=1)
        levels = _level_db(decode(latents.astype(np.float32)), mel)
        return np.asarray(levels.reshape(there.shape[1], HELD)[:, SETTLED:].mean(axis=1))

    aim, level = gated_db(10 ** (_level_db(decode(corpus.astype(np.float32)), mel) / 10)), held(places)
    level = np.maximum(level, max(aim, np.percentile(level, 95)) - DEPTH_DB)
    design = np.concatenate([np.ones((1, count)), places, places[upper[0]] * places[upper[1]]]).T
    weights = np.linalg.solve(design.T @ design + RIDGE * np.eye(design.shape[1]), design.T @ level)
    variance = float(np.var(level))
    if variance < 1e-9 or float(np.var(level - design @ weights)) > (1.0 - LEAST_SHARE) * variance:
        return None
    bend = np.zeros((size, size))
    bend[upper] = weights[1 + size :]
    surface = LevelSurface(float(weights[0] - aim), weights[1 : 1 + size], (bend + bend.T) / 2)
    # Places on it are loud and soft by what the regression leaves: their mean power shall be the aim
    for _ in range(CORRECTIONS):
        moved = np.stack([surface.onto(place) for place in places[:, : LEAST_PLACES // 2].T], axis=1)
        surface = replace(surface, excess=surface.excess + gated_db(10 ** (held(moved) / 10)) - aim)
    return surface


def gated_db(power: Float64Array) -> float:
    """The mean of powers [N] in dB, those more than 10 dB under it left out (the gate of ITU-R BS.1770-5)."""
    loud = power[power >= power.mean() * 10 ** (-GATE_DB / 10)]
    return float(10 * np.log10(max(loud.mean(), 1e-12)))


def _level_db(log_mel: Float32Array, config: MelConfig) -> Float64Array:
    """Level [F] in dB (of no particular zero) of a log-mel [bands, F], as of noise in each band."""
    energy = np.square(mel_filterbank(config).astype(np.float64)).sum(axis=1)
    power = (np.exp(2.0 * log_mel.astype(np.float64)) / np.maximum(energy, 1e-12)[:, None]).sum(axis=0)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))
