"""The corpus of an analysis: latents and features of every clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features.table import FEATURES, NAMES, SILENCE_LUFS, FeatureTrack, extract, summarise
from distill_engine.analysis.model_prober import AnalysisProgress, ProgressListener
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.store import Samples
from distill_engine.errors import AnalysisError

Encode = Callable[[Float32Array], Float32Array]

STRETCH_LATENTS = 6
"""Latents per stretch, over which latents and features are averaged (0.28 s)."""


@dataclass(frozen=True)
class CorpusView:
    """Latents and features of a corpus.

    Attributes:
        latents: of each clip [D, L], in sigma units.
        audible: which latents of each clip sound [L].
        stretch_latents: mean latents [D, W] of the audible stretches.
        stretch_features: features [W, features] of the same stretches.
    """

    latents: tuple[Float64Array, ...]
    audible: tuple[npt.NDArray[np.bool_], ...]
    stretch_latents: Float64Array
    stretch_features: Float64Array

    @property
    def audible_latents(self) -> Float64Array:
        """All audible latents [D, N]; of a silent corpus, all latents."""
        latents, mask = np.concatenate(self.latents, axis=1), np.concatenate(self.audible)
        return latents[:, mask] if mask.any() else latents

    @property
    def silent(self) -> bool:
        """Whether no latent is audible."""
        return not any(mask.any() for mask in self.audible)

    def spread(self, name: str) -> float:
        """Return a feature's standard deviation over the stretches, in the feature's unit.

        0 if it is defined in fewer than four of them.
        """
        row = self.stretch_features[:, NAMES.index(name)]
        row = row[np.isfinite(row)]
        return float(row.std()) if len(row) >= 4 else 0.0


def view_corpus(encode: Encode, clips: Sequence[Samples], reduction: int, progress: ProgressListener) -> CorpusView:
    """Encode and measure mono clips [T] at 44.1 kHz, full scale +-1.

    Raises:
        AnalysisError: there are no clips, or the model gives latents of wrong shape.
    """
    if not clips:
        raise AnalysisError("there are no sounds to analyse: give the folder that the model was trained on")
    latents, audible, pairs = [], [], []
    for index, stored in enumerate(clips):
        clip = stored[:]
        encoded = np.asarray(encode(clip), np.float64)
        if encoded.ndim != 2 or not encoded.shape[1]:
            raise AnalysisError(
                f"encoding clip {index + 1} gave latents of shape {encoded.shape}, not [dimensions, time]"
            )
        track = extract(clip)
        latents.append(encoded)
        audible.append(_audible(track, encoded.shape[1], reduction))
        pairs.extend(_stretches(encoded, audible[-1], track, reduction))
        progress(AnalysisProgress("measuring the corpus", index + 1, len(clips)))
    dimensions = len(latents[0])
    means = np.stack([mean for mean, _ in pairs], axis=1) if pairs else np.zeros((dimensions, 0))
    features = np.stack([row for _, row in pairs]) if pairs else np.zeros((0, len(FEATURES)))
    return CorpusView(tuple(latents), tuple(audible), means, features)


def _audible(track: FeatureTrack, count: int, reduction: int) -> npt.NDArray[np.bool_]:
    """Return which latents [L] sound.

    In one of its frames the clip is above -60 LUFS and at most 50 dB below its loudest frame.
    """
    padded = np.full(count * reduction, -120.0)
    level = track["loudness"][: len(padded)]
    padded[: len(level)] = level
    return np.asarray(padded.reshape(count, reduction).max(axis=1) > max(SILENCE_LUFS, float(level.max()) - 50.0))


def _stretches(
    latents: Float64Array, audible: npt.NDArray[np.bool_], track: FeatureTrack, reduction: int
) -> list[tuple[Float64Array, Float64Array]]:
    """Return mean latent [D] and features [features] of each stretch that is audible throughout."""
    stretches = []
    for start in range(0, latents.shape[1], STRETCH_LATENTS):
        stop = min(start + STRETCH_LATENTS, latents.shape[1])
        begin = start * reduction
        if audible[start:stop].all() and begin < track.frames:
            row = summarise(track, begin, stop * reduction)
            stretches.append((latents[:, start:stop].mean(axis=1), row))
    return stretches


def draw_latents(view: CorpusView, rng: np.random.Generator, count: int) -> Float64Array:
    """Draw audible latents [D, count] that are spread over the corpus.

    Of four random latents, each time the one is taken that is farthest from the last 32 taken.
    """
    latents = view.audible_latents
    chosen = [int(rng.integers(latents.shape[1]))]
    for _ in range(count - 1):
        drawn = rng.integers(latents.shape[1], size=4)
        gaps = [np.min(np.sum((latents[:, [d]] - latents[:, chosen[-32:]]) ** 2, axis=0)) for d in drawn]
        chosen.append(int(drawn[int(np.argmax(gaps))]))
    return latents[:, chosen]


def excerpt(view: CorpusView, clip: int, start: float, speed: float, hops: int, reduction: int) -> Float64Array:
    """Return latents [D, hops] at the mel rate: the corpus played from a clip's latent `start`.

    `speed` 1 is the recording's own. After the last clip the first one follows.
    """
    path = np.concatenate(view.latents, axis=1)
    before = sum(latents.shape[1] for latents in view.latents[:clip])
    position = (before + start + np.arange(hops) * speed / reduction) % path.shape[1]
    left = position.astype(np.int64)
    weight = position - left
    return np.asarray(path[:, left] * (1 - weight) + path[:, (left + 1) % path.shape[1]] * weight)
