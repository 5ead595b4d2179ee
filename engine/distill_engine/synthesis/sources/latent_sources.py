"""Sources of latents: each gives one latent vector [D] (sigma) per hop.

A source depends only on the seed and on its settings at every hop so far. The same performance
therefore gives the same latents live and offline, in any block size. `SourceBank` owns one of each
and cross-fades between them in latent space: at a change, the difference between the last latent
and the new source's first one fades out, so that the path has no jump.
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

GRAIN_HOPS = 12  # hops from one jitter leap to the next
_LATTICE = 64  # dimensions of noise drawn, so that models of any size drift alike


@dataclass(frozen=True)
class SourceSettings:
    """The source parameters at one hop.

    The vocabulary's rows `/distill/source/...` have their units and ranges.
    """

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
    """One way of moving through latent space."""

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        """Return the latent [D] of this hop, and whether the source jumped; advance by one hop.

        After a jump the bank cross-fades from the last latent. `samples` [hop] is this hop of live
        input, mono; None without one.
        """

    def restart(self) -> None:
        """Restart from the beginning."""

    def state(self) -> StateDict:
        """Return the state as named arrays, each of any shape [...]."""

    def restore(self, state: StateDict) -> None:
        """Continue from a `state`; its arrays have the shapes [...] that `state` gave."""


@dataclass(frozen=True)
class DriftState:
    """The number of points that a `DriftSource` has passed, with a fraction."""

    phase: float


@dataclass(frozen=True)
class CorpusState:
    """The position of a `CorpusSource`.

    `travel` is hops since the start of the loop, `start` the last `position` parameter (None before
    the first hop), `ticks` all hops.
    """

    travel: float
    start: float | None
    ticks: int


class HoldSource:
    """The constant centre [D] of the corpus's sound (sigma).

    Only the latent and control parameters move it.
    """

    def __init__(self, centre: Latent) -> None:
        self._centre = centre

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, bool]:
        return self._centre, False

    def restart(self) -> None:
        """Do nothing: the source has no beginning."""

    def state(self) -> StateDict:
        return {}

    def restore(self, state: StateDict) -> None:
        """Do nothing: the source has no state."""


def _noise(seed: int, index: int, stream: int) -> Latent:
    """Return standard normal numbers [64] that depend only on the three integers."""
    key = np.array([seed & 0xFFFFFFFFFFFFFFFF, stream], np.uint64)
    counter = np.array([0, 0, index & 0xFFFFFFFFFFFFFFFF, 0], np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key)).standard_normal(_LATTICE)


class DriftSource:
    """A smooth seeded random walk about `centre` [D] (sigma).

    Catmull-Rom splines join standard normal points, `rate` of them a second; `range` scales the
    walk.

    Args:
        shape: matrix [D, D], a root of the corpus's covariance, that maps independent noise to the
            corpus; None keeps the noise independent.
        onto: moves a point [D] of the noise to a nearby point on the level surface. With a range
            below 1 the walk goes only that fraction of the way.
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
    """A path through the encoded corpus [D, L], `reduction` hops per latent, clip after clip.

    It starts at `position` (0 to 1 of the whole) and moves with `speed` (1 is the clips' own pace,
    negative is backwards). It loops over `length_seconds`; 0 loops over the whole corpus as a ring.
    It jumps when `position` changes and stays when frozen. `jitter` j adds random leaps of up to
    j^2 / 2 of the loop, a new one every 12 hops.
    """

    def __init__(self, latents: Float32Array, seed: int, frame_rate: float, reduction: int) -> None:
        if latents.ndim != 2 or latents.shape[1] < 1:
            raise ControlError(
                f"source corpus: the encoded corpus has the shape {latents.shape}, not [dimensions, time]"
            )
        self._latents, self._seed = latents, seed
        self._frame_rate, self._reduction = frame_rate, reduction
        self._travel = 0.0  # hops since the start of the loop
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
        length = settings.length_seconds * self._frame_rate
        return whole if length <= 0 else min(max(length, 1.0), whole)

    def _leap(self, settings: SourceSettings, loop: float) -> float:
        if settings.jitter <= 0:
            return 0.0
        draw = float(_noise(self._seed, self._ticks // GRAIN_HOPS, 1)[0])
        return math.tanh(draw) * settings.jitter**2 * 0.5 * loop

    def _advance(self, settings: SourceSettings, loop: float) -> bool:
        """Advance by one hop; return whether the end of the loop was passed."""
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
        jumped = settings.jitter > 0 and self._ticks % GRAIN_HOPS == 0
        if self._start is None or settings.position != self._start:
            self._start, self._travel, jumped = settings.position, 0.0, True
        else:
            jumped = self._advance(settings, loop) or jumped
        whole = self._latents.shape[1] * self._reduction
        return self._at(self._start * (whole - 1) + self._travel + self._leap(settings, loop)), jumped

    def restart(self) -> None:
        self._travel, self._start, self._ticks = 0.0, None, 0

    def state(self) -> StateDict:
        return to_arrays(CorpusState(self._travel, self._start, self._ticks))

    def restore(self, state: StateDict) -> None:
        read = from_arrays(CorpusState, state)
        self._travel, self._start, self._ticks = read.travel, read.start, read.ticks
