"""The synth thread: parameters in, blocks out, the ring kept at its target, and what happened written down."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.output import ClockOutput, Output
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.errors import ControlError, DistillError
from distill_engine.live.scheduling import BlockTime, BlockTimes, Cause, TargetConfig, TargetFill, Underrun, cause_of
from distill_engine.realtime.shared_memory import ParameterReader
from distill_engine.realtime.threads import RealtimeStatus, prepare_thread
from distill_engine.synthesis.voice import Report, ReportKind

FloatArray = npt.NDArray[np.float32]

QUEUE_LIMIT = 256
SHORTEST_SLEEP, LONGEST_SLEEP = 0.0004, 0.004
LEVEL_SECONDS = 0.1
BRACE_SECONDS = 0.4


class Plays(Protocol):
    """What the performer needs of a synth."""

    hop: int
    sample_rate: int
    alignment_samples: int

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> None:
        """Sets a parameter."""

    def render(self, hops: int, samples: FloatArray | None = None) -> FloatArray:
        """The next `hops` hops, [2, hops * hop]."""

    def panic(self) -> None:
        """Silence from the next sample on."""

    def stop(self) -> None:
        """Fades out."""

    def take_reports(self) -> list[Report]:
        """What went wrong since the last call."""


@dataclass
class Meters:
    """What the synth thread counts; read by others without a lock (each figure by itself is right)."""

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

    @property
    def underruns(self) -> int:
        """All causes."""
        return self.underruns_model + self.underruns_stall + self.underruns_device

    def count(self, cause: Cause) -> None:
        """One more underrun."""
        name = f"underruns_{cause}"
        setattr(self, name, getattr(self, name) + 1)


class Performer:
    """Owns the synth while it runs: everything that touches it goes through `call`.

    Args:
        expected_seconds: what a block will take to compute, until it is measured (half its length if None).
        hear: the next samples [n] of a live input at the synth's rate, or None.
        notice: called from the synth thread with underruns and reports; must not wait.
    """

    def __init__(
        self,
        synth: Plays,
        parameters: ParameterReader,
        *,
        block: int = 1,
        expected_seconds: float | None = None,
        target: TargetConfig | None = None,
        notice: Callable[[Underrun | Report], None] = lambda event: None,
        hear: Callable[[int], FloatArray | None] = lambda count: None,
    ) -> None:
        self.synth, self.block = synth, block
        self.meters = Meters()
        length = block * synth.hop / synth.sample_rate
        self.times = BlockTimes(block, 0.5 * length if expected_seconds is None else expected_seconds)
        self.realtime: RealtimeStatus | None = None
        self.recorder: AudioWriter | None = None
        self._parameters = parameters
        self._config = target or TargetConfig()
        self._notice, self._hear = notice, hear
        self._calls: queue.Queue[tuple[Callable[[], Any], Future[Any]]] = queue.Queue(QUEUE_LIMIT)
        self._next: Output | None = None
        self._stopping = threading.Event()
        self._last_written = time.monotonic()
        self._last_fill = 0.0
        self._braced = (0.0, 0.0)
        self._thread = threading.Thread(target=self._run, name="synth", daemon=True)
        self.failure: BaseException | None = None
        self._connect(ClockOutput(synth.sample_rate))

    @property
    def output(self) -> Output:
        """Where the sound goes at the moment."""
        return self._output

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> bool:
        """Ends the thread; False if it did not end in time."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def switch(self, output: Output) -> None:
        """Plays into another output from the next block on, fading in there."""
        self._next = output

    def call(self, action: Callable[[], Any]) -> Future[Any]:
        """Runs `action` on the synth thread between two blocks.

        Raises:
            ControlError: if too many wait already.
        """
        future: Future[Any] = Future()
        try:
            self._calls.put_nowait((action, future))
        except queue.Full:
            raise ControlError("the synth has too much to do; try again in a moment") from None
        return future

    def panic(self) -> Future[Any]:
        """Silent within one device period; the synth follows at its next block."""
        self._output.panic()
        return self.call(self._panic)

    def fade_out(self) -> Future[Any]:
        """Ends the sound softly."""
        return self.call(self.synth.stop)

    def raise_latency_for(self, extra_seconds: float, lasting_seconds: float) -> None:
        """Raises the target fill for a while, because blocks are about to take longer (two voices cross-fade); waits until it is there."""
        now = time.monotonic()
        self._braced = (extra_seconds, now + lasting_seconds)
        while self.running and time.monotonic() < now + BRACE_SECONDS:
            time.sleep(0.005)
            if self.meters.fill >= self.meters.target and time.monotonic() > now + 0.03:
                return

    def latency_seconds(self) -> float:
        """From a control to the loudspeaker at most: a block, vocoder, target fill, resampler, device. The gain needs no vocoder."""
        inside = self.block * self.synth.hop + self.synth.alignment_samples + self._resampler.delay_samples
        return inside / self.synth.sample_rate + self.meters.target / self._output.rate + self._output.delay_seconds

    # -- inside, on the synth thread -----------------------------------------------------------------------------------

    def _panic(self) -> None:
        self.synth.panic()
        self._output.unmute()

    def _connect(self, output: Output) -> None:
        self._output = output
        self._resampler = StreamingResampler(self.synth.sample_rate, output.rate, 2)
        self._fill = TargetFill(self._config, output.period / output.rate)
        self._xruns_before = self.meters.device_xruns

    def _run(self) -> None:
        self.realtime = prepare_thread()
        try:
            while not self._stopping.is_set():
                self._turn()
        except BaseException as error:
            self.failure = error
        finally:
            self._refuse_calls()

    def _turn(self) -> None:
        if self._next is not None:
            self._connect(self._next)
            self._next = None
        self._wait()
        self._do_calls()
        self._take_changes()
        began = time.monotonic()
        samples = self.synth.render(self.block, self._hear(self.block * self.synth.hop))
        ended = time.monotonic()
        block = BlockTime(ended - began, ended - self._last_written)
        self.times.add(block.seconds, self.block * self.synth.hop / self.synth.sample_rate)
        self._write(samples, block)
        self._measure(samples)

    def _wait(self) -> None:
        """Sleeps until the ring has come down to its target, doing what is asked meanwhile."""
        while not self._stopping.is_set() and self._next is None:
            output = self._output
            self._fill.set_period(output.period / output.rate)
            extra = self._braced[0] if time.monotonic() < self._braced[1] else 0.0
            target = round((self._fill.seconds(self.times.block_p99) + extra) * output.rate)
            self.meters.target, self.meters.fill = target, output.fill
            output.begin(target)
            spare = (output.fill - target) / output.rate
            if spare <= 0:
                return
            self._do_calls()
            time.sleep(min(max(spare, SHORTEST_SLEEP), LONGEST_SLEEP))

    def _take_changes(self) -> None:
        for parameter_index, value, glide in self._parameters.changes():
            self._apply(parameter_index, value, glide)

    def _apply(self, parameter_index: int, value: float, glide: float) -> None:
        try:
            self.synth.apply(parameter_index, value, glide)
            self.meters.parameter_changes += 1
        except DistillError as error:
            self._notice(Report(self.meters.hops, ReportKind.PARAMETER, str(error)))

    def _write(self, samples: FloatArray, block: BlockTime) -> None:
        output, recorder = self._output, self.recorder
        if recorder is not None:
            recorder.write(np.ascontiguousarray(samples.T))
        frames = self._resampler.process(samples).T
        if output.channels == 1:
            frames = frames.mean(axis=1, keepdims=True)
        left, running = output.fill / output.rate, output.running
        if output.write(np.ascontiguousarray(frames, np.float32)):
            if running:
                self._fill.lowest(left)
                self._fill.relax(len(frames) / output.rate)
        else:
            self._underrun(block)
        output.begin(self.meters.target)
        self._last_written = time.monotonic()
        self._last_fill = output.fill / output.rate
        self.meters.device_xruns = self._xruns_before + output.xruns

    def _underrun(self, block: BlockTime) -> None:
        cause = cause_of(block, self.times.block_p50, self._last_fill)
        self.meters.count(cause)
        self._fill.underrun(cause)
        self._notice(Underrun(time.time(), cause, block.seconds, block.since_last_seconds))

    def _measure(self, samples: FloatArray) -> None:
        meters = self.meters
        meters.hops += self.block
        keep = 0.5 ** (self.block * self.synth.hop / self.synth.sample_rate / LEVEL_SECONDS)
        meters.peak = max(meters.peak * keep, float(np.abs(samples).max()))
        meters.square = meters.square * keep + float(np.mean(np.square(samples))) * (1 - keep)
        for report in self.synth.take_reports():
            meters.muted_hops += report.kind is ReportKind.NOT_A_NUMBER
            self._notice(report)

    def _do_calls(self) -> None:
        """Does what is asked, each thing with the parameters that were set before it."""
        while True:
            try:
                action, future = self._calls.get_nowait()
            except queue.Empty:
                return
            self._take_changes()
            try:
                future.set_result(action())
            except Exception as error:
                future.set_exception(error)

    def _refuse_calls(self) -> None:
        while not self._calls.empty():
            _, future = self._calls.get_nowait()
            future.set_exception(ControlError("the engine is ending"))
