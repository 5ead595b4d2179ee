"""Mix channels to one without losing what cancels: by time and band, and block by block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array

FRAME = 2048  # samples of a spectrum
HOP = FRAME // 2  # samples between two: their windows add up to 1
CHUNK = 1 << 16  # samples of all channels that are mixed at once
CANCELLED = 0.1  # a mean with less power than this times that of incoherent channels (-10 dB) has cancelled
STEADY = 4.0  # times (6 dB) the usual channel's power, before another one takes its place
EQUAL = 1.1  # times (0.4 dB): of channels that are this alike the first is taken, so that none alternate
SILENT = 1e-6  # of the loudest channel's power (-60 dB): channels below do not count
REMARK_SHARE = 0.01  # of the power: a note says when more than this would have cancelled
FLOOR_POWER = 1e-9  # of a band in a frame; nothing below is looked at
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_EDGES = np.array(sorted({*range(0, 40, 4), *np.geomspace(40, FRAME // 2, 24).astype(int).tolist()})[:-1])  # bins


class MonoMixer:
    """Mixes blocks [ch, n] to mono; the output comes up to FRAME samples late.

    The mean of the channels, except in bands and at times where they cancel each other: there the
    channel that is usually louder in this band.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._pending = np.zeros((channels, HOP), np.float32)  # before the first sample: two windows cover each
        self._tail = np.zeros(HOP, np.float32)
        self._skip = HOP
        self._usual: npt.NDArray[np.float64] = np.zeros((channels, len(_EDGES)))
        self._power = np.zeros(channels)
        self._cancelled = self._total = 0.0

    def process(self, block: Float32Array) -> Float32Array:
        """Return the mono samples [m] that a block [ch, n] completes."""
        if self._channels == 1:
            return np.ascontiguousarray(block[0])
        step = max(4 * FRAME, CHUNK // self._channels)
        return np.concatenate([self._mixed(block[:, at : at + step]) for at in range(0, max(1, block.shape[1]), step)])

    def flush(self) -> Float32Array:
        """Return the rest [m]."""
        if self._channels == 1:
            return np.zeros(0, np.float32)
        rest = self._pending.shape[1] - self._skip
        return self._mixed(np.zeros((self._channels, FRAME), np.float32))[:rest]

    @property
    def gain(self) -> float:
        """Factor for the whole result: channels that are silent throughout do not count."""
        return self._channels / max(1, self._sounding()) if self._channels > 1 else 1.0

    @property
    def note(self) -> str:
        """Say what was not the plain mean of all channels; "" if nothing."""
        if self._total and self._cancelled > REMARK_SHARE * self._total:
            share = self._cancelled / self._total
            return f"its channels cancel each other in {share:.0%} of the sound: the louder one is used there"
        silent = self._channels - self._sounding()
        return f"{silent} of {self._channels} channels are silent and left out" if 0 < silent < self._channels else ""

    def _sounding(self) -> int:
        return int(np.count_nonzero(self._power > self._power.max() * SILENT)) if self._channels > 1 else 1

    def _mixed(self, block: Float32Array) -> Float32Array:
        self._power += np.sum(np.square(block, dtype=np.float64), axis=1)
        x = np.concatenate((self._pending, block), axis=1)
        frames = max(0, (x.shape[1] - FRAME) // HOP + 1)
        done = frames * HOP
        self._pending = x[:, done:].copy()
        if not frames:
            return np.zeros(0, np.float32)
        mean: Float32Array = x[:, :done].mean(axis=0, dtype=np.float32)
        added = np.zeros(done + HOP, np.float32)
        added[:HOP] = self._tail
        for frame, part in enumerate(self._correction(x, frames)):
            added[frame * HOP : frame * HOP + FRAME] += part
        self._tail = added[done:]
        out = (mean + added[:done])[self._skip :]
        self._skip = max(0, self._skip - done)
        return out

    def _correction(self, x: Float32Array, frames: int) -> Float32Array:
        """Return what the mean lacks where channels cancel, [frames, FRAME], windowed."""
        cut = np.lib.stride_tricks.sliding_window_view(x, FRAME, axis=1)[:, : frames * HOP : HOP]
        spectra = np.fft.rfft(cut * _WINDOW, axis=-1)[..., : FRAME // 2]
        power = _band_power(spectra)
        mean = spectra.mean(axis=0)
        bad = _band_power(mean[None])[0] < CANCELLED * power.sum(axis=0) / self._channels**2
        bad &= power.sum(axis=0) > FLOOR_POWER
        self._total += float(power.sum())
        usual = self._usual[:, None] + np.cumsum(power, axis=1)
        self._usual = usual[:, -1]
        if not bad.any():
            return np.zeros((0, FRAME), np.float32)
        self._cancelled += float(power.sum(axis=0)[bad].sum())
        chosen = (usual * EQUAL >= usual.max(axis=0)).argmax(axis=0)[None]
        loudest = power.argmax(axis=0)[None]
        take = np.where(
            np.take_along_axis(power, loudest, 0) > STEADY * np.take_along_axis(power, chosen, 0), loudest, chosen
        )
        widths = np.diff(np.append(_EDGES, FRAME // 2))
        take, bad = np.repeat(take, widths, axis=-1), np.repeat(bad, widths, axis=-1)
        lacking = np.where(bad, np.take_along_axis(spectra, take, 0)[0] - mean, 0)
        return np.asarray(np.fft.irfft(lacking, FRAME, axis=-1) * _WINDOW, np.float32)


def _band_power(spectra: npt.NDArray[np.complexfloating]) -> npt.NDArray[np.float64]:
    """Return the power [ch, frames, bands] of spectra [ch, frames, bins]."""
    parts = spectra.view(spectra.real.dtype)  # squares of real and imaginary parts: a third of the time of `abs`
    return np.add.reduceat(np.square(parts), 2 * _EDGES, axis=-1) / FRAME


def mix_to_mono(samples: Float32Array) -> tuple[Float32Array, str]:
    """Mix [ch, T] to mono [T]; returns it with a note if it is not the plain mean of the channels.

    Channels 60 dB below the loudest do not count, so that a mono recording in the left channel
    keeps its level. Where channels cancel each other, the louder is taken instead of the mean.
    """
    mixer = MonoMixer(len(samples))
    mixed = np.concatenate((mixer.process(samples), mixer.flush()))
    return (mixed if mixer.gain == 1.0 else mixed * np.float32(mixer.gain)), mixer.note
