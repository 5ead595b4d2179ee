"""Samples that cannot be meant: not numbers, or far out of range among quiet ones."""

from __future__ import annotations

import numpy as np

from distill_engine.audio.arrays import Float32Array

OUT_OF_RANGE = 1.12  # times full scale, +1 dB: only floating-point files hold more
LARGEST = 1e10  # of a sample: whole numbers of 32 bits in floating point stay below
SPIKE_FACTOR = 32.0  # times the level around it, 30 dB
_AROUND = 512  # samples on either side that give this level
_LEVEL_PERCENT = 99.0  # of the samples around are below it
_MOST_SPIKES_SHARE = 1e-3  # of a block's samples: more of them are its level, as in a file of large numbers


class Repair:
    """Replaces such samples by silence, block by block, and counts them."""

    def __init__(self) -> None:
        self.not_numbers = 0
        self.spikes = 0

    def process(self, block: Float32Array) -> Float32Array:
        """Return a block [ch, n] without them; the same array if it has none."""
        peak = float(np.max(np.abs(block), initial=0.0))
        if peak <= OUT_OF_RANGE:
            return block
        finite = np.isfinite(block)
        bad = int(block.size - np.count_nonzero(finite))
        if bad:
            self.not_numbers += bad
            block = np.where(finite, block, np.float32(0.0))
        absurd = np.abs(block) > LARGEST
        if absurd.any():
            self.spikes += int(np.count_nonzero(absurd))
            block = np.where(absurd, np.float32(0.0), block)
        return self._without_spikes(block)

    def _without_spikes(self, block: Float32Array) -> Float32Array:
        over = np.argwhere(np.abs(block) > OUT_OF_RANGE)
        if not 0 < len(over) <= max(1.0, _MOST_SPIKES_SHARE * block.size):
            return block
        spikes = [(channel, at) for channel, at in over if _stands_out(block[channel], int(at))]
        if not spikes:
            return block
        self.spikes += len(spikes)
        block = block.copy()
        block[tuple(np.transpose(spikes))] = 0.0
        return block

    @property
    def notes(self) -> tuple[str, ...]:
        """What was replaced, in words."""
        found = []
        if self.not_numbers:
            what = "sample is not a number" if self.not_numbers == 1 else "samples are not numbers"
            found.append(f"{self.not_numbers} {what} (NaN or infinite): read as silence")
        if self.spikes:
            what = "sample is" if self.spikes == 1 else "samples are"
            found.append(f"{self.spikes} {what} far out of range: read as silence")
        return tuple(found)


def _stands_out(samples: Float32Array, at: int) -> bool:
    """Return whether a sample is SPIKE_FACTOR above those around it in [n]."""
    around = np.abs(samples[max(0, at - _AROUND) : at + _AROUND])
    return bool(np.abs(samples[at]) > SPIKE_FACTOR * np.percentile(around, _LEVEL_PERCENT))
