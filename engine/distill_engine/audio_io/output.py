"""Where the sound goes: an audio device, the clock (no device) or a file.

Each output knows its fill, the frames that wait to be played, which the synth thread watches.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio_io.devices import AudioSystem, Device, jack_period, keep_for_ever, within
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.audio_io.ring import TailedRing, ring_size
from distill_engine.errors import DeviceError

Frames = Float32Array

FIRST_BLOCK_SECONDS = 1.0  # to wait for a device's first block, which tells its period
LEAST_PERIOD_FRAMES = 64
CLOCK_PERIOD_FRAMES = 256


class Output(Protocol):
    """What the synth thread plays into. `rate` is frames per second."""

    rate: int
    channels: int
    name: str

    @property
    def delay_seconds(self) -> float:
        """Delay that the device adds after the ring, in seconds."""

    @property
    def period(self) -> int:
        """Frames that the device takes at once."""

    @property
    def fill(self) -> int:
        """Frames that wait to be played; below 0 if the sound has run out."""

    @property
    def xruns(self) -> int:
        """Times that the device itself reported lost sound."""

    @property
    def running(self) -> bool:
        """Whether the device takes what is written: not while the first frames are gathered."""

    def write(self, frames: Frames) -> bool:
        """Append frames [n, channels]; returns False if the sound had run out before."""

    def begin(self, target: int) -> None:
        """Start, or start again after running out, once `target` frames wait."""

    def panic(self) -> None:
        """Be silent within one period, until `unmute`."""

    def unmute(self) -> None:
        """Give sound again."""

    def alive(self) -> bool:
        """Return whether the device is still there. May wait: not for the synth thread."""

    def close(self) -> None:
        """End at once; what waits is lost."""


class DeviceOutput:
    """A stream on an audio device; rtmixer's C callback empties the ring that feeds it.

    Raises:
        DeviceError: if the device cannot be opened at this rate, or lacks channels.
    """

    def __init__(self, system: AudioSystem, device: Device, rate: int | None = None, channels: int = 2) -> None:
        import rtmixer

        if device.channels < channels > 2:
            raise DeviceError(
                f"{device.name} has {device.channels} channels, not {channels}: choose another --device or --outputs"
            )
        self.device, self.name = device, f"{device.name} ({device.host_api})"
        self.rate = rate or round(device.rate)
        self.channels = min(channels, device.channels)
        self._system = system
        self._jack_period = jack_period() if device.is_jack else 0
        self._mixer = self._open(system, rtmixer)
        self.ring = TailedRing(rtmixer.RingBuffer(4 * self.channels, ring_size(self.rate)), self.channels, self.rate)
        self._action: Any = None
        self._issued = 0
        self._xruns = 0
        self.delay_seconds = float(self._mixer.latency)

    def _open(self, system: AudioSystem, rtmixer: Any) -> Any:
        module = system.module
        try:
            mixer = rtmixer.Mixer(
                device=self.device.index, channels=self.channels, samplerate=self.rate, latency="low", blocksize=0
            )
            mixer.start()
            self._await_first_block(mixer)
        except (module.PortAudioError, ValueError) as error:
            rates = f"; it runs at {self.device.rate:g} Hz" if self.rate != round(self.device.rate) else ""
            raise DeviceError(f"{self.name} cannot be opened at {self.rate} Hz: {error}{rates}") from None
        return mixer

    @staticmethod
    def _await_first_block(mixer: Any) -> None:
        """Wait until the device has taken silence once: its period is known then."""
        deadline = time.monotonic() + FIRST_BLOCK_SECONDS
        while not mixer._state.stats.blocks and time.monotonic() < deadline:
            time.sleep(0.001)

    @property
    def period(self) -> int:
        """Frames that the device takes at once: JACK's period, or the largest block so far.

        PortAudio asks for a long period of JACK's in several blocks, one right after the other.
        """
        return max(self._jack_period, int(self._mixer._state.stats.max_blocksize), LEAST_PERIOD_FRAMES)

    @property
    def fill(self) -> int:
        return self.ring.fill

    @property
    def xruns(self) -> int:
        action = self._action
        return self._xruns + (int(action.stats.output_underflows) if action is not None else 0)

    @property
    def running(self) -> bool:
        return self._action is not None

    def write(self, frames: Frames) -> bool:
        running = self._action is not None
        if running and self._action not in self._mixer.actions:  # it ends by itself when the ring is empty
            self._xruns += int(self._action.stats.output_underflows)
            self._action = None
        in_time = self.ring.write(frames)
        return not running or (in_time and self._action is not None)

    def begin(self, target: int) -> None:
        if self._action is None and self.ring.fill >= target:
            self._action = self._mixer.play_ringbuffer(self.ring.ring)
            self._issued += 1

    def panic(self) -> None:
        self.ring.silence(self.period)

    def unmute(self) -> None:
        self.ring.muted = False

    def alive(self) -> bool:
        return self._system.runs(self._mixer)

    def close(self) -> None:
        """Stop and close a device that is there; a lost one needs `abandon`."""
        if not within(lambda: (self._mixer.stop(), self._mixer.close()), 2.0):
            keep_for_ever((self._mixer, self.ring))

    def abandon(self) -> None:
        """Give up a lost device and make PortAudio usable again. Raises DeviceError."""
        keep_for_ever((self._mixer, self.ring))
        self._system.abandon(self._mixer, closable=not self.device.is_jack)


class ClockOutput:
    """No device: takes frames at the pace of the clock."""

    name = "null"
    delay_seconds = 0.0
    period = CLOCK_PERIOD_FRAMES
    xruns = 0

    def __init__(self, rate: int = DEFAULT_MEL.sample_rate, channels: int = 2) -> None:
        self.rate, self.channels = rate, channels
        self._began: float | None = None
        self._written = 0
        self._muted = False

    @property
    def fill(self) -> int:
        if self._began is None:
            return self._written
        return self._written - int((time.monotonic() - self._began) * self.rate)

    @property
    def running(self) -> bool:
        return self._began is not None

    def write(self, frames: Frames) -> bool:
        late = self._began is not None and self.fill < 0
        if late:
            self._began = time.monotonic()
            self._written = 0
        self._written += len(frames)
        self._keep(np.zeros_like(frames) if self._muted else frames)
        return not late

    def begin(self, target: int) -> None:
        if self._began is None and self._written >= target:
            self._began = time.monotonic()

    def panic(self) -> None:
        self._muted = True

    def unmute(self) -> None:
        self._muted = False

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        """End; there is nothing to close."""

    def _keep(self, frames: Frames) -> None:
        """Do with played frames [n, channels] what the output is for: nothing here."""


class FileOutput(ClockOutput):
    """A sound file written in real time.

    `failed` takes a sentence, on the writing thread, as soon as the file can no longer be written.

    Raises AudioFileError if it exists or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        rate: int = DEFAULT_MEL.sample_rate,
        failed: Callable[[str], None] = lambda _: None,
        channels: int = 2,
    ) -> None:
        super().__init__(rate, channels)
        self.name = f"file:{path}"
        self._writer = AudioWriter(path, rate, self.channels, failed)
        self._lock = threading.Lock()

    def _keep(self, frames: Frames) -> None:
        self._writer.write(frames)

    def close(self) -> None:
        """Finish the file. Raises AudioFileError if writing failed."""
        with self._lock:
            self._writer.close()
