"""Live input for the `input` source.

The input device's C callback fills a ring, and the synth thread reads from it what it needs.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.live_samples import bounded
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.devices import (
    PATIENCE_SECONDS,
    AudioSystem,
    Device,
    choose_device,
    keep_for_ever,
    names_jack,
    within,
)
from distill_engine.audio_io.ring import ring_size
from distill_engine.errors import DeviceError

SLACK_SECONDS = 0.03  # of sound may wait beyond the block that is read; older sound is dropped
MARGIN_SECONDS = 0.002  # of sound is to wait at least when a block has been read
LOOK_BACK_SECONDS = 2.0  # after which what waited all that time beyond the margin is left out
CROSS_FADE = 64  # samples over which it is left out, less than the margin


class Capture:
    """Reads the mono sound of an input device at the synth's rate.

    Args:
        system: PortAudio, shared with the output.
        name: device name or part of it; None takes the preferred device.
        rate: the synth's sample rate in Hz.
    """

    def __init__(self, system: AudioSystem, name: str | None, rate: int) -> None:
        self.name, self.rate = name, rate
        self.dropped = 0
        self._system = system
        self._lock = threading.Lock()
        self._wanted = False
        self._stream: Any = None
        self._device: Device | None = None
        self._ring: Any = None
        self._action: Any = None
        self._waiting = np.zeros(0, np.float32)
        self._least, self._read = 0, 0  # samples that waited at least, and were read, since the last look back

    def open(self) -> str:
        """Open the device, if it is not open; returns its description.

        Raises:
            DeviceError: if there is none, or it cannot be opened.
        """
        with self._system.lock:
            device = self._device if self._stream is not None else None
            described = (device or self._open()).describe()
            self._wanted = True
            return described

    def check(self) -> None:
        """Check that the device is there. Raises DeviceError."""
        with self._system.lock:
            self._choose()

    def want(self) -> None:
        """Open the device as soon as it is there."""
        self._wanted = True

    def may_appear(self) -> bool:
        """Return whether the device may still come: it is JACK's, whose server does not run."""
        if not names_jack(self.name):
            return False
        try:
            return not any(device.is_jack for device in self._system.devices("input"))
        except DeviceError:
            return False

    def _choose(self) -> Device:
        return choose_device(self._system.devices("input"), self.name, "input")

    def _open(self) -> Device:
        import rtmixer

        module = self._system.module
        device = self._choose()
        channels, device_rate = min(2, device.channels), round(device.rate)
        try:
            stream = rtmixer.Recorder(device=device.index, channels=channels, samplerate=device_rate, latency="low")
            ring = rtmixer.RingBuffer(4 * channels, ring_size(device_rate))
            stream.start()
            action = stream.record_ringbuffer(ring)
        except (module.PortAudioError, ValueError) as error:
            raise DeviceError(f"input {device.name} cannot be opened at {device_rate} Hz: {error}") from None
        with self._lock:
            self._resampler = StreamingResampler(device_rate, self.rate, 1)
            self._waiting = np.zeros(0, np.float32)
            self._stream, self._ring, self._channels, self._action = stream, ring, channels, action
            self._device = device
        return device

    def suspend(self, closable: bool = False) -> None:
        """Close the stream; the input is silent until it is opened again.

        A stream of JACK is closed only if `closable`, because closing it never ends if its server
        is gone. Otherwise it is kept, untouched.
        """
        stream, ring, closes = self._give_up()
        if stream is not None and not ((closable or closes) and within(stream.close, PATIENCE_SECONDS)):
            keep_for_ever((stream, ring))

    def abandon(self) -> None:
        """Give up the stream of a lost device and make PortAudio usable again.

        No other stream may be open.

        Raises:
            DeviceError: if PortAudio cannot be loaded afresh.
        """
        stream, ring, closes = self._give_up()
        if stream is not None:
            keep_for_ever((stream, ring))
            self._system.abandon(stream, closable=closes)

    def _give_up(self) -> tuple[Any, Any, bool]:
        """Take the stream away: return it, its ring, and whether closing it is sure to end."""
        with self._lock:
            stream, ring, device = self._stream, self._ring, self._device
            self._stream = self._ring = None
        return stream, ring, device is not None and not device.is_jack

    def resume(self) -> None:
        """Open the device again if it is wanted, after a new listing. Raises DeviceError."""
        if self._wanted:
            self.open()

    @property
    def missing(self) -> bool:
        """Whether the device is wanted and not open."""
        return self._wanted and self._stream is None

    @property
    def delay_seconds(self) -> float:
        """What the device and the sound that waits add to the latency; 0 while none is open."""
        stream = self._stream
        return 0.0 if stream is None else float(stream.latency) + MARGIN_SECONDS

    def lost(self) -> str | None:
        """Return the name of the device if it has stopped by itself, else None.

        May wait: for a thread that holds the system's lock, never for the synth thread.
        """
        stream, device = self._stream, self._device
        if stream is None or device is None or self._system.runs(stream):
            return None
        return device.name

    def read(self, count: int) -> Float32Array | None:
        """Return the next samples [count], or None if no device is open.

        Where fewer have come, silence stands before them.
        """
        with self._lock:
            if self._ring is None:
                return None
            self._take_in()
            limit = count + round(SLACK_SECONDS * self.rate)
            if len(self._waiting) > limit:
                self.dropped += len(self._waiting) - limit
                self._waiting = self._waiting[-limit:]
            out = np.zeros(count, np.float32)
            part, self._waiting = self._waiting[:count], self._waiting[count:]
            out[count - len(part) :] = part
            self._look_back(count)
            return out

    def _look_back(self, count: int) -> None:
        """Leave out what has waited since the last look back: it only made the input late."""
        self._least = min(self._least, len(self._waiting)) if self._read else len(self._waiting)
        self._read += count
        if self._read < LOOK_BACK_SECONDS * self.rate:
            return
        self._read, spare = 0, self._least - round(MARGIN_SECONDS * self.rate)
        if spare > 0:
            self._waiting = shortened(self._waiting, spare)

    def _take_in(self) -> None:
        ended = self._action not in self._stream.actions
        raw = np.frombuffer(self._ring.read(), np.float32)
        if ended:  # it ends when the ring is full: nothing was read for 0.6 s or longer
            self._action = self._stream.record_ringbuffer(self._ring)
        if len(raw):
            mono = bounded(raw).reshape(-1, self._channels).mean(axis=1)
            resampled = self._resampler.process(mono[None, :].astype(np.float32))[0]
            self._waiting = np.concatenate([self._waiting, resampled])


def shortened(samples: Float32Array, count: int) -> Float32Array:
    """Return samples [T] without `count` of them, cross-faded over the first CROSS_FADE left."""
    kept = samples[count:].copy()
    fade = np.linspace(0.0, 1.0, CROSS_FADE, dtype=np.float32)
    kept[:CROSS_FADE] = (1.0 - fade) * samples[:CROSS_FADE] + fade * kept[:CROSS_FADE]
    return kept
