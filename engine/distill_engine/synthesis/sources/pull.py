"""What decides where a player of stretches leaps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.sources.leap_search import MOST_CHOICES


@dataclass(frozen=True)
class Pull:
    """What decides where the player leaps at this hop.

    Attributes:
        leaps: a second, on average.
        place: latents [16] in sigma that attract, or None.
        grip: 0 to 1, how much the place counts against what plays.
        reach: 0 takes the most alike place, 0.25 one of 8, from 0.75 on one of 512.
        key: a note that plays; sounds begin near its pitch, and one that has died does not begin
            again.
        even: leaps come in equal times.
        grid: where leaps come on beats, the time from one to the next, in mean times between leaps;
            leaps come at the nearest.
        on_grid: a leap may come at this hop.
        strike: begin an attack at this hop.
        follows: the place is that of a live input. What plays goes on where that fits as well as a
            leap, also after its note has died; nothing but `strike` begins a sound.
        kinds: share of the kinds of sound that a leap may go to, those heard least so far; None: a
            free walk leaps to the clips heard least.
        fair: nor to kinds that were heard more than their share of the corpus.
        pins: latents of the place that count, where it is not the whole.
    """

    leaps: float
    place: Float64Array | None = None
    grip: float = 0.0
    reach: float = 0.25
    key: float | None = None
    even: bool = False
    strike: bool = False
    follows: bool = False
    grid: float = 0.0
    on_grid: bool = True
    kinds: float | None = 1.0
    fair: bool = False
    pins: tuple[int, ...] = ()

    @property
    def choices(self) -> int:
        """The number of places that one is drawn from."""
        places: int = round(math.pow(2.0, min(12.0 * self.reach, math.log2(MOST_CHOICES))))
        return places
