"""Sources of latents: each gives one latent vector [D] (sigma) per hop.

A source depends only on the seed and on its settings at every hop so far. The same performance
therefore gives the same latents live and offline, in any block size. `SourceBank` owns one of each
and cross-fades between them in latent space: at a change, the difference between the last latent
and the new source's first one fades out, so that the path has no jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.state import StateDict
from distill_engine.takes.take import VERSION

Latent = Float64Array
JUMP_HOPS = 4  # hops of the cross-fade after a jump
LEAST_GRAIN_SECONDS = 0.02  # a shorter grain plays the place itself
_LATTICE = 64  # dimensions of noise drawn, so that models of any size drift alike


@dataclass(frozen=True)
class CodeSettings:
    """The parameters `/distill/codes/...` at one hop.

    `levels` let each level in, 0 to 1; `shifts` move its codes along their order, in steps.
    """

    rate: float = 1.0
    position: float = 0.0
    repeat: bool = True
    levels: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    shifts: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class PriorSettings:
    """The parameters `/distill/prior/...` at one hop.

    `radius` is the share of the columns, those nearest to the map's point, that may play.
    """

    temperature: float = 1.0
    top_p: float = 0.95
    novelty_seconds: float = 1.0
    rate: float = 1.0
    hold: bool = False
    radius: float = 1.0


@dataclass(frozen=True)
class SourceSettings:
    """The source parameters at one hop.

    The vocabulary's rows `/distill/source/...` have their units and ranges. `place` [16] is the
    point on the map where it takes over with the grip `place_grip`, else None; `offsets` [64] are
    those of the latents, which move the place of `drift` and `hold`; both are in sigma. `key` is
    the note that plays the instrument, None without one. `tempo` is what a `BeatClock` makes of the
    parameter, `beats` what it counts before and after this hop, None without a place in the bar.
    `pins` are the latents below 16 that stand at their offsets: they attract. `rules` is the
    version of takes by whose rules the sources play. `level_behind`: a source may set its level
    behind the vocoder (see `Levelled`); not where models are mixed before it.
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
    own: float = 0.0
    tempo: float = 0.0
    beats: tuple[float, float] | None = None
    leaps: float = 0.2
    reach: float = 0.25
    grip: float = 0.5
    grain_seconds: float = 0.45
    place: Float64Array | None = None
    place_grip: float = 0.0
    offsets: Float64Array | None = None
    key: float | None = None
    codes: CodeSettings = CodeSettings()
    prior: PriorSettings = PriorSettings()
    pins: tuple[int, ...] = ()
    rules: int = VERSION
    level_behind: bool = True


class LatentSource(Protocol):
    """One way of moving through latent space."""

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        """Return the latent [D] of this hop, and the hops to fade into it; advance by one hop.

        0 if the source did not jump. After a jump the bank cross-fades from the last latent; 1 is
        no fade at all. `samples` [hop] is this hop of live input, mono; None without one.
        """

    def restart(self) -> None:
        """Restart from the beginning."""

    def state(self) -> StateDict:
        """Return the state as named arrays, each of any shape [...]."""

    def restore(self, state: StateDict) -> None:
        """Continue from a `state`; its arrays have the shapes [...] that `state` gave."""


@runtime_checkable
class Struck(Protocol):
    """A source that notes begin anew. `pitch` is that of the place that plays, a MIDI note number.

    It is 0 where the place has none. `before` are the latents [D, n] that the corpus has before the
    attack that begins at this hop; None where none begins, or nothing is known.
    """

    pitch: float
    before: Latent | None

    def strike(self) -> None:
        """Begin a sound at the next hop."""


@runtime_checkable
class Levelled(Protocol):
    """A source whose sound needs a `gain` behind the vocoder: that of a hop, in nats, 0 at most."""

    gain: float


@runtime_checkable
class OfPath(Protocol):
    """A source whose state counts frames of a corpus's path."""

    def find_again(self, other: Any) -> None:
        """Go on, after `restore`, where a source of the same kind is, in a path that may differ."""


class HoldSource:
    """The constant centre [D] of the corpus's sound (sigma).

    Only the latent and control parameters move it.
    """

    def __init__(self, centre: Latent) -> None:
        self._centre = centre

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        return self._centre, 0

    def restart(self) -> None:
        """Do nothing: the source has no beginning."""

    def state(self) -> StateDict:
        return {}

    def restore(self, state: StateDict) -> None:
        """Do nothing: the source has no state."""


@lru_cache(maxsize=64)
def seeded_noise(seed: int, index: int, stream: int) -> Latent:
    """Return standard normal numbers [64], read-only, that depend only on the three integers."""
    key = np.array([seed & 0xFFFFFFFFFFFFFFFF, stream], np.uint64)
    counter = np.array([0, 0, index & 0xFFFFFFFFFFFFFFFF, 0], np.uint64)
    numbers = np.random.Generator(np.random.Philox(counter=counter, key=key)).standard_normal(_LATTICE)
    numbers.flags.writeable = False
    return numbers


def seeded_share(seed: int, index: int, stream: int, which: int = 0) -> float:
    """Return a number from 0 to 1, all equally likely, that depends only on the four integers."""
    normal = float(seeded_noise(seed, index, stream)[which])
    return 0.5 * (1.0 + math.erf(normal / math.sqrt(2.0)))
