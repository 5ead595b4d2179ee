"""The synth thread: takes parameter changes, computes hops, puts ticks out as late as it can."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.output import ClockOutput, Output
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.errors import ControlError, DistillError
from distill_engine.live.latency import Latency
from distill_engine.live.meters import LEVEL_SECONDS, Meters
from distill_engine.live.plays import Plays
from distill_engine.live.scheduling import BlockTime, BlockTimes, TargetConfig, TargetFill, Underrun, cause_of
from distill_engine.realtime.shared_memory import ParameterReader
from distill_engine.realtime.threads import RealtimeStatus, prepare_thread
from distill_engine.synthesis.voices.reports import Report, ReportKind

QUEUE_LIMIT = 256  # calls that may wait for the synth thread
SHORTEST_SLEEP_SECONDS, LONGEST_SLEEP_SECONDS = 0.0004, 0.004
RAISE_SECONDS = 0.4  # longest wait for a raised target fill
RAISE_LEAST_SECONDS = 0.03  # shortest: by then the synth thread has set the new target


@dataclass(frozen=True)
class BlockSettings:
    """How blocks are computed: `hops` per block, and how full the ring is kept.

    `expected_seconds` is what a block will take until that is measured (None: half the length of
    its sound).
    """

    hops: int = 1
    expected_seconds: float | None = None
    target: TargetConfig = field(default_factory=TargetConfig)


class Performer:
    """Plays a synth on a thread of its own. Everything else reaches the synth through `call`.

    Args:
        read_input: returns the next samples [n] of a live input at the synth's rate, or None.
        notice: takes underruns and reports on the synth thread; must not wait.
    """

    def __init__(
        self,
        synth: Plays,
        parameters: ParameterReader,
        blocks: BlockSettings | None = None,
        *,
        notice: Callable[[Underrun | Report], None] = lambda event: None,
        read_input: Callable[[int], Float32Array | None] = lambda count: None,
    ) -> None:
        blocks = blocks or BlockSettings()
        self.synth, self.block = synth, blocks.hops
        self.meters = Meters()
        length = blocks.hops * synth.hop / synth.sample_rate
        expected = 0.5 * length if blocks.expected_seconds is None else blocks.expected_seconds
        self.times = BlockTimes(blocks.hops, expected)
        self.realtime: RealtimeStatus | None = None
        self.recorder: AudioWriter | None = None
        self._parameters = parameters
        self._config = blocks.target
        self._notice, self._read_input = notice, read_input
        self._calls: queue.Queue[tuple[Callable[[], Any], Future[Any]]] = queue.Queue(QUEUE_LIMIT)
        self._next: Output | None = None
        self._stopping = threading.Event()
        self._last_written = time.monotonic()
        self._last_fill = 0.0
        self._raised = (0.0, 0.0)  # seconds of extra fill, and the time until which they hold
        self._thread = threading.Thread(target=self._run, name="synth", daemon=True)
        self.failure: BaseException | None = None
        self._connect(ClockOutput(synth.sample_rate))

    @property
    def output(self) -> Output:
        """The output that plays now."""
        return self._output

    @property
    def running(self) -> bool:
        """Whether the synth thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the synth thread."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> bool:
        """End the synth thread; returns False if it did not end within `timeout` seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def switch(self, output: Output) -> None:
        """Play into another output from the next block on; on a device the sound fades in."""
        self._next = output

    def call(self, action: Callable[[], Any]) -> Future[Any]:
        """Run `action` on the synth thread between two blocks.

        Raises:
            ControlError: if QUEUE_LIMIT calls wait already.
        """
        future: Future[Any] = Future()
        try:
            self._calls.put_nowait((action, future))
        except queue.Full:
            raise ControlError("the synth has too much to do; try again in a moment") from None
        return future

    def panic(self) -> Future[Any]:
        """Silence the output within one device period; the synth follows at its next block."""
        self._output.panic()
        return self.call(self._panic)

    def fade_out(self) -> Future[Any]:
        """Let the synth fade out."""
        return self.call(self.synth.stop)

    def raise_latency_for(self, extra_seconds: float, lasting_seconds: float) -> None:
        """Raise the target fill for `lasting_seconds`, and wait until the ring is that full.

        For blocks that are about to take longer, as when two voices cross-fade. (0, 0) takes the
        rise back.
        """
        now = time.monotonic()
        self._raised = (extra_seconds, now + lasting_seconds)
        while self.running and time.monotonic() < now + RAISE_SECONDS:
            time.sleep(0.005)
            if self.meters.fill >= self.meters.target and time.monotonic() > now + RAISE_LEAST_SECONDS:
                return

    @property
    def latency(self) -> Latency:
        """The parts of the time from a message to the loudspeaker."""
        rate, output = self.synth.sample_rate, self._output
        return Latency(
            hop=self.block * self.synth.hop / rate,
            tick=self.synth.loop.tick / rate,
            vocoder=self.synth.alignment_samples / rate,
            ring=self.meters.target / output.rate,
            period=output.period / output.rate,
            resampler=self._resampler.delay_samples / rate,
            device=output.delay_seconds,
        )

    # -- inside, on the synth thread -----------------------------------------------------------------------------------

    def _panic(self) -> None:
        self.synth.panic()
        self._output.unmute()

    def _connect(self, output: Output) -> None:
        self._output = output
        self._resampler = StreamingResampler(self.synth.sample_rate, output.rate, self.synth.channels)
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
        if not self.synth.loop.ticks_waiting:
            self._compute()
            self._take_changes()  # gain and width that came meanwhile act on what is put out now
        samples = self.synth.loop.put_out(self._ticks_due())
        ended = time.monotonic()
        self._write(samples, BlockTime(ended - began, ended - self._last_written))
        self._measure(samples)

    def _compute(self) -> None:
        began = time.monotonic()
        size = self.block * self.synth.hop
        heard = self._read_input(size)
        self.meters.hear(heard, size / self.synth.sample_rate)
        cost = self.synth.keys.cost
        hops = self.synth.loop.compute(self.block, heard)
        seconds = (time.monotonic() - began) * self.block / hops
        self.times.add(seconds, size / self.synth.sample_rate, cost)
        self.meters.hops += hops

    def _spare(self) -> float:
        """Return the seconds until the next step is due: the fill of the ring above its target."""
        output, loop = self._output, self.synth.loop
        self._fill.set_period(output.period / output.rate)
        extra = self._raised[0] if time.monotonic() < self._raised[1] else 0.0
        waiting = loop.ticks_waiting * loop.tick / self.synth.sample_rate
        fill, ahead = output.fill / output.rate, self.times.ahead(self.synth.keys.cost)
        self.meters.target = round(self._fill.seconds(ahead, extra=extra) * output.rate)
        self.meters.fill = round((fill + waiting) * output.rate)
        return fill - self._fill.seconds(ahead, waiting, extra)

    def _ticks_due(self) -> int:
        """Return how many ticks to put out now: all of them until the device has begun."""
        loop = self.synth.loop
        if not self._output.running:
            return loop.ticks_waiting
        return max(1, math.ceil(-self._spare() * self.synth.sample_rate / loop.tick))

    def _wait(self) -> None:
        """Sleep until the next step is due; do what is asked meanwhile."""
        while not self._stopping.is_set() and self._next is None:
            self._do_calls()  # a key makes the next hop take longer
            spare = self._spare()
            self._output.begin(self.meters.target)
            if spare <= 0 or not self._output.running:
                return
            time.sleep(min(max(spare, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS))

    def _take_changes(self) -> None:
        for parameter_index, value, glide in self._parameters.changes():
            self._apply(parameter_index, value, glide)

    def _apply(self, parameter_index: int, value: float, glide: float) -> None:
        try:
            self.synth.apply(parameter_index, value, glide)
            self.meters.parameter_changes += 1
        except DistillError as error:
            self._notice(Report(self.meters.hops, ReportKind.PARAMETER, str(error)))

    def _write(self, samples: Float32Array, block: BlockTime) -> None:
        output, recorder = self._output, self.recorder
        if recorder is not None:
            recorder.write(np.ascontiguousarray(samples.T))
        frames = self._resampler.process(samples).T
        if output.channels == 1:
            frames = frames[:, :2].mean(axis=1, keepdims=True)
        frames = frames[:, : output.channels]
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
        cause = cause_of(block, self.times.typical, self._last_fill, self._output.period / self._output.rate)
        self.meters.count(cause)
        self._fill.underrun(cause)
        self._notice(Underrun(time.time(), cause, block.seconds, block.since_last_seconds))

    def _measure(self, samples: Float32Array) -> None:
        meters = self.meters
        keep = 0.5 ** (samples.shape[1] / self.synth.sample_rate / LEVEL_SECONDS)
        meters.peak = max(meters.peak * keep, float(np.abs(samples).max(initial=0.0)))
        meters.square = meters.square * keep + float(np.square(samples).sum()) / max(1, samples.size) * (1 - keep)
        for report in self.synth.take_reports():
            meters.muted_hops += report.kind is ReportKind.NOT_A_NUMBER
            self._notice(report)

    def _do_calls(self) -> None:
        """Run the calls that wait, each after the parameter changes that were made before it."""
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
