"""The mel adapter as a stream.

It gives the frames of the whole conversion, but for the last ones: the end of the signal is unknown
to it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_adapter import MelAdapter


class StreamingMelAdapter:
    """Feeds a `MelAdapter` block by block. Each step returns the complete target frames, if any.

    A target frame is complete when all source frames of its weighted mean have come (see `ready`).
    """

    def __init__(self, adapter: MelAdapter) -> None:
        self.adapter = adapter
        source, target = adapter.source, adapter.target
        self.ratio = Fraction(source.sample_rate * target.hop, source.hop * target.sample_rate)
        self._same = source == target
        self.reset()

    def reset(self) -> None:
        """Start a new stream."""
        self._pending: Float64Array = np.zeros((self.adapter.target.bands, 0))
        self._first = 0  # time of the first pending frame
        self._sent = 0

    def ready(self, count: int) -> int:
        """Return the target frames that are complete once `count` source frames have come.

        Frame j is complete when (j + 1/2) ratio - 1/2 + max(1, ratio) <= count.
        """
        if self._same:
            return count
        return max(0, int((count + Fraction(1, 2) - max(Fraction(1), self.ratio)) / self.ratio + Fraction(1, 2)))

    def process(self, mel: Float32Array) -> Float32Array:
        """Convert log-mel [bands, n] of the source to [bands', m >= 0] of the target."""
        if self._same or not mel.shape[1]:
            return mel if self._same else np.zeros((self.adapter.target.bands, 0), np.float32)
        self._pending = np.concatenate([self._pending, self.adapter.linear(mel)], axis=1)
        come = self._first + self._pending.shape[1]
        frames = np.arange(self._sent, self.ready(come))
        converted = self.adapter.at_frames(self._pending, frames, self._first)
        self._sent += len(frames)
        needed = int((self._sent + Fraction(1, 2)) * self.ratio) - self.adapter.reach - 1  # of the next target frame
        spare = min(max(0, needed - self._first), self._pending.shape[1])
        self._pending, self._first = self._pending[:, spare:], self._first + spare
        return converted

    def state(self) -> dict[str, np.ndarray]:
        """Return the streaming state: pending linear frames [bands', n] and two counters [2]."""
        return {"pending": self._pending.copy(), "times": np.array([self._first, self._sent], np.int64)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`: pending [bands', n], times [2]. Raises KeyError, ValueError."""
        pending = state.get("pending", np.zeros(0))
        self._pending = pending.astype(np.float64).reshape(self.adapter.target.bands, -1)
        self._first, self._sent = (int(value) for value in state["times"])
