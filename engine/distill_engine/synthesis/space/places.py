"""Where the objects stand at one tick, and how loud each is heard on each channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.space.layout import AMBISONIC_CHANNELS, NOTES, OBJECTS, ROOM, Layout
from distill_engine.vocabulary.table import BLEND_SLOTS, SPACES

PLACE_VALUES = 3 * BLEND_SLOTS + 2  # azimuth, elevation, distance of each slot; spread, depth
NOTE_PLACES = np.array([0.0, 0.5, -0.5, 0.25, -0.25, 0.375, -0.375, 0.125])  # share of the spread, by voice
ROOM_AZIMUTHS = np.array([-70.0, 70.0, 110.0, -110.0])  # degrees; the directions that the room is heard from
MONO, STEREO, WIDE, BINAURAL, AMBISONIC = range(len(SPACES))
NEAREST = 0.25  # m: the least of `/distill/space/distance`; the state in a take may hold less
WIDTH_FACTORS = np.array([0.0, 1.0, 2.0, 1.0, 1.0])  # of `/distill/width`, by kind of space


@dataclass(frozen=True)
class Places:
    """Azimuths and elevations [OBJECTS] in degrees, azimuths to the right; distances [ROOM]."""

    azimuths: Float64Array
    elevations: Float64Array
    distances: Float64Array


def places_of(values: Float64Array) -> Places:
    """Return the places of all objects for the space's parameters [PLACE_VALUES] at one tick."""
    slots = values[: 3 * BLEND_SLOTS].reshape(3, BLEND_SLOTS)
    azimuths, elevations = np.zeros((2, OBJECTS))
    distances = np.full(ROOM, slots[2, 0])
    azimuths[:NOTES], elevations[:NOTES], distances[:NOTES] = slots
    azimuths[NOTES:ROOM] = slots[0, 0] + values[-2] * NOTE_PLACES
    elevations[NOTES:ROOM] = slots[1, 0]
    azimuths[ROOM:] = ROOM_AZIMUTHS
    return Places(azimuths, elevations, np.maximum(distances, NEAREST))


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
        azimuths, elevations = np.deg2rad(places.azimuths), np.deg2rad(places.elevations)
        levels = np.ones(OBJECTS)
        levels[:ROOM] = 1.0 / places.distances
        y = -np.sin(azimuths) * np.cos(elevations)
        table = np.zeros((OBJECTS, self.columns))
        sphere = shares[AMBISONIC] if self.layout.full_sphere else 0.0
        panned = shares[STEREO] + shares[WIDE] + shares[AMBISONIC] - sphere
        table[self._rows, self._left] = levels * (shares[MONO] + panned * np.sqrt(np.maximum(1.0 + y, 0.0)))
        table[self._rows, self._left + 1] = levels * (shares[MONO] + panned * np.sqrt(np.maximum(1.0 - y, 0.0)))
        if sphere:
            x, z = np.cos(azimuths) * np.cos(elevations), np.sin(elevations)
            table[:, :AMBISONIC_CHANNELS] += sphere * levels[:, None] * np.stack([np.ones(OBJECTS), y, z, x], axis=1)
        table[self._rows[:ROOM], self._mono] = levels[:ROOM]
        table[:ROOM, -1] = np.sqrt(levels[:ROOM])
        return table
