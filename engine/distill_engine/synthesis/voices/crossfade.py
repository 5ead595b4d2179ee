"""Equal-power cross-fades between voices, and the delay line that aligns them in time.

A new voice starts at a hop boundary. Its gain rises with a sine while the old one's falls with a
cosine. Vocoders differ in delay (HiFi-GAN 0, vocos 512 samples). A voice with less delay than the
synth's alignment is delayed by the difference, so that both sound in time. A voice with more delay
raises the alignment; during that one fade the new sound is late by the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array

Samples = Float64Array


@dataclass(frozen=True)
class FadeState:
    """The state of a `Fade`: its angle in radians, from `start` to `target`.

    The way takes `hops` hops, of which `done` have passed.
    """

    angle: float
    start: float
    target: float
    hops: int
    done: int


class Fade:
    """The gain of one voice: the sine of an angle that moves linearly.

    An angle of 0 is silent, pi / 2 is full level.
    """

    def __init__(self, hop: int, *, angle: float = math.pi / 2) -> None:
        self._hop = hop
        self._angle = self._from = self._to = angle
        self._hops = self._done = 0

    def turn(self, target: float, hops: int) -> None:
        """Move to the angle `target` (radians) over `hops` hops."""
        self._from, self._to = self._angle, target
        self._hops, self._done = max(1, hops), 0

    def finish(self) -> None:
        """Jump to the target angle now."""
        self._done, self._angle = self._hops, self._to

    @property
    def over(self) -> bool:
        """Whether the fade has ended in silence."""
        return self._done >= self._hops and self._to == 0.0 and self._angle == 0.0

    @property
    def moving(self) -> bool:
        """Whether the fade is still under way."""
        return self._done < self._hops

    @property
    def target(self) -> float:
        """The angle in radians that the fade moves to or has reached."""
        return self._to

    @property
    def gain(self) -> float:
        """The present gain, 0 to 1."""
        return math.sin(self._angle)

    def next(self) -> Samples | float:
        """Advance by one hop; return the gain per sample [hop], or one number if it is constant."""
        if self._done >= self._hops:
            return self.gain
        at = (self._done + np.arange(1, self._hop + 1) / self._hop) / self._hops
        self._done += 1
        self._angle = (
            self._to if self._done >= self._hops else self._from + (self._to - self._from) * (self._done / self._hops)
        )
        curve: Samples = np.sin(self._from + (self._to - self._from) * at)
        return curve

    def state(self) -> FadeState:
        """Return the state."""
        return FadeState(self._angle, self._from, self._to, self._hops, self._done)

    def restore(self, state: FadeState) -> None:
        """Continue from a `state`. Raises ValueError for hops that no fade has."""
        if not 0 <= state.done <= state.hops:
            raise ValueError(f"a fade cannot be at hop {state.done} of {state.hops}")
        self._angle, self._from, self._to = state.angle, state.start, state.target
        self._hops, self._done = state.hops, state.done


class DelayLine:
    """Delay a signal by a fixed number of samples.

    >>> line = DelayLine(2)
    >>> line.process(np.array([1.0, 2.0, 3.0], np.float32)).tolist()
    [0.0, 0.0, 1.0]
    >>> line.process(np.array([4.0], np.float32)).tolist()
    [2.0]
    """

    def __init__(self, samples: int) -> None:
        self._memory = np.zeros(samples, np.float32)

    def process(self, x: Float32Array) -> Float32Array:
        """Return the delayed signal of x: [n] -> [n]."""
        if not len(self._memory):
            return x
        joined = np.concatenate([self._memory, x])
        self._memory = joined[len(x) :].copy()
        return joined[: len(x)]

    def state(self) -> Float32Array:
        """Return the samples [delay] that the line holds."""
        return self._memory.copy()

    def restore(self, state: Float32Array) -> None:
        """Continue from a `state` [delay]; the delay becomes its length."""
        self._memory = state.astype(np.float32)
