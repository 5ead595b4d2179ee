"""The `corpus` source: a path through the encoded corpus."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float16Array, Float32Array
from distill_engine.errors import ControlError
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import JUMP_HOPS, Latent, SourceSettings, seeded_noise

GRAIN_HOPS = 12  # hops from one jitter leap to the next


@dataclass(frozen=True)
class CorpusState:
    """The position of a `CorpusSource`.

    `travel` is hops since the start of the loop, `start` the last `position` parameter (None before
    the first hop), `ticks` all hops.
    """

    travel: float
    start: float | None
    ticks: int


class CorpusSource:
    """A path through the encoded corpus [D, L], `reduction` hops per latent, clip after clip.

    It starts at `position` (0 to 1 of the whole) and moves with `speed` (1 is the clips' own pace,
    negative is backwards). It loops over `length_seconds`; 0 loops over the whole corpus as a ring.
    It jumps when `position` changes and stays when frozen. `jitter` j adds random leaps of up to
    j^2 / 2 of the loop, a new one every 12 hops. `pitches` [L] are MIDI note numbers, 0 for none.
    """

    before: Latent | None = None

    def __init__(
        self,
        latents: Float32Array | Float16Array,
        seed: int,
        frame_rate: float,
        reduction: int,
        pitches: Float32Array | None = None,
    ) -> None:
        if latents.ndim != 2 or latents.shape[1] < 1:
            raise ControlError(
                f"source corpus: the encoded corpus has the shape {latents.shape}, not [dimensions, time]"
            )
        self._latents, self._seed = latents, seed
        self._frame_rate, self._reduction, self._pitches = frame_rate, reduction, pitches
        self._travel = 0.0  # hops since the start of the loop
        self._start: float | None = None  # position parameter last seen
        self._ticks = 0

    def _at(self, hop: float) -> Latent:
        count = self._latents.shape[1]
        position = hop / self._reduction % count
        left = int(position)
        weight = position - left
        a: Latent | Float32Array = self._widened(left % count)
        b: Latent | Float32Array = self._widened((left + 1) % count)
        point: Latent = a * (1.0 - weight) + b * weight
        return point

    def _widened(self, index: int) -> Latent | Float32Array:
        """Return a latent [D] of the corpus; half precision becomes float64."""
        latent = self._latents[:, index]
        return latent.astype(np.float64) if latent.dtype == np.float16 else np.asarray(latent, np.float32)

    def _loop_hops(self, settings: SourceSettings) -> float:
        whole = float(self._latents.shape[1] * self._reduction)
        length = settings.length_seconds * self._frame_rate
        return whole if length <= 0 else min(max(length, 1.0), whole)

    def _leap(self, settings: SourceSettings, loop: float) -> float:
        if settings.jitter <= 0:
            return 0.0
        draw = float(seeded_noise(self._seed, self._ticks // GRAIN_HOPS, 1)[0])
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

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        loop = self._loop_hops(settings)
        jumped = settings.jitter > 0 and self._ticks % GRAIN_HOPS == 0
        if self._start is None or settings.position != self._start:
            self._start, self._travel, jumped = settings.position, 0.0, True
        else:
            jumped = self._advance(settings, loop) or jumped
        whole = self._latents.shape[1] * self._reduction
        return self._at(self._start * (whole - 1) + self._travel + self._leap(settings, loop)), JUMP_HOPS * jumped

    @property
    def pitch(self) -> float:
        """The pitch where the path starts, a MIDI note number; 0 for none."""
        if self._pitches is None:
            return 0.0
        return float(self._pitches[round((self._start or 0.0) * (len(self._pitches) - 1))])

    def strike(self) -> None:
        """Start again from the position."""
        self.restart()

    def restart(self) -> None:
        self._travel, self._start, self._ticks = 0.0, None, 0

    def state(self) -> StateDict:
        return to_arrays(CorpusState(self._travel, self._start, self._ticks))

    def restore(self, state: StateDict) -> None:
        read = from_arrays(CorpusState, state)
        self._travel, self._start, self._ticks = read.travel, read.start, read.ticks
