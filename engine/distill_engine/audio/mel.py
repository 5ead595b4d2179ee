"""The mel spectrogram that models and vocoders share, in numpy: of whole signals and of streams.

Definition and numbers are BigVGAN-v2's (arXiv 2206.04658, its configuration of 44.1 kHz, 128 bands
and hop 512). The filterbank is Slaney's (Auditory Toolbox, 1998) with area normalisation. A mel is
[bands, frames].
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import ConfigError


def hz_to_mel(frequency: npt.ArrayLike, scale: str = "slaney") -> Float64Array:
    """Return the mel values [...] of frequencies [...] in Hz.

    Slaney's scale is linear below 1 kHz and logarithmic above, HTK's is 2595 log10(1 + f/700).
    """
    f = np.asarray(frequency, np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + f / 700.0)
    return np.where(f < 1000.0, f * 3 / 200, 15.0 + np.log(np.maximum(f, 1000.0) / 1000.0) / (np.log(6.4) / 27.0))


def mel_to_hz(mel: npt.ArrayLike, scale: str = "slaney") -> Float64Array:
    """Return the frequencies [...] in Hz of mel values [...]: the inverse of `hz_to_mel`."""
    m = np.asarray(mel, np.float64)
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (m / 2595.0) - 1.0))
    return np.where(m < 15.0, m * 200 / 3, 1000.0 * np.exp((np.log(6.4) / 27.0) * (np.maximum(m, 15.0) - 15.0)))


def band_edges(config: MelConfig = DEFAULT_MEL) -> Float64Array:
    """Return the lower edge, the centres and the upper edge [bands + 2] of the bands, in Hz."""
    low, high = hz_to_mel([config.f_min, config.f_max], config.scale)
    return mel_to_hz(np.linspace(low, high, config.bands + 2), config.scale)


@cache
def mel_filterbank(config: MelConfig = DEFAULT_MEL) -> Float32Array:
    """Return triangular filters [bands, n_fft // 2 + 1], read-only.

    With `area_norm` each has unit area over frequency in Hz.
    """
    edges = band_edges(config)
    frequencies = np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)
    widths = np.diff(edges)
    ramps = edges[:, None] - frequencies[None, :]
    weights = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]))
    if config.area_norm:
        weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    bank = weights.astype(np.float32)
    bank.flags.writeable = False
    return bank


@cache
def hann_window(length: int, padded: int | None = None) -> Float32Array:
    """Return a periodic Hann window [padded or length], centred as in torch.stft, read-only."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    spare = (padded or length) - length
    out = np.pad(window, (spare // 2, spare - spare // 2)).astype(np.float32)
    out.flags.writeable = False
    return out


def compress(linear: npt.NDArray[np.floating], config: MelConfig) -> Float32Array:
    """Return the log-mel [...] of a linear mel [...], by the definition's `compression`."""
    if config.compression == "log1p":
        return np.asarray(np.log1p(np.maximum(linear, 0.0)), np.float32)
    return np.asarray(np.log(np.maximum(linear, config.floor)), np.float32)


def _frames_to_mel(frames: npt.NDArray[Any], config: MelConfig) -> Float32Array:
    """Return the log-mel [bands, F] of frames [F, n_fft] that are not windowed yet."""
    spectrum = np.fft.rfft(frames * hann_window(config.window, config.n_fft), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2 + 1e-9
    return compress(mel_filterbank(config) @ (np.sqrt(power) if config.power == 1 else power).T, config)


def mel_spectrogram(samples: Float32Array, config: MelConfig = DEFAULT_MEL) -> Float32Array:
    """Return the log-mel [bands, T // hop] of mono samples [T], full scale +-1.

    Less than a hop is padded to one frame. Raises ConfigError for any other shape.
    """
    x = np.asarray(samples, np.float32)
    if x.ndim != 1:
        raise ConfigError(f"mel_spectrogram takes mono samples [T], got shape {x.shape}")
    if len(x) <= config.padding:  # too short to reflect
        x = np.pad(x, (0, max(config.padding + 1, config.hop) - len(x)))
    count = max(1, min(len(samples), len(x)) // config.hop)
    padded = np.pad(x, config.padding, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.n_fft)[:: config.hop][:count]
    blocks = [_frames_to_mel(frames[i : i + 256], config) for i in range(0, len(frames), 256)]
    return np.concatenate(blocks, axis=1)


class StreamingMel:
    """The frames of `mel_spectrogram` from a stream: push samples, get the complete frames.

    Frame t needs samples up to t * hop + n_fft - padding: frames come `delay` = n_fft - padding -
    hop samples late. `flush` reflects the end of the signal as `mel_spectrogram` does, so that the
    frames are the same.
    """

    def __init__(self, config: MelConfig = DEFAULT_MEL) -> None:
        self.config = config
        self.delay = config.n_fft - config.padding - config.hop
        self._pending = np.zeros(0, np.float32)
        self._started = False

    def push(self, samples: Float32Array) -> Float32Array:
        """Return the frames [bands, n >= 0] that samples [T] complete."""
        self._pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        pad, hop, n_fft = self.config.padding, self.config.hop, self.config.n_fft
        if not self._started:
            if len(self._pending) <= pad:
                return np.zeros((self.config.bands, 0), np.float32)
            self._pending = np.concatenate([self._pending[pad:0:-1], self._pending])
            self._started = True
        count = (len(self._pending) - n_fft) // hop + 1
        if count <= 0:
            return np.zeros((self.config.bands, 0), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._pending, n_fft)[::hop][:count]
        mel = _frames_to_mel(frames, self.config)
        self._pending = self._pending[count * hop :]
        return mel

    def flush(self) -> Float32Array:
        """Return the last frames [bands, n], with the end reflected, and start a new signal."""
        pad = self.config.padding
        if self._started:
            mel = self.push(self._pending[-1 - pad : -1][::-1].copy())
        elif len(self._pending):  # too short to reflect
            mel = mel_spectrogram(self._pending, self.config)
        else:
            mel = np.zeros((self.config.bands, 0), np.float32)
        self._pending, self._started = np.zeros(0, np.float32), False
        return mel

    def state(self) -> tuple[Float32Array, bool]:
        """Return the samples [n] that later frames need, and whether the start was reflected."""
        return self._pending.copy(), self._started

    def restore(self, pending: Float32Array, started: bool) -> None:
        """Continue from a `state` with `pending` samples [n]."""
        self._pending, self._started = np.asarray(pending, np.float32), started
