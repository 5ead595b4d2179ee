"""What moves the sound: each source gives one latent vector [D] (sigma units) per hop.

A source is a function of the seed, its settings at every hop so far and nothing else, so the same performance gives the same latents
live and offline, in any block size. `SourceBank` owns one of each and cross-fades between them in latent space: at a change the step
from the last latent to the new source's is faded out, so the path through latent space has no jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.errors import ControlError
from distill_engine.state import StateDict, from_arrays, to_arrays

Latent = Float64Array

GRAIN_HOPS = 12
_LATTICE = 64  # noise is drawn for this many dimensions, so that models of any size walk alike


@dataclass(frozen=True)
class SourceSettings:
    """The source parameters at one hop; see the vocabulary's `/distill/source/...` rows for units and ranges."""

    rate: float = 0.2
    range: float = 1.0
    position: float = 0.0
    speed: float = 1.0
    jitter: float = 0.0
    length_seconds: float = 0.0
    loop: bool = True
    freeze: bool = False
    input_gain_db: float = 0.0
    tempo: float = 0.0


class LatentSource(Protocol):
    """One way to move through latent space.

    `next` returns the latent [D] of this hop and whether it leapt (the bank then bridges the step). `samples` [hop] is this hop of
    live input, mono, if there is any.
    """

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        """Return the latent of this hop, and whether it leapt; move on by one hop."""

    def restart(self) -> None:
        """Start again from the beginning."""

    def state(self) -> StateDict:
        """Return the state as named arrays."""

    def restore(self, state: StateDict) -> None:
        """Go on from a `state`."""


@dataclass(frozen=True)
class DriftState:
    """How many points a `DriftSource` has gone."""

    phase: float


@dataclass(frozen=True)
class CorpusState:
    """Where a `CorpusSource` is: hops gone in the loop, the position last seen (None before the first hop), hops in all."""

    travel: float
    start: float | None
    ticks: int


class HoldSource:
    """The centre [D] of the corpus' sound: what moves are the latent and control parameters alone."""

    def __init__(self, centre: Latent) -> None:
        self._centre = centre

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        return self._centre, False

    def restart(self) -> None:
        """Nothing to start again."""

    def state(self) -> StateDict:
        return {}

    def restore(self, state: StateDict) -> None:
        """Nothing to go on from."""


def _noise(seed: int, index: int, stream: int) -> Latent:
    """Gaussian numbers [64] that depend on nothing but the three integers."""
    key = np.array([seed & 0xFFFFFFFFFFFFFFFF, stream], np.uint64)
    counter = np.array([0, 0, index & 0xFFFFFFFFFFFFFFFF, 0], np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key)).standard_normal(_LATTICE)


class DriftSource:
    """A smooth seeded walk about `centre` [D]: Gaussian points, `rate` a second, joined by Catmull-Rom splines, times `range`.

    `shape` [D, D] maps independent noise to the corpus' own covariance (a root of it); None leaves it round. `onto` moves a place
    of that noise [D] to one nearby, on a surface of one level; with a range below 1 it goes only that part of the way.
    """

    def __init__(
        self,
        centre: Latent,
        seed: int,
        frame_rate: float,
        shape: Latent | None = None,
        onto: Callable[[Latent], Latent] | None = None,
    ) -> None:
        self._centre, self._dimensions = centre, len(centre)
        self._seed, self._frame_rate, self._shape, self._onto = seed, frame_rate, shape, onto
        self._phase = 0.0
        self._points: dict[int, Latent] = {}

    def _point(self, index: int) -> Latent:
        if index not in self._points:
            if len(self._points) > 16:
                self._points.clear()
            self._points[index] = _noise(self._seed, index, 0)[: self._dimensions]
        return self._points[index]

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        index = math.floor(self._phase)
        t = self._phase - index
        before, left, right, after = (self._point(index + i) for i in (-1, 0, 1, 2))
        spline = left + 0.5 * t * (
            right - before + t * (2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before))
        )
        if not settings.freeze:
            beats = settings.tempo / 60.0 if settings.tempo > 0 else 1.0
            self._phase += settings.rate * beats / self._frame_rate
        point = settings.range * spline
        if self._onto is not None:
            point = point + min(1.0, settings.range) * (self._onto(point) - point)
        return self._centre + (point if self._shape is None else self._shape @ point), False

    def restart(self) -> None:
        self._phase = 0.0

    def state(self) -> StateDict:
        return to_arrays(DriftState(self._phase))

    def restore(self, state: StateDict) -> None:
        self._phase = from_arrays(DriftState, state).phase


class CorpusSource:
    """A path through the encoded corpus [D, L], `reduction` hops per latent, the clips one after the other.

    It starts at `position` (0 to 1 of the whole), moves with `speed` (1 is the clips' own pace, negative is backwards), loops over
    `length_seconds` (0: the whole corpus, which then closes into a ring), jumps when `position` is moved and stays when frozen.
    `jitter` j adds leaps of up to j^2 / 2 of the loop, a new one every 12 hops, seeded.
    """

    def __init__(self, latents: Float32Array, seed: int, frame_rate: float, reduction: int) -> None:
        if latents.ndim != 2 or latents.shape[1] < 1:
            raise ControlError(
                f"source corpus: the encoded corpus has the shape {latents.shape}, not [dimensions, time]"
            )
        self._latents, self._seed = latents, seed
        self._frame_rate, self._reduction = frame_rate, reduction
        self._travel = 0.0  # hops gone since the start of the loop
        self._start: float | None = None  # position parameter last seen
        self._ticks = 0

    def _at(self, hop: float) -> Latent:
        count = self._latents.shape[1]
        position = hop / self._reduction % count
        left = int(position)
        weight = position - left
        a, b = self._latents[:, left % count], self._latents[:, (left + 1) % count]
        point: Latent = a * (1.0 - weight) + b * weight
        return point

    def _loop_hops(self, settings: SourceSettings) -> float:
        whole = float(self._latents.shape[1] * self._reduction)
        wanted = settings.length_seconds * self._frame_rate
        return whole if wanted <= 0 else min(max(wanted, 1.0), whole)

    def _leap(self, settings: SourceSettings, loop: float) -> float:
        if settings.jitter <= 0:
            return 0.0
        draw = float(_noise(self._seed, self._ticks // GRAIN_HOPS, 1)[0])
        return math.tanh(draw) * settings.jitter**2 * 0.5 * loop

    def _advance(self, settings: SourceSettings, loop: float) -> bool:
        """Moves on by one hop; whether the end of the loop was passed."""
        self._ticks += 1
        if settings.freeze:
            return False
        scale = settings.tempo / 120.0 if settings.tempo > 0 else 1.0
        self._travel += settings.speed * scale
        if settings.loop:
            wrapped = not 0 <= self._travel < loop
            self._travel %= loop
            return wrapped
        self._travel = min(max(self._travel, 0.0), loop - 1.0) if settings.speed >= 0 else max(self._travel, -loop)
        return False

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        loop = self._loop_hops(settings)
        leapt = settings.jitter > 0 and self._ticks % GRAIN_HOPS == 0
        if self._start is None or settings.position != self._start:
            self._start, self._travel, leapt = settings.position, 0.0, True
        else:
            leapt = self._advance(settings, loop) or leapt
        whole = self._latents.shape[1] * self._reduction
        return self._at(self._start * (whole - 1) + self._travel + self._leap(settings, loop)), leapt

    def restart(self) -> None:
        self._travel, self._start, self._ticks = 0.0, None, 0

    def state(self) -> StateDict:
        return to_arrays(CorpusState(self._travel, self._start, self._ticks))

    def restore(self, state: StateDict) -> None:
        read = from_arrays(CorpusState, state)
        self._travel, self._start, self._ticks = read.travel, read.start, read.ticks
