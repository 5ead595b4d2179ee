"""What eight fingers do with eight keys, as OSC messages with times: always the same for one seed.

The keys lie 8 semitones around the middle, each finger has two of its own, so that no two notes
have one key. Detunes, the bend and the transposition add at most 4: no pitch is further than
REACH from the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.vocabulary.table import MOST_VOICES

MIDDLE, REACH = 60, 12
"""Semitones: the middle as a MIDI note number, and how far a pitch may be from it."""
KEYS = tuple((MIDDLE - 8 + 2 * finger, MIDDLE - 7 + 2 * finger) for finger in range(MOST_VOICES))
"""The two keys of each finger."""
DETUNE, BEND, PITCH = 1.0, 2.0, 1.0
"""Semitones at most: of one note, of all notes by the wheel, of all by transposition."""
MOVES_PER_SECOND = 20
ENDED, DETUNED, BENT = 0.08, 0.4, 0.7
"""Of the moves, up to which share a note ends, a note is detuned, all are bent; else they glide."""
REST_SECONDS = (0.1, 0.7)
"""Time from the end of a note to the finger's next one."""
BEND_SECONDS, GLIDE_SECONDS = 0.5, 2.0
"""The longest glides of the bend and of the transposition."""


@dataclass(frozen=True)
class Move:
    """One message: its time in seconds, its address and its numbers."""

    at: float
    address: str
    numbers: tuple[float, ...]


class Hands:
    """Eight fingers that press, let go and bend at random."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._held: dict[int, int] = {}
        self._rests = dict.fromkeys(range(len(KEYS)), 0.0)

    def moves(self, at: float) -> list[Move]:
        """Return what is done at a time in s: fingers whose rest is over press, one more move."""
        due = [finger for finger, until in self._rests.items() if until <= at]
        found = [move for finger in due for move in self._press(at, finger)]
        kind = self._rng.random()
        if kind >= BENT:
            return [*found, self._glided(at, "/distill/pitch", PITCH, GLIDE_SECONDS)]
        if kind >= DETUNED:
            return [*found, self._glided(at, "/distill/note/bend", BEND, BEND_SECONDS)]
        if not self._held:
            return found
        finger = int(self._rng.choice(sorted(self._held)))
        return [*found, self._let_go(at, finger) if kind < ENDED else self._detuned(at, finger)]

    def _press(self, at: float, finger: int) -> list[Move]:
        del self._rests[finger]
        self._held[finger] = int(self._rng.choice(KEYS[finger]))
        press = Move(at, "/distill/note", (float(self._held[finger]), float(self._rng.integers(60, 121))))
        return [press, self._detuned(at, finger)]

    def _let_go(self, at: float, finger: int) -> Move:
        self._rests[finger] = at + self._rng.uniform(*REST_SECONDS)
        return Move(at, "/distill/note", (float(self._held.pop(finger)), 0.0))

    def _detuned(self, at: float, finger: int) -> Move:
        return Move(at, "/distill/note/detune", (float(self._held[finger]), self._rng.uniform(-DETUNE, DETUNE)))

    def _glided(self, at: float, address: str, most: float, longest: float) -> Move:
        return Move(at, address, (self._rng.uniform(-most, most), self._rng.uniform(0.0, longest)))


def chord(seconds: float, seed: int = 0) -> list[Move]:
    """Return the moves of so many seconds, in the order of their times."""
    hands = Hands(seed)
    times = np.arange(round(seconds * MOVES_PER_SECOND)) / MOVES_PER_SECOND
    return [move for at in times.tolist() for move in hands.moves(at)]
