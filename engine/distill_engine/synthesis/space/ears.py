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
        self._address = self._line.ctypes.data
        self._rise = np.arange(1, tick + 1) / tick
        self._taps = np.zeros((2, RESPONSE_SAMPLES), np.float32)
        self._native = native_library()
        self.clear()

    def clear(self) -> None:
        """Forget sound and place."""
        self._line[:] = 0.0
        self._place: Place | None = None
        self.quiet = True  # the memory is silent

    @property
    def placed(self) -> bool:
        """Whether it has a place, as it has while it sounds."""
        return self._place is not None

    def process(self, x: Float64Array, place: Place) -> Float64Array:
        """Return both ears' samples [2, tick] of one tick [tick] that ends at `place` (degrees)."""
        self._line[-self._tick :] = x
        if self._place is None:
            self._turn(place)
        out = self._convolved(self._taps)
        if place != self._place:
            self._turn(place)
            out += self._rise * (self._convolved(self._taps) - out)
        self._line[: -self._tick] = self._line[self._tick :]
        self.quiet = not self._line.any()
        return out

    def _turn(self, place: Place) -> None:
        self._place = place
        self._taps = np.ascontiguousarray(self._head.response(*place)[:, ::-1])

    def _convolved(self, taps: Float32Array) -> Float64Array:
        out = np.empty((2, self._tick), np.float32)
        if isinstance(self._native, str):
            for ear in range(2):
                out[ear] = np.correlate(self._line, taps[ear], "valid")
        else:  # the resampler's kernel at equal rates is a convolution
            at, to = taps.ctypes.data, out.ctypes.data
            for side in range(2):
                shift, row = at + side * taps.strides[0], to + side * out.strides[0]
                self._native.resample(self._address, len(self._line), 0, 1, 1, self._tick, shift, RESPONSE_SAMPLES, row)
        return out.astype(np.float64)

    def state(self) -> EarsState:
        """Return the state."""
        azimuth, elevation = self._place or (0.0, 0.0)
        return EarsState(self._line[: RESPONSE_SAMPLES - 1].copy(), azimuth, elevation)

    def restore(self, state: EarsState) -> None:
        """Continue from a `state`. Raises ValueError for one of another length."""
        if state.memory.shape != (RESPONSE_SAMPLES - 1,):
            raise ValueError(f"an ear's memory has {RESPONSE_SAMPLES - 1} samples, not {state.memory.shape}")
        self._line[: RESPONSE_SAMPLES - 1] = state.memory
        self.quiet = not self._line.any()
        self._turn((state.azimuth, state.elevation))
