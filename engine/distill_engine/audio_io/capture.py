"""Live input for the `input` source: an input device's C callback fills a ring, the synth thread takes what it needs."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.live_samples import bounded
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.devices import PATIENCE_SECONDS, AudioSystem, Device, choose_device, keep_for_ever, within
from distill_engine.audio_io.ring import ring_size
from distill_engine.errors import DeviceError

FloatArray = npt.NDArray[np.float32]

SLACK_SECONDS = 0.03  # what may wait beyond the block asked for, before the oldest is dropped


class Capture:
    """Mono sound of an input device at the synth's rate; silence while there is none.

    Args:
        system: PortAudio, shared with the output.
        name: device name or part of it; None takes the preferred one.
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

    def open(self) -> str:
        """Opens the device, if it is not open; returns its name.

        Raises:
            DeviceError: if there is none, or it cannot be opened.
        """
        with self._system.lock:
            device = self._device if self._stream is not None else None
            described = (device or self._open()).describe()
            self._wanted = True
            return described

    def _open(self) -> Device:
        import rtmixer

        module = self._system.module
        device = choose_device(self._system.devices("input"), self.name, "input")
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
        """Gives the stream up and hears silence. One of JACK is closed only if `closable`: if its server is gone that never ends."""
        stream, ring, closes = self._give_up()
        if stream is not None and not ((closable or closes) and within(stream.close, PATIENCE_SECONDS)):
            keep_for_ever((stream, ring))

    def abandon(self) -> None:
        """Gives up a stream whose device is lost and makes PortAudio usable again, which nothing else may use meanwhile.

        Raises:
            DeviceError: PortAudio cannot be had afresh.
        """
        stream, ring, closes = self._give_up()
        if stream is not None:
            keep_for_ever((stream, ring))
            self._system.abandon(stream, closable=closes)

    def _give_up(self) -> tuple[Any, Any, bool]:
        """The stream, its ring, and whether closing it ends for certain; silence from now on."""
        with self._lock:
            stream, ring, device = self._stream, self._ring, self._device
            self._stream = self._ring = None
        return stream, ring, device is not None and not device.is_jack

    def resume(self) -> None:
        """Devices were listed anew: opens it again, if it is wanted. Raises DeviceError."""
        if self._wanted:
            self.open()

    @property
    def missing(self) -> bool:
        """Whether it is wanted and not open."""
        return self._wanted and self._stream is None

    def lost(self) -> str | None:
        """The name of the device if it has stopped by itself. May wait: for a thread that holds the system's lock, not for the synth's."""
        stream, device = self._stream, self._device
        if stream is None or device is None or self._system.runs(stream):
            return None
        return device.name

    def read(self, count: int) -> FloatArray | None:
        """The next `count` samples, late ones padded with silence in front; None if no device is open."""
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
            return out

    def _take_in(self) -> None:
        ended = self._action not in self._stream.actions
        raw = np.frombuffer(self._ring.read(), np.float32)
        if ended:  # without a word, because the ring was full: nobody has read for 0.6 s or longer
            self._action = self._stream.record_ringbuffer(self._ring)
        if len(raw):
            mono = bounded(raw).reshape(-1, self._channels).mean(axis=1)
            heard = self._resampler.process(mono[None, :].astype(np.float32))[0]
            self._waiting = np.concatenate([self._waiting, heard])
