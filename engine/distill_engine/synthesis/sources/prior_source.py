"""The `prior` source: it plays by itself, in the order that the corpus's own codes suggest.

The prior draws the next code on level 0; a column of the corpus with that code plays: the one that
follows the present column where it has the code and `novelty` allows it, else the one that is most
like what would have followed. So every column is the user's own sound. A sound begins as one of the
corpus does, each of them once before any comes again, and lasts no longer than that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import KEY_LATENTS
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.prior import Context
from distill_engine.codes.prior_corpus import PriorCorpus
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import (
    JUMP_HOPS,
    Latent,
    PriorSettings,
    SourceSettings,
    seeded_share,
)
from distill_engine.takes.take import LED_SINCE

STREAM = 7  # of random numbers
LEAST_NEW = 4  # columns around what would follow that are no leap
LEAST_NEAR = 8  # columns that the least radius around the map's point holds
NEAR_STARTS = 4  # of sounds nearest to the map's point, of which one begins
STUCK_FACTOR = 2  # times the corpus's longest run of a code, after which the source moves on
_NEVER = 1e12  # cost of a column that must not play


@dataclass(frozen=True)
class PriorState:
    """The state of a `PriorSource`.

    `column` plays (-1 before the first), its hop is `at`; it is over where that is its end.
    `number` counts columns, `copied` those after the last leap. `code` and `run` are the context.
    `moved` counts how often the source moved on by itself because one code had lasted too long.
    Sounds begin with one of `starts` [n], numbers of clips, if there are any. `begun` counts them;
    the present one has played `age` columns, of `length` at most. Older states lack these three.
    """

    column: int
    at: float
    number: int
    copied: int
    code: int
    run: int
    moved: int
    starts: npt.NDArray[np.int64] | None = None
    begun: int | None = None
    age: int | None = None
    length: int | None = None


class PriorSource:
    """Plays columns of the corpus in an order that the prior draws."""

    before: Latent | None = None

    def __init__(self, shared: PriorCorpus, seed: int, frame_rate: float) -> None:
        self._shared, self._seed, self._frame_rate = shared, seed, frame_rate
        self._starts: tuple[int, ...] = ()
        self.restart()

    def restart(self) -> None:
        self._column, self._at, self._number, self._copied = -1, 0.0, 0, 0
        self._context, self.moved = Context(), 0
        self._begun, self._age, self._length = 0, 0, 1

    def start_with(self, clips: Sequence[int]) -> None:
        """Begin a sound at the next hop: one of these clips, now and later; any without."""
        self._starts = tuple(clips)
        self.strike()

    def go_on(self, column: int, context: Context) -> None:
        """Play at the next hop what may follow a column of the corpus, and a context."""
        self._column, self._context, self._copied = column, context, 0
        self._at = float(self._shared.hops[column])
        self._age, self._length = self._shared.place_in_clip(column)

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        fade, prior, self.before = 0, settings.prior, None
        if self._column < 0:
            fade = self._begin(settings)
            if settings.key is not None and settings.rules >= LED_SINCE:
                fade, self.before = 1, self._shared.before(self._column)
        elif self._at >= self._shared.hops[self._column]:  # after `go_on`
            fade, self._at = max(JUMP_HOPS, self._advance(settings)), 0.0
        elif not settings.freeze:
            self._at += prior.rate * (settings.tempo / 120.0 if settings.tempo > 0 else 1.0)
            while self._at >= self._shared.hops[self._column]:
                if prior.hold:
                    self._at %= float(self._shared.hops[self._column])
                    break
                self._at -= float(self._shared.hops[self._column])
                fade = max(fade, self._advance(settings))
        latent = self._shared.path.latents[:, self._shared.frames[self._column] + int(self._at)]
        return latent.astype(np.float64), fade

    def _begin(self, settings: SourceSettings) -> int:
        """Begin a sound; return the hops of the fade."""
        shared = self._shared
        for pool in (shared.starts[list(self._starts) or slice(None)], shared.anywhere):
            cost = self._away(pool, settings)
            if cost.min() < _NEVER:
                break
        last = min(NEAR_STARTS, len(cost)) - 1
        near = pool[(cost <= np.partition(cost, last)[last]) & (cost < _NEVER)]
        times, place = divmod(self._begun, len(near))
        order = np.random.default_rng([abs(self._seed), STREAM, times]).permutation(len(near))
        column, self._begun, self._at = int(near[order[place]]), self._begun + 1, 0.0
        if settings.key is not None:
            column = shared.at_once(column)
        played, length = shared.place_in_clip(column)
        self._age, self._length = 0, length + 1 - played
        self._go(column, copied=0)
        return JUMP_HOPS

    def _advance(self, settings: SourceSettings) -> int:
        """Move to the next column; return the hops of the fade."""
        shared, following = self._shared, self._shared.follows(self._column)
        going_on = int(shared.codes[following]) if following >= 0 else shared.prior.end
        code = self._drawn(settings.prior, going_on) if self._age < self._length else shared.prior.end
        stuck = self._context.code >= 0 and self._context.run > STUCK_FACTOR * shared.prior.longest[self._context.code]
        if code == shared.prior.end or stuck:
            self.moved += int(stuck)
            self._context = Context()
            return self._begin(settings)
        allowed = self._copied + 1 < int(settings.prior.novelty_seconds * self._frame_rate / COLUMN_HOPS)
        if allowed and following >= 0 and shared.codes[following] == code and self._near(following, settings):
            self._go(following, copied=self._copied + 1)
            return 0
        self._go(self._best(code, following, settings), copied=0)
        return JUMP_HOPS

    def _best(self, code: int, following: int, settings: SourceSettings) -> int:
        """Return the column with a code that is most like what would follow, and near the place.

        Columns around the present one count where no other has the code, and any column where only
        what follows has it, or none within the radius has.
        """
        shared = self._shared
        like = shared.components[following if following >= 0 else self._column]
        for pool, reach in ((shared.candidates(code), LEAST_NEW), (shared.candidates(code), 0), (shared.anywhere, 0)):
            cost = np.square(shared.components[pool] - like).sum(axis=1) + self._away(pool, settings)
            same_clip = shared.clip_of[pool] == shared.clip_of[self._column]
            cost[same_clip & (np.abs(pool - self._column - 1) < reach)] = _NEVER
            cost[(pool == self._column) | (pool == following)] = _NEVER
            if cost.min() < _NEVER:
                break
        return int(pool[int(np.argmin(cost))])

    def _away(self, pool: npt.NDArray[np.int64], settings: SourceSettings) -> Float64Array:
        """Return the cost [n] of columns for their distance from the map's point, 0 without one.

        Those beyond the radius must not play.
        """
        if settings.place is None:
            return np.zeros(len(pool))
        apart = self._apart(pool, settings.place)
        cost = settings.place_grip * apart
        if settings.prior.radius < 1.0:
            every = self._apart(self._shared.anywhere, settings.place)
            count = min(max(LEAST_NEAR, round(settings.prior.radius * len(every))), len(every))
            cost[apart > np.partition(every, count - 1)[count - 1]] = _NEVER
        return np.asarray(cost)

    def _apart(self, pool: npt.NDArray[np.int64], place: Latent) -> Float64Array:
        """Return the squared distance [n] of columns from a place [16 or more]."""
        wanted = np.nan_to_num(place[:KEY_LATENTS]).astype(np.float32)
        return np.asarray(np.square(self._shared.keys[pool] - wanted).sum(axis=1), np.float64)

    def _near(self, column: int, settings: SourceSettings) -> bool:
        """Return whether a column lies within the radius around the map's point."""
        return bool(self._away(np.array([column]), settings)[0] < _NEVER)

    def _drawn(self, prior: PriorSettings, going_on: int) -> int:
        number = seeded_share(self._seed, self._number, STREAM)
        return self._shared.prior.draw(
            self._context, number, temperature=prior.temperature, top_p=prior.top_p, going_on=going_on
        )

    def _go(self, column: int, *, copied: int) -> None:
        self._column, self._copied = column, copied
        self._context = self._context.after(int(self._shared.codes[column]))
        self._number += 1
        self._age += 1

    @property
    def playing(self) -> tuple[int, int]:
        """The number of columns begun so far, and the corpus's column that plays."""
        return self._number, self._column

    @property
    def pitch(self) -> float:
        """The pitch of the column that plays, a MIDI note number; 0 for none."""
        return float(self._shared.path.pitches[self._shared.frames[max(self._column, 0)]]) / 100.0

    def strike(self) -> None:
        """Begin a clip at the next hop."""
        self._column, self._context = -1, Context()
        self._number += 1

    def find_again(self, other: PriorSource) -> None:
        """Begin a sound, after `restore`, where the other source plays another corpus."""
        if not np.array_equal(self._shared.codes, other._shared.codes):
            self._starts = ()
            self.strike()

    def state(self) -> StateDict:
        context, starts = self._context, np.array(self._starts, np.int64)
        return to_arrays(
            PriorState(
                *(self._column, self._at, self._number, self._copied, context.code, context.run, self.moved, starts),
                *(self._begun, self._age, self._length),
            )
        )

    def restore(self, state: StateDict) -> None:
        read = from_arrays(PriorState, state)
        self.restart()
        self._number, self.moved, self._begun = read.number, read.moved, max(0, read.begun or 0)
        starts = [] if read.starts is None else read.starts.tolist()
        self._starts = tuple(clip for clip in starts if 0 <= clip < len(self._shared.starts))
        if not -1 <= read.code < self._shared.prior.end or not -1 <= read.column < len(self._shared.codes):
            return  # of another corpus: begin anew
        self._column, self._copied = read.column, read.copied
        self._context = Context(read.code, read.run)
        if read.age is not None and read.length is not None:
            self._age, self._length = read.age, read.length
        elif read.column >= 0:
            self._age, self._length = self._shared.place_in_clip(read.column)
        self._at = min(max(read.at, 0.0), float(self._shared.hops[max(read.column, 0)]))
