"""The ring between the synth thread and the device's C callback: it runs out without a click.

After the last sample of sound the ring always holds a short tail: the sound's last milliseconds,
mirrored and faded to silence. The next block overwrites the tail in place. The tail plays only if
no block comes in time: a fade instead of a cut. It adds no latency, because sound never waits
behind it. The write index only moves forward, so that the reader never sees a wrong length.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array

Frames = Float32Array

TAIL_SECONDS = 0.005


class TailedRing:
    """Wraps an rtmixer ring buffer of float32 frames. One thread writes, any may call `silence`.

    Args:
        ring: an empty `rtmixer.RingBuffer(4 * channels, size)`; size is a power of two.
        rate: frames per second.
    """

    def __init__(self, ring: Any, channels: int, rate: float) -> None:
        self.ring = ring
        self.rate, self.channels = rate, channels
        self.tail = max(16, round(TAIL_SECONDS * rate))
        self._frames = np.frombuffer(ring._ffi.buffer(ring._data), np.float32).reshape(-1, channels)
        self._size = len(self._frames)
        angle = (np.arange(self.tail, dtype=np.float32) + 0.5) / self.tail * np.float32(np.pi)
        self._fall = (0.5 + 0.5 * np.cos(angle)).astype(np.float32)[:, None]
        self._rise = self._fall[::-1]
        self._has_tail = False
        self._lock = threading.Lock()
        self.muted = False

    @property
    def fill(self) -> int:
        """Frames of sound that wait to be played; negative while the tail plays."""
        return int(self.ring.read_available) - (self.tail if self._has_tail else 0)

    @property
    def empty(self) -> bool:
        """Whether nothing is left, not even of the tail."""
        return int(self.ring.read_available) == 0

    def room(self) -> int:
        """Return the frames that can be written now."""
        return self._size - self.tail - max(0, self.fill)

    def write(self, frames: Frames) -> bool:
        """Append frames [n, channels], as far as there is room.

        Returns False if the sound had run out before: these frames then fade in.
        """
        with self._lock:
            if self.muted:
                frames = np.zeros_like(frames)
            frames = frames[: self.room()]
            in_time = self._has_tail and self.fill >= 0
            if not in_time:
                frames = self._faded_in(frames)
            self._place(frames, over_tail=in_time)
            return in_time

    def silence(self, period: int) -> None:
        """Fade to silence within `period` frames; mute what follows while `muted` is set."""
        with self._lock:
            self.muted = True
            available = int(self.ring.read_available)
            start = int(self.ring._ptr.readIndex) % self._size
            length = min(period, available)
            self._scale(start + length, np.zeros((available - length, 1), np.float32))
            self._scale(start, np.linspace(1.0, 0.0, length, dtype=np.float32)[:, None])

    def _faded_in(self, frames: Frames) -> Frames:
        out = frames.copy()
        length = min(self.tail, len(out))
        out[:length] *= self._rise[:length]
        return out

    def _place(self, frames: Frames, *, over_tail: bool) -> None:
        joined = np.concatenate([frames, self._tail_of(frames)])
        start = int(self.ring._ptr.writeIndex) - (self.tail if over_tail else 0)
        self._store(start % self._size, joined)
        self.ring.advance_write_index(len(frames) if over_tail else len(joined))
        self._has_tail = True

    def _tail_of(self, frames: Frames) -> Frames:
        mirrored = np.zeros((self.tail, self.channels), np.float32)
        part = frames[::-1][: self.tail]
        mirrored[: len(part)] = part
        return mirrored * self._fall

    def _store(self, start: int, frames: Frames) -> None:
        first = min(len(frames), self._size - start)
        self._frames[start : start + first] = frames[:first]
        self._frames[: len(frames) - first] = frames[first:]

    def _scale(self, start: int, gains: Frames) -> None:
        start %= self._size
        first = min(len(gains), self._size - start)
        self._frames[start : start + first] *= gains[:first]
        self._frames[: len(gains) - first] *= gains[first:]


def ring_size(rate: float) -> int:
    """Return the frames of a ring that holds at least 0.6 s: a power of two."""
    return 1 << int(np.ceil(np.log2(0.6 * rate)))
