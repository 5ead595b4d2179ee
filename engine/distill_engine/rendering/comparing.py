"""Compare vocoders: the sound that each makes of exactly the same mel, and its distance from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import gain_to_db, power_to_db
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import VocoderError
from distill_engine.inference.step_backend import StepBackend
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import Instrument

Vocode = Callable[[Float32Array], Float32Array]


@dataclass(frozen=True)
class VocoderResult:
    """One vocoder's version of a performance: `samples` [T] and their `mel` [bands, F].

    `log_mel` is the mean distance (nat) of that mel from the one that the vocoder received,
    `brightness_hz` the spectral centroid, `above_10k_db` the level above 10 kHz relative to the
    whole, `speed` seconds of sound per second.
    """

    name: str
    samples: Float32Array
    mel: Float32Array
    log_mel: float
    brightness_hz: float
    above_10k_db: float
    peak_db: float
    rms_db: float
    speed: float

    def figures(self) -> dict[str, float | str]:
        """Return the numbers, rounded for display."""
        names = ("log_mel", "brightness_hz", "above_10k_db", "peak_db", "rms_db", "speed")
        return {"name": self.name} | {name: round(float(getattr(self, name)), 3) for name in names}


def performance_mel(instrument: Instrument, score: Score) -> Float32Array:
    """Return the mel [bands, F] that a performance's decoder gives the vocoder."""
    recorders: list[_Recorder] = []

    def stream() -> StepBackend:
        recorders.append(_Recorder(instrument.vocoder_stream()))
        return recorders[-1]

    for _ in play_score(replace(instrument, vocoder_stream=stream), score):
        pass
    played = max(recorders, key=lambda recorder: len(recorder.frames), default=None)
    if played is None or not played.frames:
        raise VocoderError("the performance gave its vocoder nothing to play; choose a longer --duration")
    return np.concatenate(played.frames, axis=1)


def compare(mel: Float32Array, config: MelConfig, vocoders: Iterable[tuple[str, Vocode]]) -> list[VocoderResult]:
    """Return each vocoder's version of mel [bands, F].

    `vocoders` are names with functions mel [bands, F] -> samples [F * hop].
    """
    return [_result(name, vocode, mel, config) for name, vocode in vocoders]


def _result(name: str, vocode: Vocode, mel: Float32Array, config: MelConfig) -> VocoderResult:
    started = time.perf_counter()
    samples = vocode(mel)
    seconds = time.perf_counter() - started
    mel_of_samples = mel_spectrogram(samples, config)
    count = min(mel_of_samples.shape[1], mel.shape[1])
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1.0 / config.sample_rate)
    power = max(float(spectrum.sum()), 1e-20)
    return VocoderResult(
        name,
        samples,
        mel_of_samples,
        float(np.abs(mel_of_samples[:, :count] - mel[:, :count]).mean()),
        float((spectrum * frequencies).sum() / power),
        float(power_to_db(float(spectrum[frequencies > 10000].sum()) / power, 1e-12)),
        gain_to_db(float(np.abs(samples).max()), -120.0),
        float(power_to_db(np.mean(np.square(samples)), 1e-12)),
        len(samples) / config.sample_rate / max(seconds, 1e-9),
    )


class _Recorder:
    """A stream that records its input since its state was last set."""

    def __init__(self, inner: StepBackend) -> None:
        self._inner = inner
        self.channels_in, self.channels_out = inner.channels_in, inner.channels_out
        self.frames: list[Float32Array] = []

    def step(self, x: Float32Array) -> Float32Array:
        self.frames.append(np.array(x, np.float32))
        return self._inner.step(x)

    def reset(self) -> None:
        self.frames.clear()
        self._inner.reset()

    def snapshot(self) -> dict[str, np.ndarray]:
        return self._inner.snapshot()

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self.frames.clear()
        self._inner.restore(state)
