"""From objects to channels: places, room and width, cross-faded between the kinds of space.

Objects are the four slots, the eight notes and the four directions that the room is heard from.
Each tick is computed by itself: samples do not depend on how many ticks are asked for at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.space.ears import Ears, EarsState
from distill_engine.synthesis.space.head import shipped_head
from distill_engine.synthesis.space.layout import OBJECTS, ROOM, Layout
from distill_engine.synthesis.space.places import (
    AMBISONIC,
    BINAURAL,
    PLACE_VALUES,
    STEREO,
    WIDTH_FACTORS,
    Panner,
    Places,
    places_of,
    toward,
)
from distill_engine.synthesis.space.room import Room, RoomState
from distill_engine.synthesis.space.widener import Widener, WidenerState
from distill_engine.vocabulary.table import SPACES

Samples = Float64Array

KINDS = dict(zip(SPACES, np.eye(len(SPACES)), strict=True))  # the shares of each kind alone


@dataclass(frozen=True)
class SpaceState:
    """The state of a `Space` but for the first pair's widener and the width.

    `shares` are those of each kind of space. `values` [PLACE_VALUES] are the places' parameters at
    the last tick, None before the first. `ears` are by object number, `wideners` those of the pairs
    after the first.
    """

    kind: str
    shares: Samples
    values: Samples | None
    ears: dict[str, EarsState]
    room: RoomState | None
    wideners: tuple[WidenerState, ...]


@dataclass(frozen=True)
class _Moment:
    """What holds at the end of a tick: parameters, places, gains."""

    values: Samples
    places: Places
    gains: Samples

    @cached_property
    def columns(self) -> list[list[tuple[int, float]]]:
        """Each object's columns, with their gains."""
        return [[(int(column), float(row[column])) for column in np.flatnonzero(row)] for row in self.gains]

    @staticmethod
    def of(values: Samples, shares: Samples, panner: Panner) -> _Moment:
        """Return what parameters [PLACE_VALUES] and `shares` [kinds] give."""
        places = places_of(values)
        return _Moment(values.copy(), places, panner.gains(places, shares))


@dataclass(frozen=True)
class _Ticks:
    """What holds in the ticks of one call; arrays begin with what held before.

    `gains` [ticks + 1, OBJECTS, columns], `shares` [ticks + 1, kinds], `depths` [ticks + 1]. If
    nothing moves they have one row, and `steady` is the moment that holds.
    """

    gains: Samples
    shares: Samples
    depths: Samples
    places: list[Places]
    steady: _Moment | None = None


class Space:
    """The space of one synth. `tick` is in samples."""

    def __init__(self, tick: int, layout: Layout | None = None) -> None:
        self.layout = layout or Layout()
        self._tick, self._panner = tick, Panner(self.layout)
        self._line = np.arange(1, tick + 1) / tick
        self.width = Ramp(tick)
        self.kind = SPACES[STEREO]
        self._shares = KINDS[self.kind]
        self._now: _Moment | None = None  # what held at the end of the last tick
        self.clear()

    def clear(self) -> None:
        """Forget all sound."""
        self.wideners = [Widener(self._tick) for _ in range(self.layout.count)]
        self._ears: dict[int, Ears] = {}
        self._room = Room(self._tick)

    def choose(self, kind: str) -> None:
        """Fade to another kind of space; before the first tick it holds at once.

        Raises ControlError, and LibraryError where the head's responses are missing.
        """
        if kind not in KINDS:
            raise ControlError(f"there is no space {kind!r}: give {', '.join(SPACES)}")
        if SPACES.index(kind) == BINAURAL:
            shipped_head()
        if self._now is None:
            self.begin(kind)
        self.kind = kind

    def begin(self, kind: str) -> None:
        """Begin in a kind of space, without a fade."""
        self.kind, self._shares = kind, KINDS[kind]
        if self._now is not None:
            self._now = _Moment.of(self._now.values, self._shares, self._panner)

    def process(self, objects: Samples, widths: Samples, places: Samples, fade: Samples | float) -> Samples:
        """Return channels [C, n * tick] of objects [k, n * tick]: slots, then notes.

        `widths` [n] are reached at the end of each tick, as are the parameters `places` [n,
        PLACE_VALUES]. `fade` is the play fade [n * tick] or 1, which the room's sound follows.
        """
        ticks = self._advance(places)
        mixed = np.zeros((self._panner.columns, objects.shape[1]))
        sounding = [(number, x) for number, x in enumerate(objects) if x.any()]
        self._mix(mixed, sounding, ticks)
        directions = self._in_room(mixed[-1], ticks, fade)
        self._mix(mixed, directions, ticks)
        if ticks.shares[:, BINAURAL].any():
            self._hear(mixed, dict([*sounding, *directions]), ticks)
        else:
            self._ears.clear()
        factors = (ticks.shares[-len(widths) :] * WIDTH_FACTORS).sum(axis=1)
        return self._widen(mixed, widths * factors, ticks.shares[:, AMBISONIC])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _advance(self, values: Samples) -> _Ticks:
        """Move kinds of space and gains by the ticks of `values` [n, PLACE_VALUES]."""
        now, target = self._now, KINDS[self.kind]
        if now is not None and (values == now.values).all() and (self._shares == target).all():
            held = now.gains[None], self._shares[None], now.values[-1:]
            return _Ticks(*held, [now.places] * len(values), now)
        moments = [] if now is None else [now]
        shares = [self._shares]
        for row in values:
            self._shares = toward(self._shares, target)
            shares.append(self._shares)
            moments.append(_Moment.of(row, self._shares, self._panner))
        self._now = moments[-1]
        before = moments if now is not None else [moments[0], *moments]
        return _Ticks(
            np.array([moment.gains for moment in before]),
            np.array(shares),
            np.array([moment.values[-1] for moment in before]),
            [moment.places for moment in before[1:]],
        )

    def _ramp(self, values: Samples) -> Samples | float:
        """Return lines [n * tick] through values [n + 1]; a number if they are equal or one."""
        numbers = values.tolist()
        if numbers.count(numbers[0]) == len(numbers):
            return float(numbers[0])
        return np.asarray(values[:-1, None] + (values[1:, None] - values[:-1, None]) * self._line).ravel()

    def _mix(self, mixed: Samples, objects: Iterable[tuple[int, Samples]], ticks: _Ticks) -> None:
        """Add numbered objects [n] to the columns `mixed` [columns, n]."""
        for number, x in objects:
            if ticks.steady is not None:
                for column, gain in ticks.steady.columns[number]:
                    mixed[column] += x if gain == 1.0 else gain * x
                continue
            gains = ticks.gains[:, number]
            for column in np.flatnonzero(gains.any(axis=0)).tolist():
                mixed[column] += self._ramp(gains[:, column]) * x

    def _in_room(self, x: Samples, ticks: _Ticks, fade: Samples | float) -> list[tuple[int, Samples]]:
        """Return what the room adds to the sound [n] that enters it, by its directions' numbers.

        Without depth, or where the play fade ends in silence, the room forgets its sound.
        """
        depths = ticks.depths
        if not depths.any():
            self._room.clear()
            return []
        out = np.zeros((OBJECTS - ROOM, len(x)))
        for index in range(len(ticks.places)):
            span = slice(index * self._tick, (index + 1) * self._tick)
            deep = ticks.steady is not None or depths[index : index + 2].any()
            if deep:
                out[:, span] = self._room.process(x[span])
            if not deep or (isinstance(fade, np.ndarray) and fade[span.stop - 1] <= 0.0):
                self._room.clear()
        out *= self._ramp(depths) * fade
        return list(enumerate(out, ROOM))

    def _hear(self, mixed: Samples, objects: dict[int, Samples], ticks: _Ticks) -> None:
        """Add both ears' sound of numbered objects [n] to the pairs of `mixed` [columns, n].

        What has ended rings on in the ears.
        """
        share, silence = self._ramp(ticks.shares[:, BINAURAL]), np.zeros(mixed.shape[1])
        for number in sorted({*objects, *self._ears}):
            x = objects.get(number, silence)
            if number not in objects and self._ears[number].quiet:
                del self._ears[number]  # it begins again at its place of then
                continue
            pair = self.layout.pair_of(number)
            if number < ROOM:
                x = x * self._ramp(ticks.gains[:, number, self.layout.channels + pair])
            mixed[2 * pair : 2 * pair + 2] += share * self._heard(number, x, ticks)

    def _heard(self, number: int, x: Samples, ticks: _Ticks) -> Samples:
        """Return both ears' sound [2, n] of one object [n]."""
        ears = self._ears.get(number)
        if ears is None:
            ears = self._ears[number] = Ears(shipped_head(), self._tick)
        out = np.zeros((2, len(x)))
        for index, places in enumerate(ticks.places):
            span = slice(index * self._tick, (index + 1) * self._tick)
            heard = ticks.steady is not None or ticks.shares[index : index + 2, BINAURAL].any()
            if not (heard and (x[span].any() or not ears.quiet)):
                ears.clear()
            else:
                place = float(places.azimuths[number]), float(places.elevations[number])
                out[:, span] = ears.process(x[span], place)
        return out

    def _widen(self, mixed: Samples, widths: Samples, spheres: Samples) -> Samples:
        """Return the channels with each pair's side signal: middle and side keep their power.

        left = (m + w s) / n and right = (m - w s) / n, with n = sqrt(1 + w^2). In Ambisonics the
        side is that of Y.
        """
        channels = self.layout.channels
        out = mixed[:channels]
        width = self.width.process(widths)
        sphere = self._ramp(spheres) if self.layout.full_sphere and spheres.any() else None
        for pair, widener in enumerate(self.wideners):
            side = width * widener.process(mixed[channels + pair])
            left = 2 * self.layout.side_of(pair)
            flat = side if sphere is None else (1.0 - sphere) * side
            out[left] += flat
            out[left + 1] -= flat
            if sphere is not None:
                out[1] += sphere * side
        out *= 1.0 / np.sqrt(1.0 + width * width)
        return out

    def state(self) -> SpaceState:
        """Return the state."""
        return SpaceState(
            kind=self.kind,
            shares=self._shares.copy(),
            values=None if self._now is None else self._now.values.copy(),
            ears={str(number): ears.state() for number, ears in self._ears.items() if ears.placed},
            room=self._room.state(),
            wideners=tuple(widener.state() for widener in self.wideners[1:]),
        )

    def restore(self, state: SpaceState) -> None:
        """Continue from a `state`, which may be one of another layout.

        Raises ControlError and ValueError for values that do not fit.
        """
        self.clear()
        self._now = None
        self.choose(state.kind)
        if state.shares.shape != (len(SPACES),) or (state.values is not None and state.values.shape != (PLACE_VALUES,)):
            raise ValueError(f"a space has {len(SPACES)} kinds and {PLACE_VALUES} values")
        self._shares = state.shares.copy()
        if state.values is not None:
            if not np.isfinite(state.values).all() or not ((state.shares >= 0.0) & (state.shares <= 1.0)).all():
                raise ValueError("places are finite, and shares of kinds of space 0 to 1")
            self._now = _Moment.of(state.values, self._shares, self._panner)
        for number, ears in state.ears.items():
            if not (number.isdecimal() and int(number) < OBJECTS):
                raise ValueError(f"object {number} has no ears")
            self._ears[int(number)] = Ears(shipped_head(), self._tick)
            self._ears[int(number)].restore(ears)
        self._room.restore(state.room)
        for widener, its_state in zip(self.wideners[1:], state.wideners, strict=False):
            widener.restore(its_state)
