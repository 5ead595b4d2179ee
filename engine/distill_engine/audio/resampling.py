"""Sample-rate conversion: whole signals through soxr, streams through a short polyphase filter.

soxr has a stream of its own, which is too late for the live engine: at 44.1 -> 48 kHz in blocks of
512 its delay varies between 2.4 and 21 ms, and its output comes 892 samples at a time. The filter
here has a constant delay of 48 samples (1.1 ms) and gives every block its share.
"""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
import numpy.typing as npt
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ConfigError
from distill_engine.native.library import native_library

HALF_WIDTH = 48  # source samples on either side of an output sample
KAISER_BETA = 9.6  # 96 taps: 96 dB down, flat to 20.5 kHz at 44.1 kHz
MAX_PHASES = 1 << 16  # rows of the filter bank


def resampled_length(length: int, source_rate: int, target_rate: int) -> int:
    """Return the samples at `target_rate` that cover `length` samples at `source_rate`."""
    return -(-length * target_rate // source_rate)


def spare_samples(source_rate: int, target_rate: int) -> int:
    """Return how many zeros to give soxr behind the end: it rounds the length."""
    return 8 + 2 * source_rate // target_rate


def resample(samples: npt.ArrayLike, source_rate: int, target_rate: int) -> Float32Array:
    """Resample [T] or [ch, T] to [.., resampled_length(T)] with soxr HQ; sample 0 stays at time 0.

    Rates are in Hz. Raises ConfigError.
    """
    x = np.asarray(samples, np.float32)
    if source_rate <= 0 or target_rate <= 0:
        raise ConfigError(f"cannot resample from {source_rate} to {target_rate} Hz: rates must be above 0")
    if source_rate == target_rate or x.shape[-1] == 0:
        return x.copy()
    length = resampled_length(x.shape[-1], source_rate, target_rate)
    spare = spare_samples(source_rate, target_rate)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, spare)])
    y: Float32Array = soxr.resample(np.ascontiguousarray(padded.T), source_rate, target_rate, quality="HQ").T
    return np.ascontiguousarray(y[..., :length], np.float32)


@cache
def _polyphase(up: int, down: int) -> Float32Array:
    """Return read-only sinc taps [up, 2 * half]: row p interpolates p / up after tap half - 1.

    Kaiser window; the cut-off is the lower Nyquist frequency of the two rates; every row sums to 1.
    """
    scale = min(1.0, up / down)
    half = _half_width(up, down)
    offsets = np.arange(-half + 1, half + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (offsets / half) ** 2)))
    taps = np.sinc(offsets * scale) * window
    bank: Float32Array = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    bank.flags.writeable = False
    return bank


def _half_width(up: int, down: int) -> int:
    return HALF_WIDTH if up >= down else -(-HALF_WIDTH * down // up)


class StreamingResampler:
    """Resamples a stream: `process` blocks of any size, then `flush`. It never drifts.

    Output sample m is the source at time m / target_rate: the stream is aligned. It comes
    `delay_samples` source samples late, because the filter looks that far ahead. Equal rates pass
    through unchanged, without delay.
    """

    def __init__(self, source_rate: int, target_rate: int, channels: int) -> None:
        if source_rate <= 0 or target_rate <= 0 or channels < 1:
            raise ConfigError(f"cannot resample {channels} channels from {source_rate} to {target_rate} Hz")
        divisor = gcd(source_rate, target_rate)
        self._up, self._down = target_rate // divisor, source_rate // divisor
        if self._up > MAX_PHASES or self._down > 64 * self._up:
            raise ConfigError(f"cannot stream from {source_rate} to {target_rate} Hz: use a usual rate such as 48000")
        self.source_rate, self.target_rate, self.channels = source_rate, target_rate, channels
        self._through = self._up == self._down
        self._half = 0 if self._through else _half_width(self._up, self._down)
        self._bank = _polyphase(self._up, self._down)
        self.delay_samples = self._half
        self.reset()

    def reset(self) -> None:
        """Start a new stream."""
        self._pending = np.zeros((self.channels, max(0, self._half - 1)), np.float32)
        self._position = 0  # of the next output, in 1/up source samples after the first one whose taps are all pending
        self._received = 0
        self._sent = 0

    def process(self, samples: Float32Array) -> Float32Array:
        """Return the output [channels, n >= 0] that samples [channels, T >= 0] complete."""
        x = np.asarray(samples, np.float32)
        if x.ndim != 2 or x.shape[0] != self.channels:
            raise ConfigError(f"this resampler takes [{self.channels}, T], got shape {x.shape}")
        self._received += x.shape[1]
        if self._through:
            return x.copy()
        y = self._advance(x)
        self._sent += y.shape[1]
        return y

    def count(self, received: int) -> int:
        """Return how many samples a new stream has given after `received` ones, in any blocks."""
        if self._through:
            return received
        last = received - self._half - 1  # the last source sample on which an output may start
        return max(0, (last * self._up + self._up - 1) // self._down + 1) if last >= 0 else 0

    def state(self) -> dict[str, np.ndarray]:
        """Return the streaming state: pending samples [channels, n] and three counters [3]."""
        numbers = np.array([self._position, self._received, self._sent], np.int64)
        return {"pending": self._pending.copy(), "numbers": numbers}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state` of [channels, n] and [3]. Raises KeyError, ValueError."""
        self._position, self._received, self._sent = (int(value) for value in state["numbers"])
        pending = state.get("pending", np.zeros(0))
        self._pending = np.ascontiguousarray(pending.reshape(self.channels, -1), np.float32)

    def flush(self) -> Float32Array:
        """Return the rest [channels, n], as if silence followed, and start a new stream."""
        rest = resampled_length(self._received, self.source_rate, self.target_rate) - self._sent
        if self._through:
            out = np.zeros((self.channels, 0), np.float32)
        else:
            out = self._advance(np.zeros((self.channels, self._half + 1), np.float32))[:, :rest]
        self.reset()
        return out

    def _advance(self, x: Float32Array) -> Float32Array:
        self._pending = np.concatenate([self._pending, x], axis=1)
        width = 2 * self._half
        last = self._pending.shape[1] - width  # the last window that is complete
        count = (last * self._up + self._up - 1 - self._position) // self._down + 1 if last >= 0 else 0
        if count <= 0:
            return np.zeros((self.channels, 0), np.float32)
        y = self._filtered(count, width)
        following = self._position + self._down * count
        consumed = min(following // self._up, self._pending.shape[1])
        self._pending = self._pending[:, consumed:]
        self._position = following - consumed * self._up
        return y

    def _filtered(self, count: int, width: int) -> Float32Array:
        """Return the next `count` values [channels, count]; each needs `width` samples."""
        native = native_library()
        if isinstance(native, str):
            positions = self._position + self._down * np.arange(count)
            windows = np.lib.stride_tricks.sliding_window_view(self._pending, width, axis=1)
            y = np.einsum("cnk,nk->cn", windows[:, positions // self._up], self._bank[positions % self._up])
            return np.ascontiguousarray(y, np.float32)
        y = np.empty((self.channels, count), np.float32)
        step, length = (self._position, self._down, self._up, count), self._pending.shape[1]
        for line, out in zip(self._pending, y, strict=True):
            native.resample(line.ctypes.data, length, *step, self._bank.ctypes.data, width, out.ctypes.data)
        return y
