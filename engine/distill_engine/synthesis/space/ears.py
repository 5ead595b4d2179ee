"""Binaural sound of one object: convolution with both ears' responses, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.native.library import native_library
from distill_engine.synthesis.space.head import RESPONSE_SAMPLES, Head

Place = tuple[float, float]


@dataclass(frozen=True)
class EarsState:
    """The last samples [RESPONSE_SAMPLES - 1] of an object, and its place (degrees)."""

    memory: Float32Array
    azimuth: float
    elevation: float


class Ears:
    """One object's way to both ears. While it moves, each tick fades from one place to the next.

    A tick is computed by itself, so samples do not depend on how many are asked for at once.
    """

    def __init__(self, head: Head, tick: int) -> None:
        self._head, self._tick = head, tick
        self._line = np.zeros(RESPONSE_SAMPLES - 1 + tick, np.float32)
        self._out = np.zeros((2, tick))
        self._addresses = self._line.ctypes.data, self._out.ctypes.data
        self._rise = np.arange(1, tick + 1) / tick
        self._responses = np.zeros((2, RESPONSE_SAMPLES), np.float32)
        self._native = native_library()
        self.clear()

    def clear(self) -> None:
        """Forget sound and place."""
        self._line[:] = 0.0
        self._place: Place | None = None

    @property
    def placed(self) -> bool:
        """Whether it has a place, as it has while it sounds."""
        return self._place is not None

    @property
    def quiet(self) -> bool:
        """Whether the memory is silent."""
        return not self._line[: RESPONSE_SAMPLES - 1].any()

    def process(self, x: Float64Array, place: Place) -> Float64Array:
        """Return both ears' samples [2, tick] of one tick [tick] that ends at `place` (degrees).

        They are valid until the next call.
        """
        if self._place is None:
            self._turn(place)
        before = self._responses
        moves = place != self._place
        if moves:
            self._turn(place)
        if isinstance(self._native, str):
            self._hear(x, before, moves=moves)
        else:
            line, out = self._addresses
            x = np.ascontiguousarray(x, np.float64)
            after = self._responses.ctypes.data if moves else None
            size = self._tick, RESPONSE_SAMPLES
            self._native.hear(line, *size, x.ctypes.data, before.ctypes.data, after, out)
        return self._out

    def _hear(self, x: Float64Array, before: Float32Array, *, moves: bool) -> None:
        self._line[-self._tick :] = x
        for out, old, new in zip(self._out, before, self._responses, strict=True):
            out[:] = np.convolve(self._line, old, "valid")
            if moves:
                out += self._rise * (np.convolve(self._line, new, "valid") - out)
        self._line[: -self._tick] = self._line[self._tick :]

    def _turn(self, place: Place) -> None:
        self._place, self._responses = place, self._head.response(*place)

    def state(self) -> EarsState:
        """Return the state."""
        azimuth, elevation = self._place or (0.0, 0.0)
        return EarsState(self._line[: RESPONSE_SAMPLES - 1].copy(), azimuth, elevation)

    def restore(self, state: EarsState) -> None:
        """Continue from a `state`. Raises ValueError for one of another length."""
        if state.memory.shape != (RESPONSE_SAMPLES - 1,):
            raise ValueError(f"an ear's memory has {RESPONSE_SAMPLES - 1} samples, not {state.memory.shape}")
        self._line[: RESPONSE_SAMPLES - 1] = state.memory
        self._turn((state.azimuth, state.elevation))
