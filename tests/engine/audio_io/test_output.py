"""Outputs without a device, choosing devices, and the keeper that follows them."""

import queue
import time
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_engine.audio_io import recording
from distill_engine.audio_io.devices import Device, choose_device, names_jack, within
from distill_engine.audio_io.output import ClockOutput, FileOutput
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.errors import AudioFileError, DeviceError

JACK = Device(4, "system", "JACK Audio Connection Kit", 2, 48000.0, 0.005, True)
ALSA = Device(0, "HDA Intel: ALC887", "ALSA", 2, 44100.0, 0.008, False)
PULSE = Device(1, "default", "PulseAudio", 2, 44100.0, 0.03, True)
FOREIGN = Device(3, "a\x1b[2J[/]", "JACK", 2, 48000.0, 0.005, False)
USB = Device(2, "USB Audio: 4i4", "ALSA", 4, 96000.0, 0.004, True)
DEVICES = (JACK, USB, ALSA, PULSE)


@pytest.mark.parametrize(
    ("name", "device"),
    [
        (None, JACK),
        ("system", JACK),
        ("JACK", JACK),
        ("usb", USB),
        ("hda", ALSA),
        ("ALSA", USB),
        ("alsa:hda", ALSA),
        ("default", PULSE),
    ],
)
def test_a_device_is_found_by_its_name_a_part_or_its_host_api(name, device):
    assert choose_device(DEVICES, name) is device


def test_an_unknown_device_lists_what_there_is():
    with pytest.raises(DeviceError) as caught:
        choose_device(DEVICES, "focusrite")
    assert all(device.name in str(caught.value) for device in DEVICES)
    assert "null" in str(caught.value)


def test_without_any_device_the_way_out_is_said():
    with pytest.raises(DeviceError, match="--device null"):
        choose_device((), None)


@pytest.mark.parametrize(
    ("name", "expected"), [("system", True), ("jack", True), ("JACK:x", True), ("USB", False), (None, False)]
)
def test_only_names_of_jack_may_come_later(name, expected):
    assert names_jack(name) is expected


def test_preferred_host_apis_come_first():
    ranks = [device.rank for device in DEVICES]
    assert ranks == sorted(ranks)


def test_what_does_not_end_is_left_behind():
    assert within(lambda: None, 1.0)
    assert not within(lambda: time.sleep(0.5), 0.02)


def test_the_clock_takes_what_its_rate_says():
    output = ClockOutput(48000)
    output.write(np.zeros((4800, 2), np.float32))
    output.begin(4800)
    time.sleep(0.02)
    assert output.fill < 4800
    time.sleep(0.15)
    assert output.fill < 0
    assert output.write(np.zeros((480, 2), np.float32)) is False
    assert output.write(np.zeros((480, 2), np.float32)) is True


def test_a_file_holds_what_was_written_and_panic_silences_it(tmp_path):
    path = tmp_path / "out.wav"
    output = FileOutput(path, 44100)
    noise = np.random.default_rng(0).uniform(-1, 1, (1000, 2)).astype(np.float32)
    output.write(noise)
    output.panic()
    output.write(noise)
    output.unmute()
    output.write(noise)
    output.close()
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == 44100
    assert np.array_equal(samples, np.concatenate([noise, np.zeros_like(noise), noise]))


def test_nothing_existing_is_written_over(tmp_path):
    path = tmp_path / "out.wav"
    path.write_bytes(b"precious")
    with pytest.raises(AudioFileError, match="exists already"):
        AudioWriter(path, 44100, 2)
    assert path.read_bytes() == b"precious"


class _FullDisk:
    """A sound file on a disk without room."""

    def close(self):
        return None

    def write(self, frames):
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(soundfile, "SoundFile", lambda *_, **__: _FullDisk())
    writer = AudioWriter(tmp_path / "out.wav", 44100, 2)
    writer.write(np.zeros((100, 2), np.float32))
    with pytest.raises(AudioFileError, match="incomplete.*the disk is full"):
        writer.close()


def test_a_full_disk_is_said_at_once_too(tmp_path, monkeypatch):
    monkeypatch.setattr(soundfile, "SoundFile", lambda *_, **__: _FullDisk())
    heard: queue.Queue[Any] = queue.Queue()
    writer = AudioWriter(tmp_path / "out.wav", 44100, 2, heard.put)
    for _ in range(3):
        writer.write(np.zeros((100, 2), np.float32))
    assert "out.wav: the recording breaks off: the disk is full" in heard.get(timeout=30)
    with pytest.raises(AudioFileError, match="the disk is full"):
        writer.close()
    assert heard.empty()


def test_a_recording_longer_than_its_format_goes_on_in_the_next_file(tmp_path, monkeypatch):
    monkeypatch.setitem(recording.PART_BYTES, ".wav", 1000 * 4 * 2 + 3)
    sound = np.random.default_rng(0).standard_normal((2500, 2)).astype(np.float32)
    writer = AudioWriter(tmp_path / "long.wav", 44100, 2)
    for first in range(0, 2500, 300):
        writer.write(sound[first : first + 300])
    writer.close()
    parts = [soundfile.read(tmp_path / name, dtype="float32")[0] for name in ("long.wav", "long-2.wav", "long-3.wav")]
    assert [len(part) for part in parts] == [1000, 1000, 500]
    assert np.array_equal(np.concatenate(parts), sound)


def test_a_devices_name_cannot_steer_the_terminal() -> None:
    assert FOREIGN.describe() == "a\\x1b[2J[/] (JACK, 2 ch, 48000 Hz)"
