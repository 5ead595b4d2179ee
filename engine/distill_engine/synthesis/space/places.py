"""Where the objects stand at one tick, and how loud each is heard on each channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.space.layout import AMBISONIC_CHANNELS, NOTES, OBJECTS, ROOM, Layout
from distill_engine.vocabulary.table import BLEND_SLOTS, SPACES

PLACE_VALUES = 3 * BLEND_SLOTS + 2  # azimuth, elevation, distance of each slot; spread, depth
SPREAD = 3 * BLEND_SLOTS  # index of the notes' spread
NOTE_PLACES = np.array([0.0, 0.5, -0.5, 0.25, -0.25, 0.375, -0.375, 0.125])  # share of the spread, by voice
ROOM_AZIMUTHS = np.array([-70.0, 70.0, 110.0, -110.0])  # degrees; the directions that the room is heard from
MONO, STEREO, WIDE, BINAURAL, AMBISONIC = range(len(SPACES))
NEAREST = 0.25  # m: the least of `/distill/space/distance`; the state in a take may hold less
FADE_TICKS = 8  # from one kind of space to another: 23 ms
WIDTH_FACTORS = np.array([0.0, 1.0, 2.0, 1.0, 1.0])  # of `/distill/width`, by kind of space


@dataclass(frozen=True)
class Places:
    """Azimuths and elevations [OBJECTS] in degrees, azimuths to the right; distances [ROOM]."""

    azimuths: Float64Array
    elevations: Float64Array
    distances: Float64Array


def places_of(values: Float64Array) -> Places:
    """Return the places of all objects for the space's parameters [PLACE_VALUES] at one tick."""
    all_places = _FIXED + values @ _SHARES
    distances = np.maximum(all_places[2 * OBJECTS :], NEAREST)
    return Places(all_places[:OBJECTS], all_places[OBJECTS : 2 * OBJECTS], distances)


def _shares() -> Float64Array:
    """Return what each parameter adds to azimuths, elevations and distances [PLACE_VALUES, ...]."""
    table = np.zeros((PLACE_VALUES, 2 * OBJECTS + ROOM))
    for part in range(3):
        slots = slice(part * BLEND_SLOTS, (part + 1) * BLEND_SLOTS)
        at = part * OBJECTS
        table[slots, at : at + NOTES] = np.eye(BLEND_SLOTS)
        table[slots.start, at + NOTES : at + ROOM] = 1.0  # notes sound where slot 0 does
    table[SPREAD, NOTES:ROOM] = NOTE_PLACES
    return table


_SHARES, _FIXED = _shares(), np.zeros(2 * OBJECTS + ROOM)
_FIXED[ROOM:OBJECTS] = ROOM_AZIMUTHS


def toward(shares: Float64Array, target: Float64Array) -> Float64Array:
    """Return `shares` [kinds] a tick further on their way to `target`, exact at the end."""
    if shares is target:
        return target
    moved = shares + np.clip(target - shares, -1.0 / FADE_TICKS, 1.0 / FADE_TICKS)
    away = np.abs(moved - target) >= 1e-9
    return np.where(away, moved, target) if away.any() else target


class Panner:
    """The gains of all objects on a layout's channels, for every kind of space but binaural.

    The columns of its table are the channels, then each pair's mono sum, then the room's input.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.columns = layout.channels + layout.count + 1
        pairs = np.array([layout.pair_of(number) for number in range(OBJECTS)])
        self._rows, self._left = np.arange(OBJECTS), 2 * pairs
        self._mono = layout.channels + pairs[:ROOM]

    def gains(self, places: Places, shares: Float64Array) -> Float64Array:
        """Return the gains [OBJECTS, columns] for the `shares` [kinds of space] of each kind.

        A slot at distance d sounds at 1 / d, in the room at 1 / sqrt(d). Left and right share the
        power by the sine of the direction; Ambisonics is of first order, AmbiX (ACN, SN3D).
        """
        levels = np.ones(OBJECTS)
        levels[:ROOM] = 1.0 / places.distances
        table = np.zeros((OBJECTS, self.columns))
        table[self._rows[:ROOM], self._mono] = levels[:ROOM]
        table[:ROOM, -1] = np.sqrt(levels[:ROOM])
        if shares[BINAURAL] < 1.0:
            self._pan(table, levels, places, shares)
        return table

    def _pan(self, table: Float64Array, levels: Float64Array, places: Places, shares: Float64Array) -> None:
        azimuths, elevations = np.deg2rad(places.azimuths), np.deg2rad(places.elevations)
        y = -np.sin(azimuths) * np.cos(elevations)
        sphere = shares[AMBISONIC] if self.layout.full_sphere else 0.0
        panned = shares[STEREO] + shares[WIDE] + shares[AMBISONIC] - sphere
        table[self._rows, self._left] = levels * (shares[MONO] + panned * np.sqrt(np.maximum(1.0 + y, 0.0)))
        table[self._rows, self._left + 1] = levels * (shares[MONO] + panned * np.sqrt(np.maximum(1.0 - y, 0.0)))
        if sphere:
            x, z = np.cos(azimuths) * np.cos(elevations), np.sin(elevations)
            table[:, :AMBISONIC_CHANNELS] += sphere * levels[:, None] * np.stack([np.ones(OBJECTS), y, z, x], axis=1)
