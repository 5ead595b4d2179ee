"""Keeps the sound on a device: opens it, notices its loss, and opens it again when it is back.

Runs on a thread of its own, because PortAudio may wait. Without a device the performer plays by the
clock.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.devices import AudioSystem, choose_device, names_jack
from distill_engine.audio_io.output import ClockOutput, DeviceOutput, FileOutput, Output
from distill_engine.errors import AudioFileError, DeviceError
from distill_engine.system.threads import lower_thread_priority

CHECK_SECONDS = 0.1  # between two looks at the device
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 4.0
FILE_PREFIX = "file:"


class DeviceKeeper:
    """Keeps one device setting true for the life of the engine.

    Args:
        name: a device name (or part of it), None for the preferred device, "null" or "file:PATH".
        rate: sample rate in Hz to ask for; None takes the device's own.
        connect: takes each output to play into, on the keeper's thread.
        notice: `notice(level, text)` takes one line for the user.
        system: PortAudio, shared with the `capture`.
        capture: the live input. Its device is closed before devices are listed anew, and opened
            again after.
        keep_going: whether an output that cannot be had is a warning, and the clock plays.
        channels: the channels to play on; a device with one gets their mean.
    """

    def __init__(  # eight parameters: what to open, whom to tell, and the audio system that tests replace
        self,
        name: str | None,
        rate: int | None,
        connect: Callable[[Output], None],
        notice: Callable[[str, str], None],
        *,
        system: AudioSystem,
        capture: Capture,
        keep_going: bool = False,
        channels: int = 2,
    ) -> None:
        self.name, self.rate, self._channels = name, rate, channels
        self.losses = 0
        self.connected = False
        self._system, self.capture = system, capture
        self._connect, self._notice = connect, notice
        self._keep_going = keep_going
        self._output: Output | None = None
        self._ahead: Future[DeviceOutput] | None = None
        self._input_due = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)

    @property
    def needs_device(self) -> bool:
        """Whether the setting is an audio device, neither the clock nor a file."""
        return self.name != "null" and not (self.name or "").startswith(FILE_PREFIX)

    def open_ahead(self) -> None:
        """Begin to open the device on a thread of its own; `open_first` gives it, or its error."""
        if not self.needs_device:
            return
        ahead = self._ahead = Future[DeviceOutput]()

        def opened() -> None:
            try:
                ahead.set_result(self._open())
            except BaseException as error:
                ahead.set_exception(error)

        threading.Thread(target=opened, name="device ahead", daemon=True).start()

    def open_first(self) -> Output:
        """Return the output to play into first: the clock, if the device may still come.

        Raises:
            DeviceError: if the device does not exist or cannot be opened; the message lists what
                there is.
            AudioFileError: if the file cannot be made.
        """
        if self.name == "null":
            self._output = ClockOutput(self.rate or DEFAULT_MEL.sample_rate)
        elif self.name is not None and self.name.startswith(FILE_PREFIX):
            self._output = self._open_file(Path(self.name.removeprefix(FILE_PREFIX)))
        else:
            self._output = self._open_or_wait()
        self.connected = self._output is not None and not self._waiting
        return self._output or ClockOutput(self.rate or DEFAULT_MEL.sample_rate)

    @property
    def _waiting(self) -> bool:
        return self.needs_device and not isinstance(self._output, DeviceOutput)

    def start(self) -> None:
        """Watch the output and the live input from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the output and end PortAudio. Raises AudioFileError if a file is incomplete."""
        self._stopping.set()
        if self._ahead is not None:
            with contextlib.suppress(DeviceError):
                self._output = self._ahead.result()
        if self._thread.is_alive():
            self._thread.join(3.0)
        if self._output is not None:
            self._output.close()
        (self._system.leave if self._thread.is_alive() else self._system.shut_down)()

    def _open_file(self, path: Path) -> Output | None:
        try:
            return FileOutput(
                path, self.rate or DEFAULT_MEL.sample_rate, partial(self._notice, "error"), self._channels
            )
        except AudioFileError as error:
            if not self._keep_going:
                raise
            self._notice("warning", f"{error}; playing into nothing")
            return None

    def _open_or_wait(self) -> Output | None:
        ahead, self._ahead = self._ahead, None
        try:
            return self._open() if ahead is None else ahead.result()
        except DeviceError as error:
            may_appear = (self.name is None or names_jack(self.name)) and not self._devices_there()
            if not (may_appear or self._keep_going):
                raise
            self._notice("warning", f"{error}; playing in silence until there is one")
            return None

    def _devices_there(self) -> bool:
        try:
            devices = self._system.devices()
        except DeviceError:
            return False
        if names_jack(self.name):
            return any(device.is_jack for device in devices)
        return bool(devices)

    def _open(self) -> DeviceOutput:
        with self._system.lock:
            device = choose_device(self._system.devices(), self.name)
            return DeviceOutput(self._system, device, self.rate, self._channels)

    def _run(self) -> None:
        lower_thread_priority()
        retry = FIRST_RETRY_SECONDS
        while not self._stopping.wait(CHECK_SECONDS if not self._waiting else retry):
            if self._waiting:
                retry = FIRST_RETRY_SECONDS if self._try_again() else min(retry * 1.5, LAST_RETRY_SECONDS)
            elif self._output is not None and not self._output.alive():
                self._lost()
                retry = FIRST_RETRY_SECONDS
            else:
                self._watch_input()

    def _watch_input(self) -> None:
        """Report a live input that is lost by itself, and open it again when it is back.

        Devices are listed anew only if no output device plays, because that would interrupt it.
        """
        alone = not isinstance(self._output, DeviceOutput)
        with self._system.lock, contextlib.suppress(DeviceError):
            if (name := self.capture.lost()) is not None:
                self._notice("warning", f"the input {name} is lost; it is silent until it is back")
                self._input_due = time.monotonic() + FIRST_RETRY_SECONDS
                (self.capture.abandon if alone else self.capture.suspend)()
            elif self.capture.missing and time.monotonic() >= self._input_due:
                self._input_due = time.monotonic() + LAST_RETRY_SECONDS
                if alone:
                    self._system.relist(self.capture.suspend)
                if alone or not self._system.holds_dead_server():
                    self._notice("info", f"listening to {self.capture.open()}")

    def _try_again(self) -> bool:
        try:
            with self._system.lock:
                self._system.relist(self.capture.suspend)
                self._output = self._open()
        except DeviceError:
            with contextlib.suppress(DeviceError):
                self.capture.resume()
            return False
        self.connected = True
        self._notice("info", f"playing on {self._output.name} at {self._output.rate} Hz")
        self._connect(self._output)
        try:
            self.capture.resume()
        except DeviceError as error:
            self._notice("warning", str(error))
        return True

    def _lost(self) -> None:
        lost = self._output
        self.losses += 1
        self.connected = False
        self._output = None
        self._connect(ClockOutput(lost.rate if lost is not None else DEFAULT_MEL.sample_rate))
        if not isinstance(lost, DeviceOutput):
            return
        self._notice("warning", f"{lost.name} is lost; playing in silence until it is back")
        try:
            with self._system.lock:
                self.capture.suspend()
                lost.abandon()
        except DeviceError as error:
            self._notice("error", str(error))
