"""The live input's device, through a PortAudio that is played."""

import numpy as np
import pytest

pytest.importorskip("sounddevice", reason="PortAudio is not installed", exc_type=OSError)

import rtmixer

from distill_engine.streaming.capture import Capture
from distill_engine.streaming.devices import AudioSystem


class PortAudio:
    """Stands in for the sounddevice module: it lists what is `attached` when it is initialised, and ends all streams when it ends."""

    class PortAudioError(Exception):
        pass

    def __init__(self, attached):
        self.attached, self.streams = attached, []
        self._initialize()

    def _initialize(self):
        self.listed = list(self.attached)

    def _terminate(self):
        for stream in self.streams:
            stream.close()

    def query_hostapis(self):
        return [{"name": "ALSA", "default_input_device": 0, "default_output_device": 0}]

    def query_devices(self):
        return [
            {
                "name": name,
                "index": index,
                "hostapi": 0,
                "max_input_channels": 2 * (name == "microphone"),
                "max_output_channels": 2 * (name == "loudspeaker"),
                "default_samplerate": 44100.0,
            }
            | {f"default_low_{direction}_latency": 0.01 for direction in ("input", "output")}
            for index, name in enumerate(self.listed)
        ]


class Recorder:
    """A stream of a device: `feed` is what its C callback does, as long as it is open."""

    portaudio: PortAudio
    latency = 0.01

    def __init__(self, **settings):
        self.active, self.closed, self.ring = True, False, None
        self.portaudio.streams.append(self)

    def start(self):
        pass

    def record_ringbuffer(self, ring):
        self.ring = ring

    def feed(self, frames):
        if not self.closed:
            self.ring.write(np.ascontiguousarray(frames, np.float32))

    def close(self):
        self.active, self.closed = False, True


@pytest.fixture
def portaudio(monkeypatch):
    """A PortAudio with a microphone alone."""
    portaudio = PortAudio(["microphone"])
    monkeypatch.setattr(Recorder, "portaudio", portaudio, raising=False)
    monkeypatch.setattr(rtmixer, "Recorder", Recorder)
    return portaudio


@pytest.fixture
def system(portaudio):
    system = AudioSystem()
    system._sounddevice = portaudio
    return system


def test_samples_that_are_no_numbers_are_silent_and_absurd_ones_clipped(system, portaudio):
    capture = Capture(system, None, 48000)  # the device's 44100 Hz are resampled: a filter would spread a bad sample
    capture.open()
    frames = np.full((4096, 2), 0.25)
    frames[100], frames[200, 0], frames[300] = np.nan, np.inf, 1e30
    portaudio.streams[-1].feed(frames)
    heard = capture.read(4096)
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 5.0
    assert np.allclose(heard[-256:], 0.25, atol=1e-3)
