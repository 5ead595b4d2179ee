"""The search for the place that a player of stretches leaps to, exact on every processor.

All costs are integers below 2^53 that float64 holds exactly; squared distances of keys are below
2^24, which float32 matrix products give exactly. Equal costs are ordered by index. A search runs a
fixed number of rows per hop, so that it takes no time at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.kinds import kinds_of
from distill_engine.analysis.stretches.path import KEY_STEPS, CorpusPath
from distill_engine.analysis.stretches.skeleton import HEARD_NATS, heard_levels
from distill_engine.audio.arrays import Float32Array, Float64Array, lower_quantile

SEARCH_HOPS = 8  # that a search takes
MOST_CHOICES = 512  # places that one is drawn from
NEAR_FRAMES = 40  # frames around the present one that are no leap
VOICED_HOPS = 8  # after an attack, where its sound is compared
LEAST_LEFT = 16  # frames that a clip must still have at the place
DEAD_NATS = 3.0  # below its clip's peak (26 dB), where a note may have died
USUAL_SHARES = 0.5, 0.95  # of the heard frames, by their level
DEAD_SHARE = 0.98  # of a clip's heard frames that come before its note has died
DECAYED_NATS = 1.38  # below its clip's peak (12 dB), where a clip that decays ends
FADED_NATS = 1.0  # below its clip's peak, from which on a frame costs more
FADED_COST = 3 * KEY_STEPS**2  # of each nat more, as a squared distance of 3 sigma
NEAR_SEMITONES = 1.0  # further than the nearest in pitch, where an attack still serves a key
KEY_REACH = 24.0  # semitones from a key, beyond which a pitch does not serve it
GRIP_STEPS = 16  # weights of place and context are sixteenths
_NEVER = float(1 << 50)


@dataclass(frozen=True)
class Query:
    """What a search looks for.

    Attributes:
        frame: of the path that plays; its key is the context.
        place: int keys [16] that attract, or None.
        grip: weight of the place in sixteenths, 0 without one; the context has the rest.
        avoided: clips that are no goal.
        kinds: of sound that are no goal, where there is another.
        pins: latents of the place that count, all without any.
        dying: frames after a note has died count as any other.
    """

    frame: int
    place: npt.NDArray[np.int64] | None
    grip: int
    avoided: tuple[int, ...]
    kinds: tuple[int, ...] = ()
    pins: tuple[int, ...] = ()
    dying: bool = False


class LeapSearch:
    """Costs of every frame of a path, and the choice among the least.

    `usual_levels` are the least and the highest level, in nats, of the louder half of its frames
    that are heard, the loudest few left out.

    Args:
        path: what is played.
    """

    def __init__(self, path: CorpusPath) -> None:
        self.path = path
        self.digest = hashlib.blake2b(path.keys.tobytes() + path.offsets.tobytes(), digest_size=16).digest()
        self._keys: Float32Array = np.ascontiguousarray(path.keys.T.astype(np.float32))  # [N, 32]
        self._squares = np.sum(np.square(self._keys), axis=1)
        self.place_latents = len(path.keys) // 2  # those of places and of kinds of sound
        self._place_squares = np.sum(np.square(self._keys[:, : self.place_latents]), axis=1)
        self._frames = np.arange(path.frames)
        self.clip_of = path.clip_of
        self.ends = path.offsets[1:][self.clip_of]
        levels, spans = path.levels.astype(np.float64), zip(path.offsets, path.offsets[1:], strict=False)
        self._loudest = np.array([start + int(np.argmax(levels[start:end])) for start, end in spans])[self.clip_of]
        self.below_peak = levels[self._loudest] - levels
        self.usual_levels = _usual(levels)
        self.dead = self._dead(self.below_peak)
        self.rested, self.rests = _runs(self.dead, path.offsets)
        lasting = self.ends - self._frames >= LEAST_LEFT
        self._barred, self._ending = _bars(lasting & ~self.dead), _bars(lasting)
        faded = np.maximum(self.below_peak - FADED_NATS, 0.0)
        self._fading = np.rint(FADED_COST * self._decay_share() * faded)
        self.attacks = path.attacks if len(path.attacks) else path.offsets[:-1]
        self._voiced = np.minimum(self.attacks + VOICED_HOPS, self.ends[self.attacks] - 1)
        self._chunk = -(-path.frames // SEARCH_HOPS)
        self.pitches = path.pitches.astype(np.float32) / 100.0  # MIDI note numbers [N], 0 for none
        self.kind_of = kinds_of(path.keys[: self.place_latents])
        self.kind_sizes = np.bincount(self.kind_of)
        self.begins = np.zeros(path.frames, bool)
        self.begins[self.attacks] = True

    def _dead(self, below_peak: Float64Array) -> npt.NDArray[np.bool_]:
        """Return which frames [N] are so far below their clip's peak that its note has died."""
        bounds = []
        for start, end in zip(self.path.offsets, self.path.offsets[1:], strict=False):
            heard = below_peak[start:end][below_peak[start:end] < HEARD_NATS]
            bounds.append(max(DEAD_NATS, lower_quantile(heard, DEAD_SHARE)))
        return np.asarray(below_peak >= np.array(bounds)[self.clip_of])

    def _decay_share(self) -> float:
        """Return how much of the corpus decays, 0 to 1: the share of clips that end 12 dB down."""
        return float(np.mean(self.below_peak[self.path.offsets[1:] - 1] > DECAYED_NATS))

    def costs(self, query: Query, step: int) -> Float64Array:
        """Return the costs [rows] that step number `step` (0 to SEARCH_HOPS - 1) computes."""
        rows = slice(step * self._chunk, min((step + 1) * self._chunk, self.path.frames))
        return self._of(query, rows)

    def _of(self, query: Query, rows: slice | npt.NDArray[np.int64], *, again: bool = False) -> Float64Array:
        """Return the cost of each of these frames: unlikeness to the context and to the place.

        With `again` frames around the present one count as any other.
        """
        key = self._keys[query.frame]
        context = self._squares[rows] - 2.0 * (self._keys[rows] @ key) + self._squares[query.frame]
        cost = context.astype(np.float64) * (GRIP_STEPS - query.grip)
        cost += self._place_cost(query, rows)
        frames = self._frames[rows]
        if isinstance(rows, slice):
            cost += self._ending[rows] if query.dying else self._barred[rows]
        if not again:
            cost[np.abs(frames - query.frame) < NEAR_FRAMES] += _NEVER
        if query.avoided:
            cost[np.isin(self.clip_of[frames], query.avoided)] += _NEVER / 4
        if query.kinds:
            refused = np.zeros(len(self.kind_sizes), bool)
            refused[list(query.kinds)] = True
            cost[refused[self.kind_of[rows]]] += _NEVER / 8
        return np.asarray(cost)

    def going_on(self, query: Query, frame: int) -> float:
        """Return the cost of playing on at a frame: its unlikeness to the place alone."""
        return float(self._place_cost(query, np.array([frame]))[0])

    def _place_cost(self, query: Query, rows: slice | npt.NDArray[np.int64]) -> Float64Array:
        """Return the costs [rows] of a query's place: how far frames are from it and have faded."""
        if query.place is None:
            return np.zeros(len(self._frames[rows]))
        cost = self._from_place(query.place, query.pins, rows) * query.grip + self._fading[rows] * GRIP_STEPS
        return np.asarray(cost, np.float64)

    def _from_place(
        self, place: npt.NDArray[np.int64], pins: tuple[int, ...], rows: slice | npt.NDArray[np.int64]
    ) -> Float64Array:
        """Return the squared distances from a place; a few pins weigh as much as all latents."""
        wanted = place.astype(np.float32)
        if pins:
            apart = np.square(self._keys[rows][:, pins] - wanted[list(pins)]).sum(axis=1)
            return np.asarray(apart, np.float64) * (self.place_latents // len(pins))
        keys = self._keys[rows][:, : self.place_latents]
        return np.asarray(self._place_squares[rows] - 2.0 * (keys @ wanted) + wanted @ wanted, np.float64)

    def like(self, other: LeapSearch, frame: int) -> int:
        """Return the frame most like one of another path of the skeleton; the first of equals."""
        if self._keys.shape[1] != other._keys.shape[1]:
            return min(frame, self.path.frames - 1)
        return int(np.argmin(self._squares - 2.0 * (self._keys @ other._keys[frame])))

    def choose(self, costs: Float64Array, choices: int, draw: float) -> int:
        """Return the frame of one of the `choices` least of costs [N], by `draw`, 0 to 1."""
        return _drawn(_least(costs, choices), draw)

    def attack(
        self, query: Query, choices: int, draw: float, key: float | None = None, *, at_once: bool = False
    ) -> int:
        """Return the frame of one of the attacks that fit best, found at once.

        The sound soon after each attack is compared with the loudest frame of the clip that plays.
        With a `key` only those count that are nearest in pitch, where any is within its reach.
        `at_once` leaves out the silence before a clip.
        """
        sounding = replace(query, frame=int(self._loudest[query.frame]))
        on_key = self._on_key(key)
        costs = self._of(sounding, self._voiced[on_key], again=key is not None)
        goal = int(self.attacks[on_key][self.choose(costs, choices, draw)])
        return max(goal, self.path.first_frame(self.clip_of[goal])) if at_once else goal

    def _on_key(self, key: float | None) -> npt.NDArray[np.bool_]:
        """Return which attacks [A] serve a key: the nearest in pitch and those within 1 of it."""
        pitches = self.pitches[self.attacks]
        apart = np.where(pitches > 0, np.abs(pitches - (key or 0.0)), np.inf)
        nearest = apart.min()
        if key is None or nearest > KEY_REACH:
            return np.ones(len(apart), bool)
        return np.asarray(apart <= nearest + NEAR_SEMITONES)


class Search:
    """A search of a path for what `query` looks for, in SEARCH_HOPS steps.

    It keeps no more than the least costs so far: as many as a place is drawn from at most.
    """

    def __init__(self, path: LeapSearch, query: Query) -> None:
        self.query, self.steps = query, 0
        self._path, self._seen = path, 0  # frames
        self._costs, self._frames = np.zeros(0), np.zeros(0, np.int64)  # ordered by cost, then by frame

    @property
    def done(self) -> bool:
        """Whether all frames have been looked at."""
        return self.steps == SEARCH_HOPS

    def step(self) -> None:
        """Look at the next frames; once all are done, do nothing."""
        if self.done:
            return
        costs = self._path.costs(self.query, self.steps)
        full = len(self._costs) == MOST_CHOICES
        near = np.flatnonzero(costs < self._costs[-1]) if full else np.arange(len(costs))
        frames = np.concatenate([self._frames, near + self._seen])
        costs, self._seen = np.concatenate([self._costs, costs[near]]), self._seen + len(costs)
        kept = _least(costs, MOST_CHOICES)
        self._costs, self._frames, self.steps = costs[kept], frames[kept], self.steps + 1

    def fits(self, frame: int) -> bool:
        """Return whether a frame that plays fits at least as well as any to leap to."""
        return self._path.going_on(self.query, frame) <= float(self._costs[0])

    def choose(self, choices: int, draw: float) -> int:
        """Return one of the `choices` (up to MOST_CHOICES) least frames, by `draw`, 0 to 1."""
        return _drawn(self._frames[:choices], draw)


def _bars(playable: npt.NDArray[np.bool_]) -> Float64Array:
    """Return what a frame [N] costs more: nothing where it may play, or where none may."""
    return np.where(playable | ~playable.any(), 0.0, _NEVER)


def _usual(levels: Float64Array) -> tuple[float, float]:
    """Return the levels between which the louder half of the heard frames [N] lies, in nats."""
    heard = levels[heard_levels(levels, levels.max())]
    if not len(heard):
        return -np.inf, np.inf
    least, highest = (lower_quantile(heard, share) for share in USUAL_SHARES)
    return least, highest


def _runs(mask: npt.NDArray[np.bool_], offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """Return how many true values came before each frame [N] in its run, and the run's length.

    Runs end at the ends of clips. Both are 0 where the mask is false.
    """
    starts = mask & ~np.concatenate([[False], mask[:-1]])
    starts[offsets[:-1]] = mask[offsets[:-1]]
    number = np.cumsum(starts) * mask
    lengths = np.bincount(number)
    lengths[0] = 0
    first = np.zeros(len(lengths), np.int64)
    first[number[starts]] = np.flatnonzero(starts)
    return (np.arange(len(mask)) - first[number]) * mask, lengths[number]


def _least(costs: Float64Array, count: int) -> npt.NDArray[np.int64]:
    """Return the indices of the `count` least costs, by cost and then by index."""
    count = min(count, len(costs))
    bound = np.partition(costs, count - 1)[count - 1]
    found = np.flatnonzero(costs <= bound)
    return np.asarray(found[np.argsort(costs[found], kind="stable")][:count])


def _drawn(frames: npt.NDArray[np.int64], draw: float) -> int:
    return int(frames[min(int(draw * len(frames)), len(frames) - 1)])
