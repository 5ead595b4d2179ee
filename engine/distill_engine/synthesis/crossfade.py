"""Exchanging what plays without a gap: equal-power cross-fades of two sounds, and the delay that keeps them in time.

A new voice starts at a hop boundary, fades in with a sine while the old one fades out with the cosine, and takes over. Vocoders differ in
delay (HiFi-GAN 0, vocos half a window): a voice with less delay than the synth's alignment is held back by the difference, so it
sounds in time with the old one. A voice with more raises the alignment: during that one fade the new sound is late by the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array

Samples = Float64Array


@dataclass(frozen=True)
class FadeState:
    """The angle of a `Fade`, on its way from `start` to `target` over `hops` hops, `done` of them gone."""

    angle: float
    start: float
    target: float
    hops: int
    done: int


class Fade:
    """The gain of one voice: the sine of an angle that moves in a straight line, 0 is silent, pi / 2 is full."""

    def __init__(self, hop: int, *, angle: float = math.pi / 2) -> None:
        self._hop = hop
        self._angle = self._from = self._to = angle
        self._hops = self._done = 0

    def turn(self, target: float, hops: int) -> None:
        """Heads for another angle, there after `hops` hops."""
        self._from, self._to = self._angle, target
        self._hops, self._done = max(1, hops), 0

    def finish(self) -> None:
        """Arrives now."""
        self._done, self._angle = self._hops, self._to

    @property
    def over(self) -> bool:
        """Whether it has arrived at silence."""
        return self._done >= self._hops and self._to == 0.0 and self._angle == 0.0

    @property
    def moving(self) -> bool:
        return self._done < self._hops

    @property
    def target(self) -> float:
        """The angle it heads for, or stands at."""
        return self._to

    @property
    def gain(self) -> float:
        """The gain at this moment."""
        return math.sin(self._angle)

    def next(self) -> Samples | float:
        """Gain at each sample of the next hop [hop], or one number where it stands."""
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
        """Go on from a `state`."""
        self._angle, self._from, self._to = state.angle, state.start, state.target
        self._hops, self._done = state.hops, state.done


class DelayLine:
    """Holds samples back by a fixed number.

    >>> line = DelayLine(2)
    >>> line.process(np.array([1.0, 2.0, 3.0], np.float32)).tolist()
    [0.0, 0.0, 1.0]
    >>> line.process(np.array([4.0], np.float32)).tolist()
    [2.0]
    """

    def __init__(self, samples: int) -> None:
        self._memory = np.zeros(samples, np.float32)

    def process(self, x: Float32Array) -> Float32Array:
        """[n] -> [n]."""
        if not len(self._memory):
            return x
        joined = np.concatenate([self._memory, x])
        self._memory = joined[len(x) :].copy()
        return joined[: len(x)]

    def state(self) -> Float32Array:
        """Return the samples [delay] that are held back."""
        return self._memory.copy()

    def restore(self, state: Float32Array) -> None:
        """Go on from a `state` [delay], with its delay."""
        self._memory = state.astype(np.float32)
