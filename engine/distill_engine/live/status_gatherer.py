"""Gathers the figures of a running engine into a `Status`."""

from __future__ import annotations

import math
import time

from distill_engine.audio.levels import gain_to_db
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.device_keeper import DeviceKeeper
from distill_engine.audio_io.output import DeviceOutput, Output
from distill_engine.live.commands import LiveCommands
from distill_engine.live.meters import Meters
from distill_engine.live.performer import Performer
from distill_engine.live.reporting.sounding_place import SoundingPlace
from distill_engine.realtime.status import Status
from distill_engine.realtime.threads import resident_megabytes
from distill_engine.synthesis.synth import Synth

STUCK_SECONDS = 2.0
SLOW_SECONDS = 1.0  # between two looks at memory, processor time and percentiles, which take long to find out
SILENCE_DB = -120.0


class StatusGatherer:
    """Makes a `Status` of the parts' counters. For one thread, up to 30 times a second."""

    def __init__(self, performer: Performer, keeper: DeviceKeeper) -> None:
        self._performer, self._keeper = performer, keeper
        self._place = SoundingPlace()
        self._began = time.monotonic()
        self._slow_at = 0.0
        self._cpu_before = (time.monotonic(), time.process_time())
        self._memory = self._cpu = 0.0
        self._times = (0.0, 0.0, 0.0)

    def now(self, restarts: int, commands: LiveCommands) -> Status:
        """Return the figures of this moment; `restarts` are those of the control process."""
        performer, output, meters = self._performer, self._performer.output, self._performer.meters
        self._look_up()
        synth = commands.synth
        return Status(
            uptime_seconds=time.monotonic() - self._began,
            playing=float(synth.output.playing),
            device_connected=float(self._connected(output)),
            device_rate_hz=float(output.rate),
            device_period=float(output.period),
            device_losses=float(self._keeper.losses),
            block_hops=float(performer.block),
            hops=float(meters.hops),
            **self._hop_times(synth.frame_rate),
            deadline_misses=float(performer.times.misses),
            ring_fill=float(meters.fill),
            ring_target=float(meters.target),
            **performer.latency.figures(),
            latency_input_ms=_input_seconds(synth, self._keeper.capture) * 1e3,
            underruns=float(meters.underruns),
            underruns_model=float(meters.underruns_model),
            underruns_stall=float(meters.underruns_stall),
            underruns_device=float(meters.underruns_device),
            device_xruns=float(meters.device_xruns),
            muted_hops=float(meters.muted_hops),
            **_levels(meters),
            strain=0.0 if synth.output.silent else synth.strain,
            cpu_percent=self._cpu,
            memory_mb=self._memory,
            blend_space=float(synth.blend_space),
            control_restarts=float(restarts),
            swaps=float(commands.swaps),
            recording=float(synth.recording or performer.recorder is not None),
            parameter_changes=float(meters.parameter_changes),
            following=float(commands.follower.state),
            prior_moved=float(synth.prior.moved),
            **self._place.figures(synth),
        )

    def _hop_times(self, frame_rate: float) -> dict[str, float]:
        """Return the figures of a hop's computing time; `frame_rate` is in hops a second."""
        p50, p99, longest = (seconds * 1e3 for seconds in self._times)
        return {"hop_p50_ms": p50, "hop_p99_ms": p99, "hop_max_ms": longest, "load": p50 * frame_rate / 1e3}

    def _connected(self, output: Output) -> bool:
        return self._keeper.connected and (isinstance(output, DeviceOutput) == self._keeper.needs_device)

    def _look_up(self) -> None:
        now = time.monotonic()
        if now < self._slow_at:
            return
        self._slow_at = now + SLOW_SECONDS
        self._memory = resident_megabytes()
        self._times = self._performer.times.percentiles()
        wall, used = self._cpu_before
        self._cpu_before = (now, time.process_time())
        if now - wall > 0.1:
            self._cpu = 100.0 * (self._cpu_before[1] - used) / (now - wall)


class Stopwatch:
    """Notices when the device takes no sound any more: no block has been computed for a while."""

    def __init__(self) -> None:
        self._hops = -1
        self._since = time.monotonic()
        self._reported = False

    def stuck(self, performer: Performer) -> bool:
        """Return True once each time no block was computed for STUCK_SECONDS."""
        if performer.meters.hops != self._hops:
            self._hops, self._since, self._reported = performer.meters.hops, time.monotonic(), False
            return False
        if self._reported or time.monotonic() - self._since < STUCK_SECONDS:
            return False
        self._reported = True
        return True


def _input_seconds(synth: Synth, capture: Capture) -> float:
    """Return what a live input that plays adds to the latency: its device and its analysis."""
    if synth.source != "input":
        return 0.0
    return capture.delay_seconds + synth.instrument.input_delay_samples / synth.sample_rate


def _levels(meters: Meters) -> dict[str, float]:
    """Return the levels of output and live input as figures."""
    gains = {"peak_db": meters.peak, "rms_db": math.sqrt(max(meters.square, 0.0)), "input_db": meters.input_peak}
    return {name: gain_to_db(gain, SILENCE_DB) for name, gain in gains.items()}
