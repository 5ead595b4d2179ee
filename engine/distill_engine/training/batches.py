"""Batches of audio for training, drawn at random from a corpus.

Short clips are padded with silence, not dropped. Half of a clip's probability is uniform, half is
proportional to the square root of its duration. Augmentation widens small corpora: pitch shift by
resampling, gain, polarity, and mixing of two clips. One seeded generator makes every choice, so a
checkpoint can hold its state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio.store import FileSamples, Samples
from distill_engine.errors import TrainingError
from distill_engine.training.checkpoint import Checkpoint

HOP, RATE = DEFAULT_MEL.hop, DEFAULT_MEL.sample_rate
OVERHANG = 8  # a segment begins or ends outside its clip by up to 1 / OVERHANG of its length


@dataclass(frozen=True)
class Augmentation:
    """Random changes to the segments of a batch.

    Attributes:
        pitch: probability of a pitch shift.
        semitones: its largest size, up or down.
        mixing: probability that the next segment of the batch is added, at a gain of 0.1 to 0.7.
        polarity: probability of an inverted polarity.
        gain_db: least and greatest gain.
    """

    pitch: float = 0.5
    semitones: float = 6.0
    mixing: float = 0.25
    polarity: float = 0.5
    gain_db: tuple[float, float] = (-12.0, 3.0)


@dataclass(frozen=True)
class ExtraSounds:
    """Sounds made on demand that replace a share of the clips.

    `make(rng, length)` returns samples [length]; `share` is the probability of each segment, 0 to
    1.
    """

    make: Callable[[np.random.Generator, int], Float32Array]
    share: float


class Batches:
    """An endless series of batches.

    Args:
        clips: sounds [T] of any duration, mono at 44.1 kHz; those in a file stay there.
        batch_size: segments per batch, B.
        frames: mel frames per segment.
        seed: of every random choice.
        augmentation: random changes to the clips; None leaves them as they are.
        extra: sounds made on demand; of the augmentation only mixing applies to them.

    Attributes:
        audio_seconds_per_step: duration of all segments of a batch.
        steps_per_epoch: batches with about the duration of all clips together, at least 1.

    Raises TrainingError if there are no clips.
    """

    def __init__(
        self,
        clips: Sequence[Samples],
        batch_size: int,
        frames: int,
        seed: int,
        augmentation: Augmentation | None = None,
        extra: ExtraSounds | None = None,
    ) -> None:
        if not clips:
            raise TrainingError("no sounds to train on: `distill corpus check` shows which files can be used")
        self._clips = [clip if isinstance(clip, FileSamples) else np.asarray(clip, np.float32) for clip in clips]
        self._batch, self._length, self._augmentation = batch_size, frames * HOP, augmentation
        self._extra = extra
        self._rng = np.random.default_rng([seed, 1])
        weights = np.sqrt([max(len(clip), 1) for clip in self._clips])
        self._probabilities = 0.5 * weights / weights.sum() + 0.5 / len(weights)
        self.audio_seconds_per_step = batch_size * self._length / RATE
        total = sum(len(clip) for clip in self._clips) / RATE
        self.steps_per_epoch = max(1, math.ceil(total / self.audio_seconds_per_step))

    def next(self, *, augmented: bool = True) -> Float32Array:
        """Return samples [B, frames * 512], full scale +-1; without augmentation if asked for."""
        a = self._augmentation if augmented else None
        batch = np.stack([self._segment(a) for _ in range(self._batch)])
        if a is not None and self._batch > 1:
            for i in np.flatnonzero(self._rng.random(self._batch) < a.mixing):
                batch[i] += batch[(i + 1) % self._batch] * np.float32(self._rng.uniform(0.1, 0.7))
        return np.clip(batch, -1.0, 1.0)

    def _segment(self, a: Augmentation | None) -> Float32Array:
        """Return one segment [frames * 512] of a random clip, augmented, or an extra sound."""
        if self._extra is not None and self._rng.random() < self._extra.share:
            return self._extra.make(self._rng, self._length)
        clip = self._clips[self._rng.choice(len(self._clips), p=self._probabilities)]
        if a is None:
            return self._cut(clip, self._length)
        ratio = 1.0
        if self._rng.random() < a.pitch:
            ratio = 2.0 ** (self._rng.uniform(-a.semitones, a.semitones) / 12)
        segment = self._cut(clip, math.ceil(self._length * ratio) if ratio != 1.0 else self._length)
        if ratio != 1.0:
            segment = _fit(soxr.resample(segment, RATE * ratio, RATE), self._length)
        gain = db_to_gain(self._rng.uniform(*a.gain_db))
        sign = -1.0 if self._rng.random() < a.polarity else 1.0
        return segment * np.float32(gain * sign)

    def _cut(self, clip: Samples, length: int) -> Float32Array:
        """Return `length` samples from a random place of a clip [T], with silence outside the clip.

        The segment begins at most length / 8 before the clip and ends at most length / 8 after it.
        A clip too short for that begins in the first length / 8 of the segment.
        """
        margin = length // OVERHANG
        start = int(self._rng.integers(-margin, max(1, len(clip) - length + margin + 1)))
        piece = clip[max(0, start) : max(0, start + length)]
        return _fit(np.pad(piece, (max(0, -start), 0)), length)

    def save(self, checkpoint: Checkpoint) -> None:
        """Add the generator's state to a checkpoint."""
        checkpoint.put_numpy("batches", self._rng)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue with the batch that followed when the checkpoint was saved."""
        checkpoint.take_numpy("batches", self._rng)


def _fit(samples: Float32Array, length: int) -> Float32Array:
    """Crop samples [T] to `length`, or pad them with silence at the end."""
    return np.pad(samples, (0, max(0, length - len(samples))))[:length].astype(np.float32)
