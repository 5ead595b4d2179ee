"""A player of stretches: it follows the path of the corpus and leaps to places that fit.

What plays is always a real stretch of the user's own sound. A leap comes after a random time, where
a note has died, or where a clip ends. The path depends on the seed and on the settings of every hop
so far, and on nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import quantised
from distill_engine.audio.arrays import lower_quantile
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import Latent, seeded_noise, seeded_share
from distill_engine.synthesis.sources.leap_search import (
    GRIP_STEPS,
    SEARCH_HOPS,
    LeapSearch,
    Query,
    Search,
)
from distill_engine.synthesis.sources.pull import Pull

LEAP_FADE, ATTACK_FADE = 3, 1  # hops in which the step between the latents fades out
SPREAD = 0.5  # standard deviation of the logarithm of the time between leaps
LEAST_HOPS = 10  # between two leaps
LONGEST_REST = 129  # hops of silence after a note that has died (1.5 s)
MOST_RECENT = 3  # clips that are not gone back to, and at most a third of all
LEAST_CLIPS = 0.5  # share of the clips that a free walk leaps to where kinds do not count
STREAM = 3  # of the random numbers


@dataclass(frozen=True)
class PlayerState:
    """The state of a `StretchPlayer`.

    `frame` plays; `number` counts leaps, `phase` the share of the time to the next; `since` hops
    since the last. `recent` are clips [n], `played` the hops of each clip so far, `heard` those of
    each kind of sound. A search of `searched` steps looks from `query_frame` with `query_grip` and
    `query_place` [16 or 0], of which `query_pins` [n] count if there are any, not to
    `query_avoided` clips and `query_kinds`, with `query_dying` frames; -1 steps: none runs.
    `pitched` is the frame whose pitch counts; with `struck` a sound begins at the next hop.
    """

    frame: int
    number: int
    phase: float
    since: int
    recent: npt.NDArray[np.int64]
    searched: int
    query_frame: int
    query_grip: int
    query_place: npt.NDArray[np.int64]
    query_avoided: npt.NDArray[np.int64]
    played: npt.NDArray[np.int64] | None = None
    pitched: int | None = None
    struck: bool | None = None
    heard: npt.NDArray[np.int64] | None = None
    query_kinds: npt.NDArray[np.int64] | None = None
    query_pins: npt.NDArray[np.int64] | None = None
    query_dying: bool | None = None


class StretchPlayer:
    """Play a path, one latent per hop. `search` is shared by all players of a path."""

    def __init__(self, search: LeapSearch, seed: int, frame_rate: float) -> None:
        self._search, self._path, self._seed, self._frame_rate = search, search.path, seed, frame_rate
        self.restart()

    def restart(self) -> None:
        """Return to the beginning, an attack that the seed chooses."""
        attacks = self._search.attacks
        self._number, self._phase, self._since = 0, 0.0, 0
        self._recent: list[int] = []
        self._played = np.zeros(len(self._path.offsets) - 1, np.int64)
        self._heard = np.zeros(len(self._search.kind_sizes), np.int64)
        self._asked: Search | None = None
        self.frame = int(attacks[min(int(self._draw(1) * len(attacks)), len(attacks) - 1)])
        self._begun = False
        self._pitched, self._struck = self.frame, False
        self.before: Latent | None = None

    @property
    def pitch(self) -> float:
        """The pitch of the place that plays, a MIDI note number; 0 for none.

        It stays until a leap or an attack, so that vibrato and glides are heard.
        """
        return float(self._search.pitches[self._pitched])

    def strike(self) -> None:
        """Begin a sound at the next hop: an attack."""
        self._struck = True

    def next(self, pull: Pull, *, freeze: bool = False) -> tuple[Latent, int]:
        """Return the latent [D] of this hop, and the hops to fade into it (0 without a leap)."""
        fade, self.before = 0, None
        if not self._begun:
            self._begun, fade = True, ATTACK_FADE
            self._visit()
        if self._struck or (pull.strike and not freeze):
            fade = self._begin_attack(pull)
        elif not freeze and not fade:
            fade = self._advance(pull)
        self._played[self._search.clip_of[self.frame]] += 1
        self._heard[self._search.kind_of[self.frame]] += 1
        if fade == ATTACK_FADE:
            self.before = self._path.before(self.frame, int(self._search.clip_of[self.frame]))
        return self._path.latents[:, self.frame].astype(np.float64), fade

    def _advance(self, pull: Pull) -> int:
        """Move by one hop, on or by a leap; return the hops of the fade."""
        self._since += 1
        self._phase += pull.leaps / self._frame_rate
        spread = 0.0 if pull.even else SPREAD
        due = math.exp(spread * float(seeded_noise(self._seed, self._number, STREAM)[0]) - 0.5 * spread**2)
        due -= 0.5 * pull.grid
        ahead = max(pull.leaps, 1e-6) / self._frame_rate * SEARCH_HOPS
        after = self.frame + 1
        ended = after >= self._search.ends[self.frame]
        if pull.key is not None and self._search.dead[self.frame]:
            self.frame = self.frame if ended else after
            return 0
        if ended or (self._over(after) and not pull.follows):
            return self._begin_attack(pull)
        self.frame = after
        if self._search.begins[after]:
            self._pitched = after
        left = int(self._search.ends[after]) - after if pull.follows else LEAST_HOPS
        soon = self._phase + ahead >= due and self._since + SEARCH_HOPS >= LEAST_HOPS
        if self._asked is None and (soon or left < LEAST_HOPS):
            self._asked = Search(self._search, self._ask(pull))
        if self._asked is not None:
            self._asked.step()
            if self._asked.done and ((self._phase >= due and pull.on_grid) or left == 1):
                return self._leap_or_stay(self._asked, pull, ends=left < LEAST_HOPS)
        return 0

    def _leap_or_stay(self, asked: Search, pull: Pull, *, ends: bool) -> int:
        """Leap to what was found, or play on; return the hops of the fade.

        `ends`: the clip has not the time for another search.
        """
        if not pull.follows and self._search.dead[self.frame]:
            return 0
        if pull.follows and not ends and asked.fits(self.frame):
            self._asked = None
            return 0
        goal = asked.choose(pull.choices, self._draw(2))
        return self._leap(self._later(goal, self.frame - asked.query.frame, dying=pull.follows), LEAP_FADE)

    def _later(self, goal: int, hops: int, *, dying: bool) -> int:
        """Return the frame that is as far behind `goal` as the player has gone since it asked.

        `dying`: frames after a note has died count as any other.
        """
        later = goal + hops
        if later >= self._search.ends[goal] - (LEAST_HOPS if dying else 1):
            return goal
        return later if dying or not self._search.dead[later] else goal

    def _over(self, frame: int) -> bool:
        """Return whether the note has died and the rest after it is over."""
        if not self._search.dead[frame] or self._since < LEAST_HOPS:
            return False
        rest = min(int(self._search.rests[frame]), LONGEST_REST) * self._draw(3)
        return bool(self._search.rested[frame] >= rest)

    def _begin_attack(self, pull: Pull) -> int:
        query, at_once = self._ask(pull), self._struck or pull.strike or pull.key is not None
        goal = self._search.attack(query, pull.choices, self._draw(2), pull.key, at_once=at_once)
        self._struck = False
        return self._leap(goal, ATTACK_FADE)

    def _leap(self, goal: int, fade: int) -> int:
        self.frame = self._pitched = goal
        self._number += 1
        self._phase, self._since, self._asked = 0.0, 0, None
        self._visit()
        return fade

    def _visit(self) -> None:
        clips = len(self._path.offsets) - 1
        clip = int(self._search.clip_of[self.frame])
        kept = min(MOST_RECENT, clips // 3)
        self._recent = [*(c for c in self._recent if c != clip), clip][-kept:] if kept else []

    def _ask(self, pull: Pull) -> Query:
        """Return what to look for."""
        recent = tuple(self._recent)
        kinds: tuple[int, ...] = ()
        if pull.kinds is not None and pull.kinds < 1.0 and pull.key is None:
            kinds = _most(self._heard, self._search.kind_sizes, pull.kinds, fair=pull.fair)
        if pull.place is None or pull.grip <= 0:
            if pull.kinds is None and pull.key is None:
                recent += _most(self._played, np.diff(self._path.offsets), LEAST_CLIPS)
            return Query(self.frame, None, 0, recent, kinds)
        place = quantised(np.nan_to_num(pull.place)).astype(np.int64)
        grip = min(GRIP_STEPS, max(1, round(pull.grip * GRIP_STEPS)))
        pins = tuple(pin for pin in pull.pins if pin < len(place))
        return Query(self.frame, place, grip, recent, kinds, pins, pull.follows)

    def _draw(self, index: int) -> float:
        """Return a number from 0 to 1 that depends on seed, leap and index alone."""
        return seeded_share(self._seed, self._number, STREAM, index)

    def find_again(self, other: StretchPlayer) -> None:
        """Go on, after `restore`, at the frame most like that of another player.

        The same sound has another number where clips were added or removed. Players of equal paths
        are at the same frame already.
        """
        if not other._begun or self._search.digest == other._search.digest:
            return
        self.frame = self._pitched = self._search.like(other._search, other.frame)
        self._played[:], self._heard[:] = 0, 0
        self._recent, self._asked = [], None
        self._visit()

    def state(self) -> StateDict:
        """Return the state as named arrays, each of any shape [...]."""
        query = Query(-1, None, 0, ()) if self._asked is None else self._asked.query
        place = query.place if query.place is not None else np.zeros(0, np.int64)
        return to_arrays(
            PlayerState(
                self.frame if self._begun else -1,
                self._number,
                self._phase,
                self._since,
                np.array(self._recent, np.int64),
                -1 if self._asked is None else self._asked.steps,
                query.frame,
                query.grip,
                place,
                np.array(query.avoided, np.int64),
                self._played.copy(),
                self._pitched,
                self._struck,
                self._heard.copy(),
                np.array(query.kinds, np.int64),
                np.array(query.pins, np.int64) if query.pins else None,
                query.dying or None,
            )
        )

    def restore(self, state: StateDict) -> None:
        """Continue from a `state`; its arrays have the shapes [...] that `state` gave.

        A place beyond a shorter path becomes its last frame, as when another model plays on.
        """
        read = from_arrays(PlayerState, state)
        self.restart()
        self._number, self._phase, self._since = read.number, read.phase, read.since
        self._struck = bool(read.struck)
        if read.frame < 0:
            return
        clips, last = len(self._path.offsets) - 1, self._path.frames - 1
        self._pitched = min(max(read.frame if read.pitched is None else read.pitched, 0), last)
        self._begun, self.frame = True, min(read.frame, last)
        self._recent = [int(clip) for clip in read.recent if 0 <= clip < clips]
        if read.played is not None and read.played.shape == self._played.shape:
            self._played = np.maximum(read.played.astype(np.int64), 0)
        if read.heard is not None and read.heard.shape == self._heard.shape:
            self._heard = np.maximum(read.heard.astype(np.int64), 0)
        if read.searched >= 0 and 0 <= read.query_frame <= last:
            place = read.query_place.astype(np.int64) if read.query_place.size == self._search.place_latents else None
            grip = min(max(read.query_grip, 0), GRIP_STEPS)
            avoided = tuple(int(clip) for clip in read.query_avoided)
            asked = () if read.query_kinds is None else read.query_kinds
            kinds = tuple(int(kind) for kind in asked if 0 <= kind < len(self._heard))
            pins = () if place is None or read.query_pins is None else tuple(read.query_pins.tolist())
            pins = tuple(pin for pin in pins if 0 <= pin < self._search.place_latents)
            query = Query(read.query_frame, place, grip, avoided, kinds, pins, bool(read.query_dying))
            self._asked = Search(self._search, query)
            for _ in range(min(read.searched, SEARCH_HOPS)):
                self._asked.step()


def _most(
    heard: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], least: float, *, fair: bool = False
) -> tuple[int, ...]:
    """Return what was heard most for its length: all but the share `least`.

    Some sounds are like many others, and some like none: without this few would be heard. With
    `fair` it is also all that was heard more than its share, so that in the end everything is.
    """
    shares = heard / lengths
    bound = lower_quantile(shares, least)
    if fair:
        bound = min(bound, float(heard.sum() / lengths.sum()))
    return tuple(np.flatnonzero(shares > bound).tolist())
