"""Batches for training: segments of the corpus, varied, from one seeded state that a checkpoint can hold.

Short clips are padded, not dropped, and heard as often as a mix of uniform and square-root-of-duration shares says. Augmentation for small
corpora: start shifted into silence, pitch by resampling, gain, polarity, mixing of two clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.errors import TrainingError
from distill_engine.training.checkpoint import Checkpoint

HOP, RATE = DEFAULT_MEL.hop, DEFAULT_MEL.sample_rate


@dataclass(frozen=True)
class Augmentation:
    """Probabilities and ranges. `semitones` of pitch either way, `gain_db` lowest and highest."""

    pitch: float = 0.5
    semitones: float = 6.0
    mixing: float = 0.25
    polarity: float = 0.5
    gain_db: tuple[float, float] = (-12.0, 3.0)


class Batches:
    """`next()` -> samples [B, frames * 512]. `extra(rng, samples)`, where given, replaces `extra_share` of the clips by its own sounds.

    An epoch is as many steps as it takes to hear about as many seconds as the corpus has, at least one.
    """

    def __init__(
        self, clips: Sequence[Float32Array], batch_size: int, frames: int, seed: int,
        augmentation: Augmentation | None = None,
        *, extra: Callable[[np.random.Generator, int], Float32Array] | None = None, extra_share: float = 0.0,
    ) -> None:  # fmt: skip
        if not clips:
            raise TrainingError("no sounds to train on: `distill corpus check` shows which files can be used")
        self._clips = [np.asarray(clip, np.float32) for clip in clips]
        self._batch, self._length, self._augmentation = batch_size, frames * HOP, augmentation
        self._extra, self._extra_share = extra, extra_share
        self._rng = np.random.default_rng([seed, 1])
        weights = np.sqrt([max(len(clip), 1) for clip in self._clips])
        self._share = 0.5 * weights / weights.sum() + 0.5 / len(weights)
        self.audio_seconds_per_step = batch_size * self._length / RATE
        total = sum(len(clip) for clip in self._clips) / RATE
        self.steps_per_epoch = max(1, math.ceil(total / self.audio_seconds_per_step))

    def next(self) -> Float32Array:
        batch = np.stack([self._segment() for _ in range(self._batch)])
        a = self._augmentation
        if a is not None and self._batch > 1:
            for i in np.flatnonzero(self._rng.random(self._batch) < a.mixing):
                batch[i] += batch[(i + 1) % self._batch] * np.float32(self._rng.uniform(0.1, 0.7))
        return np.clip(batch, -1.0, 1.0)

    def _segment(self) -> Float32Array:
        if self._extra is not None and self._rng.random() < self._extra_share:
            return self._extra(self._rng, self._length)
        clip = self._clips[self._rng.choice(len(self._clips), p=self._share)]
        if self._augmentation is None:
            return self._cut(clip, self._length)
        a, ratio = self._augmentation, 1.0
        if self._rng.random() < a.pitch:
            ratio = 2.0 ** (self._rng.uniform(-a.semitones, a.semitones) / 12)
        segment = self._cut(clip, math.ceil(self._length * ratio) if ratio != 1.0 else self._length)
        if ratio != 1.0:
            segment = _fit(soxr.resample(segment, RATE * ratio, RATE), self._length)
        gain = db_to_gain(self._rng.uniform(*a.gain_db))
        sign = -1.0 if self._rng.random() < a.polarity else 1.0
        return segment * np.float32(gain * sign)

    def _cut(self, clip: Float32Array, length: int) -> Float32Array:
        """A segment that may begin up to an eighth before the clip or end as far after it; the rest is silence."""
        margin = length // 8
        start = int(self._rng.integers(-margin, max(1, len(clip) - length + margin + 1)))
        piece = clip[max(0, start) : max(0, start + length)]
        return _fit(np.pad(piece, (max(0, -start), 0)), length)

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.put_numpy("batches", self._rng)

    def restore(self, checkpoint: Checkpoint) -> None:
        checkpoint.take_numpy("batches", self._rng)


def _fit(samples: Float32Array, length: int) -> Float32Array:
    """Cut or padded to `length`."""
    return np.pad(samples, (0, max(0, length - len(samples))))[:length].astype(np.float32)
