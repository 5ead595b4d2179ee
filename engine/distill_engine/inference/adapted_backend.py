"""Adapt a vocoder with another mel definition and sample rate: mel adapter, network, resampler.

The result has a constant delay.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel_adapter import MelAdapter
from distill_engine.audio.mel_config import MelConfig
from distill_engine.audio.mel_stream import StreamingMelAdapter
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.errors import ModelFileError, VocoderError
from distill_engine.inference.step_backend import StepBackend
from distill_engine.state import part_of

LONGEST_PERIOD = 20_000  # frames until the frame grids of two mels coincide again


class AdaptedBackend:
    """Turn mel [bands, n] as defined by `mel` into samples [1, n * hop] at its rate.

    See `StepBackend`. The inner stream gives its samples in other portions and at another rate.
    They are aligned with their frames, resampled, and delayed enough to fill every step, whatever
    its size.

    Args:
        inner: the vocoder's own stream, `inner_delay` samples late at its own rate.
        mel: the definition of the incoming mels.
        inner_mel: the vocoder's definition.
        delay: samples of delay of the result, from `adapted_delay`.
    """

    def __init__(self, inner: StepBackend, mel: MelConfig, inner_mel: MelConfig, inner_delay: int, delay: int) -> None:
        self.channels_in, self.channels_out = mel.bands, 1
        self._inner, self._mel, self._inner_delay, self._delay = inner, mel, inner_delay, delay
        self._adapter = StreamingMelAdapter(MelAdapter(mel, inner_mel))
        self._resampler = StreamingResampler(inner_mel.sample_rate, mel.sample_rate, 1)
        self._late = 0
        self._waiting: Float32Array = np.zeros((1, 0), np.float32)
        self.reset()

    def step(self, x: Float32Array) -> Float32Array:
        frames = self._adapter.process(x)
        if frames.shape[1]:
            samples = self._inner.step(frames)
            late = min(self._late, samples.shape[1])
            self._late -= late
            self._waiting = np.concatenate([self._waiting, self._resampler.process(samples[:, late:])], axis=1)
        count = x.shape[1] * self._mel.hop
        y, self._waiting = self._waiting[:, :count], self._waiting[:, count:].copy()
        return y

    def reset(self) -> None:
        self._inner.reset()
        self._adapter.reset()
        self._resampler.reset()
        self._late = self._inner_delay
        self._waiting = np.zeros((1, self._delay), np.float32)

    def snapshot(self) -> dict[str, np.ndarray]:
        parts: dict[str, dict[str, np.ndarray]] = {
            "inner": self._inner.snapshot(),
            "adapter": self._adapter.state(),
            "resampler": self._resampler.state(),
            "line": {"waiting": self._waiting.copy(), "late": np.array([self._late], np.int64)},
        }
        named = {f"{part}.{name}": value for part, state in parts.items() for name, value in state.items()}
        return {name: value for name, value in named.items() if value.size}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        try:
            line = part_of(state, "line.")
            self._late = int(line["late"][0])
            self._waiting = line.get("waiting", np.zeros(0)).astype(np.float32).reshape(1, -1)
            self._adapter.restore(part_of(state, "adapter."))
            self._resampler.restore(part_of(state, "resampler."))
        except (KeyError, ValueError, IndexError):
            raise ModelFileError("this state belongs to another network") from None
        self._inner.restore(part_of(state, "inner."))


def adapted_delay(mel: MelConfig, inner_mel: MelConfig, inner_delay: int) -> int:
    """Return the delay of an `AdaptedBackend` in samples at the rate of `mel`.

    It is the largest number of samples that the output can lack after any number of frames.

    Raises VocoderError if the two rates have no short common period.
    """
    adapter = StreamingMelAdapter(MelAdapter(mel, inner_mel))
    resampler = StreamingResampler(inner_mel.sample_rate, mel.sample_rate, 1)
    period = adapter.ratio.numerator
    if period > LONGEST_PERIOD:
        raise VocoderError(
            f"a vocoder at {inner_mel.sample_rate} Hz with {inner_mel.hop} samples a frame cannot play mels of "
            f"{mel.sample_rate} Hz and {mel.hop} samples: use a vocoder of a common rate"
        )
    # frames until the inner delay has passed, and two that the adapter may hold; up to then the lack only grows
    begins = math.ceil(inner_delay * mel.sample_rate / (inner_mel.sample_rate * mel.hop)) + 2

    def lacking(count: int) -> int:
        samples = max(0, adapter.ready(count) * inner_mel.hop - inner_delay)
        return count * mel.hop - resampler.count(samples)

    return max(lacking(count) for count in range(1, begins + 2 * period + 8))


def adapted(
    inner: Callable[[], StepBackend], mel: MelConfig, inner_mel: MelConfig, inner_delay: int
) -> tuple[Callable[[], StepBackend], int]:
    """Return a function that makes streams for mels as defined by `mel`, and the streams' delay.

    If both definitions are equal, this is `inner` itself.
    """
    if mel == inner_mel:
        return inner, inner_delay
    delay = adapted_delay(mel, inner_mel, inner_delay)
    return lambda: AdaptedBackend(inner(), mel, inner_mel, inner_delay, delay), delay
