"""The corpus as the analysis sees it: latents and features of every clip, region by region."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.features.table import FEATURES, NAMES, SILENCE_LUFS, FeatureTrack, extract, summarise
from distill_engine.analysis.model_prober import AnalysisProgress, ProgressListener
from distill_engine.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]
Encode = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]

WINDOW = 6
"""Latents per stretch for which latents and features are set side by side (0.28 s)."""


@dataclass(frozen=True)
class CorpusView:
    """Latents [D, L] and audibility [L] of each clip; means [D, W] and features [W, features] of all audible stretches."""

    latents: tuple[FloatArray, ...]
    audible: tuple[npt.NDArray[np.bool_], ...]
    stretch_latents: FloatArray
    stretch_features: FloatArray

    @property
    def heard(self) -> FloatArray:
        """All audible latents [D, N]; of a corpus of silence, all latents."""
        everything, mask = np.concatenate(self.latents, axis=1), np.concatenate(self.audible)
        return everything[:, mask] if mask.any() else everything

    @property
    def silent(self) -> bool:
        return not any(mask.any() for mask in self.audible)

    def spread(self, name: str) -> float:
        """Standard deviation of a feature over the stretches; 0 where it is hardly ever defined."""
        row = self.stretch_features[:, NAMES.index(name)]
        row = row[np.isfinite(row)]
        return float(row.std()) if len(row) >= 4 else 0.0


def view_corpus(
    encode: Encode, clips: Sequence[npt.NDArray[np.float32]], reduction: int, progress: ProgressListener
) -> CorpusView:
    """Encodes and measures mono clips [T] at 44.1 kHz.

    Raises:
        AnalysisError: there are no clips, or the model gives latents of wrong shape or that are not finite.
    """
    if not clips:
        raise AnalysisError("there are no sounds to analyse: give the folder that the model was trained on")
    latents, audible, pairs = [], [], []
    for index, clip in enumerate(clips):
        encoded = np.asarray(encode(clip), np.float64)
        if encoded.ndim != 2 or not encoded.shape[1]:
            raise AnalysisError(
                f"encoding clip {index + 1} gave latents of shape {encoded.shape}, not [dimensions, time]"
            )
        track = extract(clip)
        latents.append(encoded)
        audible.append(_audible(track, encoded.shape[1], reduction))
        pairs.extend(_stretches(encoded, audible[-1], track, reduction))
        progress(AnalysisProgress("listening to the corpus", index + 1, len(clips)))
    dimensions = len(latents[0])
    means = np.stack([mean for mean, _ in pairs], axis=1) if pairs else np.zeros((dimensions, 0))
    features = np.stack([row for _, row in pairs]) if pairs else np.zeros((0, len(FEATURES)))
    return CorpusView(tuple(latents), tuple(audible), means, features)


def _audible(track: FeatureTrack, count: int, reduction: int) -> npt.NDArray[np.bool_]:
    """Which latents [L] sound: above -60 LUFS at some frame, and no more than 50 dB below the clip's loudest."""
    loud = np.full(count * reduction, -120.0)
    level = track["loudness"][: len(loud)]
    loud[: len(level)] = level
    return np.asarray(loud.reshape(count, reduction).max(axis=1) > max(SILENCE_LUFS, float(level.max()) - 50.0))


def _stretches(
    latents: FloatArray, audible: npt.NDArray[np.bool_], track: FeatureTrack, reduction: int
) -> list[tuple[FloatArray, FloatArray]]:
    found = []
    for start in range(0, latents.shape[1], WINDOW):
        stop = min(start + WINDOW, latents.shape[1])
        begin = start * reduction
        if audible[start:stop].all() and begin < track.frames:
            row = summarise(track, begin, stop * reduction)
            found.append((latents[:, start:stop].mean(axis=1), row))
    return found


def place_in(view: CorpusView, rng: np.random.Generator, count: int) -> FloatArray:
    """Audible latents [D, count], spread over the corpus: the farthest from those chosen of a few drawn, each time."""
    heard = view.heard
    chosen = [int(rng.integers(heard.shape[1]))]
    for _ in range(count - 1):
        drawn = rng.integers(heard.shape[1], size=4)
        gaps = [np.min(np.sum((heard[:, [d]] - heard[:, chosen[-32:]]) ** 2, axis=0)) for d in drawn]
        chosen.append(int(drawn[int(np.argmax(gaps))]))
    return heard[:, chosen]


def excerpt(view: CorpusView, clip: int, start: float, speed: float, hops: int, reduction: int) -> FloatArray:
    """Latents [D, hops] at the mel rate: the corpus played from `start` (in latents of a clip) at `speed`, on into what follows."""
    whole = np.concatenate(view.latents, axis=1)
    before = sum(latents.shape[1] for latents in view.latents[:clip])
    place = (before + start + np.arange(hops) * speed / reduction) % whole.shape[1]
    left = place.astype(np.int64)
    weight = place - left
    return np.asarray(whole[:, left] * (1 - weight) + whole[:, (left + 1) % whole.shape[1]] * weight)
