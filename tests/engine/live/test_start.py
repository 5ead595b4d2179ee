"""What was asked for at the start and cannot be had ends the start with one line, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.devices import AudioSystem, Device
from distill_engine.errors import DeviceError


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"record": "{folder}/absent/a.take"}, "absent does not exist: create it first"),
        ({"record": "{folder}/absent/a.wav"}, "absent does not exist: create it first"),
        ({"record": "{folder}/a.take", "input": "no such device"}, "no audio input device is called 'no such device'"),
        (
            {"record": "{folder}/a.wav", "device": "file:{folder}/absent/b.wav"},
            "absent does not exist: create it first",
        ),
        ({"device": "no such card"}, "no audio output device is called 'no such card'; there are:"),
        ({"block": 3}, "blocks are 1, 2, 4, 8 hops"),
        ({"device": "file:/no/such/folder/x.wav"}, "cannot write sound there"),
        ({"device": "file:x.xyz"}, "unknown kind of sound file"),
    ],
)
def test_the_start_ends_with_one_line(engines, tiny_model, tmp_path, settings, reason):
    values = {
        name: value.format(folder=tmp_path) if isinstance(value, str) else value for name, value in settings.items()
    }
    engine = engines(tiny_model, environment={**os.environ, "JACK_DEFAULT_SERVER": "nobody"}, **values)
    code, said = engine.end(0)
    assert code == 1
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert reason in said
    assert not list(tmp_path.iterdir())


def test_a_start_that_fails_later_leaves_no_recording(engines, tiny_model, tmp_path):
    code, said = engines(tiny_model, fail="port 9000 is in use; choose another", record=str(tmp_path / "a.wav")).end(0)
    assert (code, said) == (1, "error: port 9000 is in use; choose another\n")
    assert not list(tmp_path.iterdir())


def test_with_keep_going_it_plays_and_says_what_it_does_without(engines, tiny_model, tmp_path):
    engine = engines(
        tiny_model,
        keep_going=True,
        vocoder="squeak",
        record=str(tmp_path / "absent" / "a.take"),
        input="no such device",
        device=f"file:{tmp_path / 'absent' / 'b.wav'}",
    ).wait_ready()
    said = [event["text"] for event in engine.events() if event["event"] == "notice"]
    for word in ("squeak", "a.take", "no such device", "b.wav"):
        assert any(word in text for text in said), (word, said)
    assert "error" not in engine.end()[1]


@pytest.mark.parametrize(("name", "devices", "appears"), [("system", 0, True), ("system", 1, False), ("usb", 0, False)])
def test_only_devices_of_jack_may_still_appear(monkeypatch, name, devices, appears):
    system = AudioSystem()
    jack = Device(0, "system", "JACK Audio Connection Kit", 2, 48000.0, 0.005, True)
    monkeypatch.setattr(system, "devices", lambda direction: (jack,) * devices)
    capture = Capture(system, name, 44100)
    assert capture.may_appear() is appears
    if not devices:
        with pytest.raises(DeviceError, match="no audio input device is called"):
            capture.check()


@pytest.mark.parametrize("broken", [True, False])
def test_a_device_that_does_not_answer_keeps_no_error_from_the_user(tiny_model, tmp_path, broken):
    """The device opens while the model loads. Whoever gives a broken model hears of it, and the process ends."""
    model = tmp_path / "model.distillgan"
    model.write_bytes(b"no model" if broken else tiny_model.read_bytes())
    program = f"""
import sys, time
from distill_control.cli.engine import main
from distill_engine.audio_io.device_keeper import DeviceKeeper
from distill_engine.errors import DeviceError
def answer(keeper):
    time.sleep(60 if {broken} else 0.1)
    raise DeviceError("the card does not answer: unplug it")
DeviceKeeper._open = answer
sys.exit(main([{str(model)!r}, "--device", "card", "--no-midi", "--osc-port", "0", "--oscquery-port", "0"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
    said = "model.distillgan" if broken else "the card does not answer"
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
