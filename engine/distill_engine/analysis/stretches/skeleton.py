"""The skeleton of a latent model: principal components of mel frames, found in closed form.

A latent is z = basis^T (mel - mean) / spread, and the mel of a latent is mean + basis (spread z).
The components are those of a mixture: the corpus, and a share of a broad base corpus, so that
sounds unlike the corpus still have a place. Numpy only.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import ModelFileError

FLOOR = math.log(DEFAULT_MEL.floor)  # nats, the least value of a mel
BASE_SHARE = 0.2  # of the base corpus in the mixture
LEAST_SPREAD = 0.05  # nats, and this share of the base's spread:
LEAST_SHARE = 0.25
HEARD_NATS = 6.9  # below a clip's peak (60 dB), where its frames still count as heard
SILENT_LEVEL = -10.5  # nats; a frame below this is silence, whatever its clip's peak
HEADROOM = 1.38  # nats (12 dB) above the loudest value of a band, that a decoder may give
ORTHONORMAL = 1e-3  # greatest error of basis^T basis
NAMES = ("basis", "mean", "spread", "ceiling")


@dataclass(frozen=True)
class FrameStatistics:
    """Statistics of log-mel frames: mean [bands], covariance [bands, bands], loudest [bands].

    Values are in nats. `loudest` is the highest value of each band.
    """

    count: int
    mean: Float64Array
    covariance: Float64Array
    loudest: Float64Array


@dataclass(frozen=True)
class Skeleton:
    """A linear model of mel frames.

    Attributes:
        basis: orthonormal columns [bands, D], by the variance along them.
        mean: of the corpus's heard frames [bands], in nats.
        spread: nats per unit of each latent [D]; 1 is the corpus's standard deviation.
        ceiling: the highest value of each band [bands] that a decoder gives, in nats.
    """

    basis: Float32Array
    mean: Float32Array
    spread: Float32Array
    ceiling: Float32Array

    @cached_property
    def _wide(self) -> Float64Array:
        """The basis [bands, D] in float64, kept because frames are decoded at every hop."""
        return self.basis.astype(np.float64)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of basis, mean and spread: path, controls and map belong to it."""
        arrays = (self.basis, self.mean, self.spread)
        return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()

    @property
    def silence(self) -> Float64Array:
        """The latent [D] of silence."""
        return self.encode(np.full((len(self.mean), 1), FLOOR, np.float32))[:, 0]

    @cached_property
    def louder(self) -> Float64Array:
        """What adds a nat to every band, as far as the basis holds it: a latent [D]."""
        return np.asarray(self._wide.sum(axis=0) / self.spread)

    def encode(self, mel: Float32Array | Float64Array) -> Float64Array:
        """Return the latents [D, T] of log-mel [bands, T], in float64."""
        centred = mel.astype(np.float64) - self.mean[:, None]
        return np.asarray((self._wide.T @ centred) / self.spread[:, None])

    def decode(self, latents: Float64Array) -> Float64Array:
        """Return the log-mel [bands, T] of latents [D, T], without floor and ceiling."""
        return np.asarray(self._wide @ (self.spread[:, None] * latents) + self.mean[:, None])

    def change(self, move: Float64Array) -> Float32Array:
        """Return how far a move [D] of the latents moves each band [bands], in nats."""
        return np.asarray(self._wide @ (self.spread * move), np.float32)

    def error(self, mels: Iterable[Float32Array]) -> float:
        """Return the mean L1 in nats of the heard frames of log-mels [bands, T], decoded again."""
        total, count = 0.0, 0
        for mel in mels:
            heard = mel[:, heard_frames(mel)]
            total += float(np.abs(np.maximum(self.decode(self.encode(heard)), FLOOR) - heard).sum())
            count += heard.size
        return total / max(1, count)

    def to_arrays(self) -> dict[str, Float32Array]:
        """Return the arrays of the part "model", columns [..., 1] where the network has them."""
        return {
            "basis": self.basis,
            "mean": self.mean[:, None],
            "spread": self.spread[:, None],
            "ceiling": self.ceiling[:, None],
        }

    @staticmethod
    def from_part(part: Mapping[str, np.ndarray], bands: int, dimensions: int, where: str) -> Skeleton:
        """Return the skeleton from a part's arrays ([bands, D], [bands, 1], [D, 1], [bands, 1]).

        Raises ModelFileError, beginning with `where`, if it is none: a wrong shape, values that are
        not finite, or a basis that is not orthonormal.
        """
        shapes = {"basis": (bands, dimensions), "mean": (bands, 1), "spread": (dimensions, 1), "ceiling": (bands, 1)}
        for name, shape in shapes.items():
            array = part.get(name)
            if array is None or array.shape != shape or not np.isfinite(array).all():
                raise ModelFileError(f"{where}: the model's {name} is missing, of a wrong shape or not finite: damaged")
        basis, mean, spread, ceiling = (np.asarray(part[name], np.float32) for name in NAMES)
        error = np.abs(basis.T @ basis - np.eye(dimensions, dtype=np.float32)).max()
        if not error <= ORTHONORMAL or not (spread > 0).all():
            raise ModelFileError(f"{where}: the model's basis is not orthonormal: damaged")
        return Skeleton(basis, mean[:, 0], spread[:, 0], ceiling[:, 0])


def frame_levels(mel: Float32Array | Float64Array) -> Float64Array:
    """Return the level [T] of each frame of log-mel [bands, T]: the RMS over bands, in nats."""
    return np.asarray(0.5 * np.log(np.mean(np.exp(2.0 * mel.astype(np.float64)), axis=0)))


def heard_levels(levels: Float64Array, peak: float | Float64Array) -> np.ndarray:
    """Return which levels [T] in nats are within 60 dB of a peak (or one each) and not silent."""
    return np.asarray(levels > np.maximum(peak - HEARD_NATS, SILENT_LEVEL))


def heard_frames(mel: Float32Array) -> np.ndarray:
    """Return which frames [T] of log-mel [bands, T] are within 60 dB of the peak and not silent."""
    levels = frame_levels(mel)
    return heard_levels(levels, levels.max(initial=SILENT_LEVEL))


def frame_statistics(mels: Iterable[Float32Array], *, heard: bool) -> FrameStatistics | None:
    """Return the statistics of log-mels [bands, T] each, T may differ; None without any frame.

    `heard` leaves out frames that are not heard.
    """
    count, total, products, loudest = 0, np.zeros(0), np.zeros((0, 0)), np.zeros(0)
    for mel in mels:
        frames = mel[:, heard_frames(mel)].astype(np.float64) if heard else mel.astype(np.float64)
        if not frames.shape[1]:
            continue
        if not count:
            bands = len(frames)
            total, products, loudest = np.zeros(bands), np.zeros((bands, bands)), np.full(bands, -np.inf)
        count += frames.shape[1]
        total += frames.sum(axis=1)
        products += frames @ frames.T
        loudest = np.maximum(loudest, frames.max(axis=1))
    if not count:
        return None
    mean = total / count
    return FrameStatistics(count, mean, products / count - np.outer(mean, mean), loudest)


def fit_skeleton(
    corpus: FrameStatistics | None, base: FrameStatistics, dimensions: int, like: Skeleton | None = None
) -> Skeleton:
    """Fit a skeleton with D = `dimensions` to the corpus's heard frames and the base's frames.

    A corpus without any heard frame (None) takes the base's mean and spread. The basis is turned
    towards that of `like` as far as the spans agree (orthogonal Procrustes, Schoenemann 1966).
    """
    of = corpus or base
    share = BASE_SHARE if corpus is not None else 1.0
    apart = of.mean - base.mean
    mixture = (1 - share) * of.covariance + share * base.covariance + share * (1 - share) * np.outer(apart, apart)
    variances, axes = np.linalg.eigh(mixture)
    basis = axes[:, np.argsort(-variances, kind="stable")[:dimensions]]
    sums = basis.sum(axis=0)
    largest = basis[np.abs(basis).argmax(axis=0), np.arange(dimensions)]
    basis = basis * np.where(np.where(np.abs(sums) > 1e-6, sums, largest) < 0, -1.0, 1.0)
    if like is not None:
        left, _, right = np.linalg.svd(basis.T @ like.basis.astype(np.float64))
        basis = basis @ left @ right

    def along(statistics: FrameStatistics) -> Float64Array:
        """Return the standard deviation [D] of the frames along each axis."""
        return np.asarray(np.sqrt(np.maximum(np.einsum("bd,bc,cd->d", basis, statistics.covariance, basis), 0.0)))

    spread = np.maximum(np.maximum(along(of), LEAST_SHARE * along(base)), LEAST_SPREAD)
    ceiling = np.maximum(of.loudest, base.loudest) + HEADROOM
    return Skeleton(*(np.asarray(a, np.float32) for a in (basis, of.mean, spread, ceiling)))
