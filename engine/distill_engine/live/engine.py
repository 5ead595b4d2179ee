"""The engine process: plays an instrument on a device, steered by the control process."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.device_keeper import DeviceKeeper
from distill_engine.audio_io.devices import AudioSystem, within
from distill_engine.audio_io.output import Output
from distill_engine.errors import ConfigError, DeviceError, DistillError
from distill_engine.library.reports import line_on, reported_threads
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import Fit, FitRequest
from distill_engine.live.commands import LiveCommands, LoadOptions
from distill_engine.live.live_notes import FewerNotes
from distill_engine.live.performer import BlockSettings, Performer
from distill_engine.live.played_versions import PlayedVersions
from distill_engine.live.reporting.model_event import model_event
from distill_engine.live.scheduling import Underrun
from distill_engine.live.settings import EngineSettings, StartReport
from distill_engine.live.status_gatherer import StatusGatherer, Stopwatch
from distill_engine.realtime.control_process import ControlProcess
from distill_engine.realtime.threads import freeze_garbage_collector, refuse_huge_pages
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.reports import Report
from distill_engine.synthesis.voices.voice_pool import VoicePool
from distill_engine.system.signals import ending_signals
from distill_engine.system.threads import lowered_priority
from distill_engine.vocabulary import table as vocabulary

PUBLISH_SECONDS = 1 / 30  # between two publications of the status
END_SECONDS = 2.0  # for the audio system to let go of its devices
FADE_SECONDS = 0.04  # what the synth needs to fade out at the end
SAMPLE_RATE = DEFAULT_MEL.sample_rate


def run(
    settings: EngineSettings,
    control: ControlProcess,
    on_start: Callable[[StartReport], None] = lambda report: None,
    on_hang: Callable[[], None] = lambda: None,
) -> int:
    """Play until SIGINT, SIGTERM or SIGHUP, or for the seconds set; returns the exit code 0.

    `on_start` is called once the engine plays, `on_hang` at the end if the audio system keeps its
    devices: it would keep the process for ever.

    Raises:
        DistillError: if the model, the device or the control process is missing at the start, or
            the synth fails.
    """
    ending = threading.Event()
    with ending_signals(lambda number: ending.set()), lowered_priority():
        engine = Engine(settings, control)
        try:
            with reported_threads(engine.complain):
                on_start(engine.start())
                return engine.play_until(ending)
        finally:
            engine.stop()
            if engine.hangs:
                on_hang()


class Engine:
    """All parts of a running engine. `start` loads and opens them, `stop` ends those that run."""

    def __init__(self, settings: EngineSettings, control: ControlProcess) -> None:
        refuse_huge_pages()
        self.settings, self.control = settings, control
        system = AudioSystem()
        self._versions = PlayedVersions()
        self.capture = Capture(system, settings.input, SAMPLE_RATE)
        self.keeper = DeviceKeeper(
            settings.device, settings.sample_rate, self._connect, self._notice, system=system, capture=self.capture,
            keep_going=settings.keep_going, channels=settings.layout.channels,
        )  # fmt: skip
        self._parts: _Parts | None = None
        self._started = False
        self.hangs = False

    def start(self) -> StartReport:
        """Load the model, open the device, play. Raises DistillError."""
        settings = self.settings
        self.keeper.open_ahead()  # while the model loads: it takes a third of that
        request, pool, fit = self._load()
        instrument = pool.instrument
        synth = Synth(
            pool, seed=settings.seed, block=fit.block, source=settings.source, playing=settings.playing,
            layout=settings.layout,
        )  # fmt: skip
        synth.set_space(settings.space)
        budget = Budget(synth, {0: (instrument, fit.factor)})
        with self._or_warned("playing one note at a time"):
            budget = budget.with_voices(settings.voices)
        synth.keys.set_voices(budget.voices, budget.hops)
        performer = self._performer(synth, fit, instrument)
        request = replace(request, block=fit.block, threads=fit.threads)
        options = LoadOptions(request, budget, settings.allow_paths, self._versions)
        commands = LiveCommands(performer, synth, options, self.control.send, self._loaded, self.capture)
        self._parts = _Parts(instrument, performer, commands, FewerNotes(synth.keys))
        commands.follower.switch(settings.follow)
        self._open_input()
        output = self.keeper.open_first()
        if settings.record is not None:
            with self._or_warned("the recording is left out"):
                commands.recordings.start(settings.record)
        performer.switch(output)
        freeze_garbage_collector()
        performer.start()
        self.keeper.start()
        self.control.start(self._handle, self._greet)
        self.control.wait_ready()
        for note in performer.realtime.notes if performer.realtime else ():
            self._notice("info", note)
        self._started = True
        output, vocoder = performer.output, instrument.vocoder.name
        self._tell_device(output)
        return StartReport(instrument.name, vocoder, output.name, output.rate, self.control.details)

    def play_until(self, ending: threading.Event) -> int:
        """Publish the status until `ending` is set or the time is over; returns the exit code 0.

        Raises DistillError if the synth fails.
        """
        if self._parts is None:
            raise ConfigError("the engine was not started")
        parts, watch = self._parts, Stopwatch()
        gatherer = StatusGatherer(parts.performer, self.keeper)
        deadline = None if self.settings.seconds is None else time.monotonic() + self.settings.seconds
        while not ending.wait(PUBLISH_SECONDS):
            if parts.performer.failure is not None:
                raise DistillError(f"the synth stopped: {line_on(parts.performer.failure)}; run `distill doctor`")
            self.control.status.publish(gatherer.now(self.control.restarts, parts.commands).figures())
            if watch.stuck(parts.performer):
                self._notice("warning", f"{parts.performer.output.name} takes no sound any more; waiting for it")
            if deadline is not None and time.monotonic() > deadline:
                break
        return 0

    def stop(self) -> None:
        """Fade out and end all parts. Raises DistillError if a recording could not be finished."""
        failures: list[DistillError] = []
        if self._parts is not None:
            self._fade_out(self._parts)
            self._parts.performer.stop()
            if not self._started:
                self._parts.commands.recordings.discard()
            _collect(self._parts.commands.stop, failures)

        # Takes and recordings are whole from here on. A JACK server that stands still may keep the rest for ever.
        def let_go() -> None:
            self.capture.suspend()
            _collect(self.keeper.stop, failures)

        self.hangs = not within(let_go, END_SECONDS)
        self.control.stop()
        if failures:
            raise failures[0]

    def complain(self, text: str) -> None:
        """Show the user an error."""
        self._notice("error", text)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _load(self) -> tuple[FitRequest, VoicePool, Fit]:
        """Load the model as asked for; with `keep_going`, as it can be had."""
        settings = self.settings
        request = FitRequest(settings.vocoder, settings.block, settings.threads, settings.torch_device, settings.voices)
        with self._or_warned("playing it as this machine can"):
            return request, *self._versions.load(settings.model, request)
        request = FitRequest()
        return request, *self._versions.load(settings.model, request)

    def _open_input(self) -> None:
        """Open the input that plays, or check that the one asked for is there."""
        if self.settings.source != "input" and self.settings.input is None:
            return
        try:
            with self._or_warned("it is opened when it is there"):
                self.capture.open() if self.settings.source == "input" else self.capture.check()
                return
        except DeviceError as error:
            if not self.capture.may_appear():
                raise
            self._notice("warning", f"{error}: it is opened when it is there")
        if self.settings.source == "input":
            self.capture.want()

    @contextlib.contextmanager
    def _or_warned(self, instead: str) -> Iterator[None]:
        """With `keep_going`, turn an error of this block into a warning that says what is done."""
        try:
            yield
        except DistillError as error:
            if not self.settings.keep_going:
                raise
            self._notice("warning", f"{error}: {instead}")

    def _performer(self, synth: Synth, fit: Fit, instrument: Instrument) -> Performer:
        return Performer(
            synth,
            self.control.parameters,
            BlockSettings(
                fit.block,
                expected_seconds=1.3 * fit.block_seconds(instrument),
                target=self.settings.target,
            ),
            notice=self._report,
            read_input=self.capture.read,
        )

    def _fade_out(self, parts: _Parts) -> None:
        """Fade out, and wait until the fade has left the ring and the device."""
        if not parts.performer.running:
            return
        with contextlib.suppress(DistillError, TimeoutError):
            parts.performer.fade_out().result(timeout=1.0)
            time.sleep(min(FADE_SECONDS + parts.performer.latency.control, 0.5))

    def _connect(self, output: Output) -> None:
        if self._parts is not None:
            self._parts.performer.switch(output)
            self._tell_device(output)

    def _handle(self, message: Mapping[str, Any]) -> None:
        if self._parts is not None:
            self._parts.commands.handle(message)

    def _greet(self) -> None:
        """Send a control process that has just started what plays."""
        if self._parts is not None:
            self._loaded(self._parts.instrument)
            synth, follower = self._parts.commands.synth, self._parts.commands.follower
            settings: dict[str, str | int] = {"source": synth.source, "seed": synth.seed, "voices": synth.keys.count}
            settings["space"] = synth.output.space.kind
            for slot in range(1, vocabulary.BLEND_SLOTS):
                there = synth.instrument_at(slot)
                settings[f"blend/model/{slot}"] = there.name if there is not None else ""
            for name, value in {**settings, "follow": int(follower.state > 0)}.items():
                self.control.send({"event": "setting", "address": f"/distill/{name}", "value": value})
            self.control.send(self._parts.commands.recordings.event())
            self._parts.commands.marks.tell()
            self._tell_device(self._parts.performer.output)

    def _loaded(self, instrument: Instrument) -> None:
        if self._parts is not None:
            self._parts.instrument = instrument
        self.control.send(model_event(instrument))

    def _tell_device(self, output: Output) -> None:
        self.control.send({"event": "device", "name": output.name, "rate_hz": output.rate})

    def _report(self, event: Underrun | Report) -> None:
        text = event.describe() if isinstance(event, Underrun) else event.message
        if isinstance(event, Underrun) and event.cause == "model" and self._parts is not None:
            text += self._parts.fewer_notes.after_underrun(event.when)
        self._notice("warning", text)

    def _notice(self, level: str, text: str) -> None:
        self.control.send({"event": "notice", "level": level, "text": text})


@dataclass
class _Parts:
    instrument: Instrument
    performer: Performer
    commands: LiveCommands
    fewer_notes: FewerNotes


def _collect(action: Callable[[], None], failures: list[DistillError]) -> None:
    try:
        action()
    except DistillError as error:
        failures.append(error)
