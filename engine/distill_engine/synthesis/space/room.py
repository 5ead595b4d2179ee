"""A room: early reflections and a late reverb by a feedback delay network of eight lines.

Sources: J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators",
AES 90th Convention, 1991 (losses by the length of each line); M. R. Schroeder, "Natural Sounding
Artificial Reverberation", J. Audio Eng. Soc. 10, 1962 (delays without common factors).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.native.library import native_library

SIZE = 2048  # samples of each line's memory, a multiple of a tick
DELAYS = np.array([887, 1013, 1153, 1277, 1427, 1571, 1709, 1873])  # samples, all primes
REFLECTIONS = np.array([311, 419, 541, 677, 769, 883, 997, 1129])  # samples: 7 to 26 ms, two a direction
REVERB_SECONDS = 1.1  # until the late reverb has lost 60 dB
DAMPING = 0.22  # share of the sample before in each line's loss: high frequencies die first
EARLY_GAIN, LATE_GAIN = 0.27, 0.23  # linear; at depth 1 the room is as loud as the sound at a distance of 1
DIRECTIONS = 4  # that the room is heard from
LINES = len(DELAYS)


@dataclass(frozen=True)
class RoomState:
    """The memories of a `Room`: of its input [SIZE] and its lines [LINES, SIZE], oldest first."""

    heard: Float64Array
    lines: Float64Array


class Room:
    """One room for all objects: takes their sum, gives what comes from four directions."""

    def __init__(self, tick: int) -> None:
        self._tick = tick
        self._count = np.arange(tick)
        self._rows = np.arange(LINES)[:, None]
        self._mixing = _hadamard(LINES) / np.sqrt(LINES)
        losses = 10.0 ** (-3.0 * DELAYS / (REVERB_SECONDS * DEFAULT_MEL.sample_rate))
        self._losses = losses[:, None]
        self._signs = np.where(np.arange(LINES) % 3 == 0, -1.0, 1.0)[:, None]
        self._native = native_library()
        self._reaches = np.concatenate([REFLECTIONS, DELAYS]).astype(np.int32)
        gains = losses, self._signs.ravel(), self._mixing.ravel(), [DAMPING, EARLY_GAIN, LATE_GAIN]
        self._gains = np.concatenate(gains)
        self._forget()

    def _forget(self) -> None:
        self._heard, self._lines = np.zeros(SIZE), np.zeros((LINES, SIZE))
        self._at, self.empty = 0, True

    def clear(self) -> None:
        """Forget all sound."""
        if not self.empty:
            self._forget()

    def process(self, x: Float64Array) -> Float64Array:
        """Return one tick of sound from the room's directions [4, tick] for its input [tick]."""
        self.empty = False
        if isinstance(self._native, str):
            out = self._sound(x)
        else:
            x, out = np.ascontiguousarray(x, np.float64), np.empty((DIRECTIONS, self._tick))
            memory = self._heard.ctypes.data, self._lines.ctypes.data, SIZE, self._at, self._tick
            tables = self._reaches.ctypes.data, self._gains.ctypes.data
            self._native.reverberate(*memory, x.ctypes.data, *tables, out.ctypes.data)
        self._at = (self._at + self._tick) % SIZE
        return out

    def _sound(self, x: Float64Array) -> Float64Array:
        now = slice(self._at, self._at + self._tick)
        self._heard[now] = x
        after = self._at + self._count
        early = self._heard[(after - REFLECTIONS[:, None]) % SIZE]
        read = after - DELAYS[:, None]
        late = self._lines[self._rows, read % SIZE]
        before = self._lines[self._rows, (read - 1) % SIZE]
        late = self._losses * ((1.0 - DAMPING) * late + DAMPING * before)
        self._lines[:, now] = self._mixing @ late + self._signs * early
        both = EARLY_GAIN * early * self._signs + LATE_GAIN * late
        return np.asarray(both[:DIRECTIONS] + both[DIRECTIONS:])

    def state(self) -> RoomState | None:
        """Return the state, None without any sound."""
        if self.empty:
            return None
        return RoomState(np.roll(self._heard, -self._at), np.roll(self._lines, -self._at, axis=1))

    def restore(self, state: RoomState | None) -> None:
        """Continue from a `state`. Raises ValueError for one of another size."""
        self.clear()
        if state is None:
            return
        if state.heard.shape != (SIZE,) or state.lines.shape != (LINES, SIZE):
            raise ValueError(f"a room has {LINES} lines of {SIZE} samples, not {state.lines.shape}")
        self._heard, self._lines, self.empty = state.heard.copy(), state.lines.copy(), False


def _hadamard(size: int) -> Float64Array:
    """Return an orthogonal matrix [size, size] of 1 and -1, for a power of two."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix
