"""The level that a source sets behind the vocoder, kept until its sound comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array

RISE_NATS = 1.0  # from which on a level rises for an attack
RISE_SAMPLES = 64  # in which it does: the attack follows at once. All else takes the whole hop


class LevelLine:
    """Apply a level per hop to samples that come `delay` hops after it. `hop` is in samples."""

    def __init__(self, hop: int, delay: int) -> None:
        self._hop, self._delay = hop, delay
        self._line = np.arange(1, hop + 1) / hop
        self._rising = np.minimum(np.arange(1, hop + 1) / RISE_SAMPLES, 1.0)
        self.reset()

    def reset(self) -> None:
        """Forget all levels: 0."""
        self._levels = deque([0.0] * (self._delay + 1))  # a hop more: transposed sound comes as much later
        self._last = 0.0

    def push(self, level: float) -> None:
        """Take the level of a hop whose latent has been asked for, in nats."""
        self._levels.append(level)

    def process(self, samples: Float32Array, late: Sequence[bool]) -> Float32Array:
        """Return samples [n * hop] at their levels; a hop that is `late` [n] comes a hop later."""
        for index, is_late in enumerate(late):
            asked = len(self._levels) > self._delay + 1  # else no latent was asked for: the level stays
            level = self._levels[0 if is_late or not asked else 1]
            if asked:
                self._levels.popleft()
            if level or self._last:
                before, now = np.exp([self._last, level])
                line = self._rising if level - self._last > RISE_NATS else self._line
                part = slice(index * self._hop, (index + 1) * self._hop)
                samples[part] *= (before + (now - before) * line).astype(np.float32)
            self._last = level
        return samples

    def state(self) -> Float64Array | None:
        """Return the state [delay + 2], None where all levels are 0."""
        levels = np.array([self._last, *self._levels])
        return levels if levels.any() else None

    def restore(self, state: Float64Array | None) -> None:
        """Continue from a `state`; one of another length, of another vocoder, is ignored."""
        self.reset()
        if state is not None and state.shape == (self._delay + 2,):
            self._last = float(state[0])
            self._levels = deque(state[1:].tolist())
