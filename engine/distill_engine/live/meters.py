"""Counters of the synth thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.live.scheduling import Cause

LEVEL_SECONDS = 0.1  # half-life of peaks and of the mean square


@dataclass
class Meters:
    """Counters of the synth thread.

    Other threads read them without a lock: each figure is right by itself. `peak` and `square`
    (mean square) are of full scale, `input_peak` that of the live input; `fill` and `target` are
    frames in the ring.
    """

    hops: int = 0
    parameter_changes: int = 0
    muted_hops: int = 0
    peak: float = 0.0
    square: float = 0.0
    fill: int = 0
    target: int = 0
    underruns_model: int = 0
    underruns_stall: int = 0
    underruns_device: int = 0
    device_xruns: int = 0
    input_peak: float = 0.0

    @property
    def underruns(self) -> int:
        """Underruns of all causes."""
        return self.underruns_model + self.underruns_stall + self.underruns_device

    def hear(self, samples: Float32Array | None, seconds: float) -> None:
        """Follow the peak of live input [n], which lasts `seconds`; None without one."""
        peak = 0.0 if samples is None else float(np.abs(samples).max(initial=0.0))
        self.input_peak = max(self.input_peak * 0.5 ** (seconds / LEVEL_SECONDS), peak)

    def count(self, cause: Cause) -> None:
        """Count one more underrun."""
        self.underruns_model += cause == "model"
        self.underruns_stall += cause == "stall"
        self.underruns_device += cause == "device"
