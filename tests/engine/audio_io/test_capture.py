"""The live input's device, through a PortAudio that is played."""

import atexit
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sounddevice", reason="PortAudio is not installed", exc_type=OSError)  # type: ignore[arg-type]

import rtmixer

from distill_engine.audio_io import devices
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.device_keeper import DeviceKeeper
from distill_engine.audio_io.devices import AudioSystem
from distill_engine.audio_io.output import ClockOutput, DeviceOutput
from distill_engine.errors import DeviceError


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


class Stream:
    """A stream of a device."""

    portaudio: PortAudio
    latency = 0.01
    _state = SimpleNamespace(stats=SimpleNamespace(blocks=1, max_blocksize=256))  # it has played a block

    def __init__(self, device, **settings):
        self.portaudio.streams.append(self)
        self.closed = False

    def start(self):
        pass

    def close(self):
        self.closed = True

    @property
    def active(self):
        return not self.closed


class Recorder(Stream):
    """`feed` is what its C callback does, as long as it is open and its ring has not once been full."""

    actions: frozenset[Any] = frozenset()

    def record_ringbuffer(self, ring):
        self.ring, action = ring, object()
        self.actions = frozenset([action])
        return action

    def feed(self, frames):
        if not self.closed and self.actions and self.ring.write(np.ascontiguousarray(frames, np.float32)) < len(frames):
            self.actions = frozenset()


@pytest.fixture
def portaudio(monkeypatch):
    """A PortAudio with a microphone alone."""
    portaudio = PortAudio(["microphone"])
    monkeypatch.setattr(Stream, "portaudio", portaudio, raising=False)
    monkeypatch.setattr(rtmixer, "Recorder", Recorder)
    monkeypatch.setattr(rtmixer, "Mixer", Stream)
    return portaudio


@pytest.fixture
def system(portaudio):
    system = AudioSystem()
    system._sounddevice = portaudio
    return system


@pytest.fixture
def stage(system):
    """A live input, a keeper that has found no output, and what that has said and connected."""
    capture = Capture(system, None, 44100)
    connected: list[Any] = []
    notices: list[Any] = []
    keeper = DeviceKeeper(
        None, None, connected.append, lambda *notice: notices.append(notice), system=system, capture=capture
    )
    assert isinstance(keeper.open_first(), ClockOutput)
    return capture, keeper, connected, notices


def heard(capture, portaudio):
    """What comes through when the devices that are open give sound."""
    for stream in portaudio.streams:
        if isinstance(stream, Recorder):
            stream.feed(np.full((512, 2), 0.25))
    return capture.read(512)


def test_an_input_opened_while_the_output_is_away_is_heard_before_and_after_it_comes(stage, portaudio):
    capture, keeper, connected, notices = stage
    assert "microphone" in capture.open()
    assert np.all(heard(capture, portaudio) == 0.25)
    assert keeper._try_again() is False
    assert np.all(heard(capture, portaudio) == 0.25)
    portaudio.attached.append("loudspeaker")
    assert keeper._try_again() is True
    assert np.all(heard(capture, portaudio) == 0.25)
    assert isinstance(connected[-1], DeviceOutput)
    assert [level for level, _ in notices] == ["warning", "info"]
    assert sum(not stream.closed for stream in portaudio.streams) == 2  # nothing is left open behind


def test_an_input_is_silent_while_the_output_is_lost_and_heard_again_after(stage, portaudio):
    capture, keeper, connected, _ = stage
    portaudio.attached.append("loudspeaker")
    keeper._try_again()
    capture.open()
    portaudio.streams[-2].close()
    keeper._lost()
    assert isinstance(connected[-1], ClockOutput)
    assert capture.read(512) is None
    assert keeper._try_again() is True
    assert np.all(heard(capture, portaudio) == 0.25)


def test_an_input_that_does_not_come_back_is_said(stage, portaudio):
    capture, keeper, _, notices = stage
    capture.open()
    portaudio.attached[:] = ["loudspeaker"]
    assert keeper._try_again() is True
    assert capture.read(512) is None
    assert notices[-1][0] == "warning"
    assert "input" in notices[-1][1]


def test_an_input_that_nobody_has_read_for_long_is_heard_again(stage, portaudio):
    capture, *_ = stage
    capture.open()
    for _ in range(100):
        portaudio.streams[-1].feed(np.full((512, 2), 0.5))
    assert not portaudio.streams[-1].actions
    assert np.all(capture.read(512) == 0.5)
    while np.any(capture.read(512)):
        pass  # what had waited
    assert np.all(heard(capture, portaudio) == 0.25)


def test_an_input_lost_alone_is_said_and_heard_again_when_it_is_back_while_the_output_plays_on(stage, portaudio):
    capture, keeper, connected, notices = stage
    portaudio.attached.append("loudspeaker")
    keeper._try_again()
    capture.open()
    keeper._watch_input()
    output, microphone = connected[-1], portaudio.streams[-1]
    before = len(notices)
    microphone.closed = True
    keeper._watch_input()
    keeper._watch_input()
    assert capture.read(512) is None
    assert notices[before:] == [("warning", "the input microphone is lost; it is silent until it is back")]
    keeper._input_due = 0.0
    keeper._watch_input()
    assert [level for level, _ in notices[before:]] == ["warning", "info"]
    assert "microphone" in notices[-1][1]
    assert np.all(heard(capture, portaudio) == 0.25)
    assert output.alive()
    assert connected[-1] is output


def test_devices_are_listed_anew_for_a_lost_input_when_none_plays(system, portaudio):
    capture, notices = Capture(system, None, 44100), []
    keeper = DeviceKeeper(
        "null", None, lambda output: None, lambda *notice: notices.append(notice), system=system, capture=capture
    )
    keeper.open_first()
    capture.open()
    portaudio.attached.clear()
    portaudio.streams[-1].closed = True
    keeper._watch_input()
    for attached in ([], ["another", "microphone"]):  # unplugged, then plugged in, and listed elsewhere
        portaudio.attached[:] = attached
        keeper._input_due = 0.0
        keeper._watch_input()
        assert (capture.read(512) is None) is (not attached)
    assert [level for level, _ in notices] == ["warning", "info"]
    assert np.all(heard(capture, portaudio) == 0.25)


def test_an_input_that_was_refused_is_not_opened_later(system, portaudio):
    capture = Capture(system, "theremin", 44100)
    with pytest.raises(DeviceError, match="theremin"):
        capture.open()
    assert not capture.missing


def test_devices_are_not_listed_anew_while_an_input_is_being_opened(stage, portaudio, monkeypatch):
    capture, keeper, _, _ = stage
    opening, release = threading.Event(), threading.Event()

    def start(stream):
        opening.set()
        release.wait(10)

    monkeypatch.setattr(Recorder, "start", start)
    loader = threading.Thread(target=capture.open)
    watcher = threading.Thread(target=keeper._try_again)
    loader.start()
    assert opening.wait(10)
    watcher.start()
    watcher.join(0.3)  # long enough to list, were it not kept from it
    assert not portaudio.streams[-1].closed
    release.set()
    loader.join(10)
    watcher.join(10)
    assert np.all(heard(capture, portaudio) == 0.25)


def test_samples_that_are_no_numbers_are_silent_and_absurd_ones_clipped(system, portaudio):
    capture = Capture(system, None, 48000)  # the device's 44100 Hz are resampled: a filter would spread a bad sample
    capture.open()
    frames = np.full((4096, 2), 0.25)
    frames[100], frames[200, 0], frames[300] = np.nan, np.inf, 1e30
    portaudio.streams[-1].feed(frames)
    heard = capture.read(4096)
    assert heard is not None
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 5.0
    assert np.allclose(heard[-256:], 0.25, atol=1e-3)


def test_portaudio_ends_with_its_block_and_at_a_way_out_that_nobody_foresaw(portaudio, monkeypatch):
    ends: list[str] = []
    exits: list[Any] = []
    monkeypatch.setattr(portaudio, "_terminate", lambda: ends.append("ended"))
    monkeypatch.setattr(devices, "_import_sounddevice", lambda: portaudio)
    monkeypatch.setattr(atexit, "register", exits.append)
    monkeypatch.setattr(atexit, "unregister", lambda function: exits.remove(function) if exits else None)
    with AudioSystem() as system:
        assert [device.name for device in system.devices("input")] == ["microphone"]
        assert len(exits) == 1
    assert (ends, exits) == (["ended"], [])
    system = AudioSystem()
    system.devices()
    exits[0]()
    assert ends == ["ended"] * 2
    system.leave()
    assert exits == []
    with AudioSystem():
        pass  # what was never used has nothing to end
    assert ends == ["ended"] * 2


def test_sound_that_waits_all_the_time_is_left_out_without_a_click(stage, portaudio):
    capture, *_ = stage
    capture.open()
    sine = 0.5 * np.sin(2 * np.pi * 110 / 44100 * np.arange(512 * 600))
    pieces, recorder = np.stack([sine, sine], axis=1).reshape(600, 512, 2), portaudio.streams[-1]
    recorder.feed(pieces[0])
    recorder.feed(pieces[1])
    got = []
    for piece in pieces[2:]:  # two pieces too many wait from the beginning
        recorder.feed(piece)
        got.append(capture.read(512))
    heard = np.concatenate(got)
    assert np.abs(np.diff(heard)).max() < 3 * np.abs(np.diff(sine)).max()
    assert capture.dropped == 0
    recorder.feed(np.zeros((512, 2)))
    left = capture.read(512)
    assert np.any(left[:80])
    assert not np.any(left[100:])  # 2 ms wait, no more
