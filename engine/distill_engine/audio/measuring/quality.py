"""The quality of a finished sound: figures of what can be wrong with it, and words on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import gain_to_db, power_to_db
from distill_engine.audio.measuring.loudness import LoudnessMeter

QUIETEST_DB = -120.0  # the level of silence, as it is reported
FULL_SCALE = 0.9999  # of a sample that is counted as clipped: 16 bits end there
CLIPPED_RUN = 3  # samples in a row at full scale: a lone one is a peak, not a clipped one
FRAME = 2048  # samples of a frame, of which level and spectrum are measured
DC_DB = -50.0  # of an offset that is worth a remark
SILENT_DB = -70.0  # RMS of a frame that counts as silent
SILENT_SHARE = 0.5  # of the frames: more is worth a remark
QUIET_LUFS = -40.0  # a sound below is quiet
NARROW_HZ = 8000.0  # a bandwidth below is worth a remark
NOISE_DB = -45.0  # a noise floor above is worth a remark, where the sound has louder places
NOISE_SPAN_DB = 15.0  # the least distance of the loud places from the floor: else the sound is steady
BAND_DB = -70.0  # below the strongest frequency: where a sound's band ends


@dataclass(frozen=True)
class Quality:
    """What can be wrong with a sound. Levels are in dB of full scale.

    `clipped` counts runs of samples at full scale, `silent` is the share of silent frames,
    `bandwidth_hz` the highest frequency within 70 dB of the strongest, and `noise_floor_db` the
    level of its quietest frames. `remarks` say what is wrong, `verdict` "good"
    or "look".
    """

    peak_db: float
    lufs: float
    clipped: int
    dc_db: float
    silent: float
    bandwidth_hz: float
    noise_floor_db: float
    remarks: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether anything is wrong: "good" or "look"."""
        return "look" if self.remarks else "good"

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as values for JSON."""
        return {**asdict(self), "remarks": list(self.remarks), "verdict": self.verdict}


class QualityMeter:
    """Measures blocks [ch, n] at `sample_rate` (Hz), in bounded memory."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate = sample_rate
        self._loudness = LoudnessMeter(sample_rate, channels)
        self._count, self._peak, self._clipped = 0, 0.0, 0
        self._sum = np.zeros(channels)
        self._run = np.zeros(channels, np.int64)
        self._rest = np.zeros((channels, 0), np.float32)
        self._frames: list[Float64Array] = []
        self._spectrum = np.zeros(FRAME // 2 + 1)
        self._window = np.hanning(FRAME)

    def process(self, block: Float32Array) -> None:
        """Add samples [ch, n]."""
        if not block.shape[1]:
            return
        self._loudness.process(block)
        self._count += block.shape[1]
        self._peak = max(self._peak, float(np.abs(block).max()))
        self._sum += block.sum(axis=1, dtype=np.float64)
        for channel, samples in enumerate(np.abs(block) >= FULL_SCALE):
            self._count_clipped(channel, samples)
        samples = np.concatenate([self._rest, block], axis=1)
        whole = samples.shape[1] // FRAME * FRAME
        self._rest = samples[:, whole:]
        frames = samples[:, :whole].reshape(len(samples), -1, FRAME)
        self._frames.append(np.square(frames, dtype=np.float64).mean(axis=(0, 2)))
        self._spectrum += np.square(np.abs(np.fft.rfft(frames * self._window, axis=2))).sum(axis=(0, 1))

    def _count_clipped(self, channel: int, full: np.ndarray) -> None:
        """Count the runs that reach CLIPPED_RUN in `full` [n], also those that began before."""
        if not full.any():
            self._run[channel] = 0
            return
        edges = np.flatnonzero(np.diff(np.concatenate([[0], full.astype(np.int8), [0]])))
        starts, ends = edges[::2], edges[1::2]
        lengths = ends - starts
        before = int(self._run[channel]) if starts[0] == 0 else 0
        counted_before = before >= CLIPPED_RUN
        lengths[0] += before
        self._clipped += int((lengths >= CLIPPED_RUN).sum()) - counted_before
        self._run[channel] = lengths[-1] if ends[-1] == len(full) else 0

    def result(self) -> Quality:
        """Return the figures of all blocks."""
        powers = np.concatenate([*self._frames, np.zeros(0)])
        if not len(powers):  # shorter than a frame
            powers = np.array([np.square(self._rest).sum() / max(1, self._rest.size)])
        levels = power_to_db(powers, 1e-12)
        heard = levels[levels > QUIETEST_DB]
        silent = float(np.mean(levels < SILENT_DB))
        floor, loud = map(float, np.percentile(heard, (5, 90))) if len(heard) else (QUIETEST_DB, QUIETEST_DB)
        dc_db = gain_to_db(float(np.abs(self._sum).max(initial=0.0)) / max(1, self._count), QUIETEST_DB)
        measured = Quality(
            round(gain_to_db(self._peak, QUIETEST_DB), 2),
            round(self._loudness.lufs, 2),
            self._clipped,
            round(dc_db, 1),
            round(silent, 3),
            round(self._bandwidth_hz()),
            round(floor, 1),
            (),
        )
        return replace(measured, remarks=_remarks(measured, loud - floor))

    def _bandwidth_hz(self) -> float:
        strong = np.flatnonzero(power_to_db(self._spectrum / max(self._spectrum.max(), 1e-30), 1e-15) > BAND_DB)
        return float(strong[-1] * self._rate / FRAME) if len(strong) and self._spectrum.max() > 0 else 0.0


def _remarks(found: Quality, span_db: float) -> tuple[str, ...]:
    """Return what is wrong, in plain words; silence has no other fault.

    `span_db` is the distance of the loud places from the quiet ones.
    """
    if found.peak_db < SILENT_DB:
        return ("it is silent",)
    faults = (
        (found.clipped > 0, f"it clips at {found.clipped} places: lower the gain"),
        (found.dc_db > DC_DB, f"it is not centred: DC at {found.dc_db:.0f} dB"),
        (found.silent > SILENT_SHARE, f"{found.silent:.0%} of it is silent"),
        (found.lufs < QUIET_LUFS, f"it is quiet: {found.lufs:.0f} LUFS"),
        (found.bandwidth_hz < NARROW_HZ, f"it is dull: nothing above {found.bandwidth_hz / 1000:.1f} kHz"),
        (
            found.noise_floor_db > NOISE_DB and span_db > NOISE_SPAN_DB,
            f"its quiet places are noisy: {found.noise_floor_db:.0f} dB",
        ),
    )
    return tuple(text for wrong, text in faults if wrong)
