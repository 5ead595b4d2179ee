"""The engine as a process: commands, ends, deaths, and bad input. Without an audio device."""

import os
import signal
import time

import numpy as np
import pytest
import soundfile

from distill_engine.vocabulary.table import index_of

pytestmark = pytest.mark.realtime


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().split(") ")[1][0] != "Z"


def shared_memory():
    """What lies in shared memory, but for JACK servers (of other tests)."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith("jack")}


def gone(pid, seconds=10.0):
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_it_plays_is_steered_and_answers(engines, tiny_model, make_tiny_model, tmp_path):
    other = make_tiny_model(name="other", seed=3)
    engine = engines(tiny_model, allow_paths=True).wait_ready()
    model = next(event for event in engine.events() if event["event"] == "model")
    assert (model["name"], model["latents"], model["vocoder"]) == ("tiny", 8, "vocos")
    engine.tell({"set": [index_of("/distill/gain"), -90.0, 0.0]})
    engine.until(lambda status: status["peak_db"] < -100 and status["parameter_changes"] == 1)
    assert engine.command("stop")["status"] == "done"
    engine.until(lambda status: status["playing"] == 0)
    assert engine.command("play")["status"] == "done"
    assert engine.command("source", "corpus")["status"] == "done"
    assert engine.command("vocoder", "hifigan")["status"] == "done"
    assert engine.command("model", str(other))["status"] == "done"
    assert engine.events()[-1]["name"] == "other"
    assert engine.command("record", str(tmp_path / "a.take"))["status"] == "done"
    hops = engine.status()["hops"]
    engine.until(lambda status: status["hops"] > hops + 60)  # a take begins when the cross-fade is over
    assert engine.command("record", "stop")["status"] == "done"
    assert engine.until(lambda status: status["swaps"] == 2)["hops"] > 0
    code, said = engine.end()
    assert (code, said) == (0, "")


def test_what_is_set_while_the_model_loads_is_heard(engines, tiny_model):
    early = {**os.environ, "SET_EARLY": f"[{index_of('/distill/gain')}, -90.0, 0.0]"}
    engine = engines(tiny_model, environment=early).wait_ready()
    engine.until(lambda status: status["hops"] > 40 and status["peak_db"] < -80)
    assert engine.status()["parameter_changes"] == 1
    assert engine.end() == (0, "")


REFUSED = [
    (["model", "no such model"], "no such model"),
    (["model", "/etc/passwd"], "passwd"),
    (["vocoder", "squeak"], "unknown"),
    (["source", "wind"], "source wind: unknown"),
    (["record", "stop"], "nothing is being recorded"),
    (["record", "../outside"], "outside"),
    (["dance"], "no command 'dance'"),
    (["seed"], "argument"),
]


def test_what_cannot_be_done_is_answered_with_the_reason_and_the_old_plays_on(engines, tiny_model):
    engine = engines(tiny_model).wait_ready()
    for command, reason in REFUSED:
        answer = engine.command(*command)
        assert answer["status"] == "failed", command
        assert reason in answer["reason"], command
        hops = engine.status()["hops"]
        assert engine.until(lambda status, hops=hops: status["hops"] > hops + 5)["swaps"] == 0, command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_cleanly_on_a_signal(engines, tiny_model, number):
    shared = shared_memory()
    engine = engines(tiny_model).wait_ready()
    control = engine.control_pid()
    assert engine.end(number) == (0, "")
    assert gone(control)
    assert shared_memory() <= shared


def test_a_killed_control_process_comes_back_and_the_sound_goes_on(engines, tiny_model):
    engine = engines(tiny_model).wait_ready()
    first, port = engine.control_pid(), engine._port_file.read_text()
    engine.tell({"set": [index_of("/distill/width"), 0.75, 0.0]})
    before = engine.until(lambda status: status["parameter_changes"] == 1)
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while engine._port_file.read_text() == port and time.monotonic() < deadline:
        time.sleep(0.05)
    after = engine.until(lambda status: status["control_restarts"] == 1)
    assert engine.control_pid() != first
    assert after["hops"] > before["hops"]
    assert after["parameter_changes"] == 1
    while not any(event["event"] == "model" for event in engine.events()) and time.monotonic() < deadline:
        time.sleep(0.05)  # it listens before it is told what plays
    assert any(event["event"] == "model" for event in engine.events())
    assert engine.end() == (0, "")


def test_a_killed_engine_takes_the_control_process_with_it(engines, tiny_model):
    shared = shared_memory()
    engine = engines(tiny_model).wait_ready()
    control = engine.control_pid()
    engine.end(signal.SIGKILL)
    assert gone(control)
    assert shared_memory() <= shared


def test_into_a_file_in_real_time(engines, tiny_model, tmp_path):
    path = tmp_path / "out.wav"
    began = time.monotonic()
    engine = engines(tiny_model, device=f"file:{path}", seconds=1.5, sample_rate=48000)
    assert engine.process.communicate(timeout=30)[1] == ""
    lasted = time.monotonic() - began
    samples, rate = soundfile.read(path)
    assert rate == 48000
    assert 1.0 < len(samples) / rate < lasted + 0.5
    assert np.abs(samples).max() > 0


def test_the_recording_is_what_was_written_to_the_file(engines, tiny_model, tmp_path):
    played, recorded = tmp_path / "played.wav", tmp_path / "recorded.wav"
    engine = engines(tiny_model, device=f"file:{played}", record=str(recorded), seconds=1.0)
    assert engine.process.communicate(timeout=30)[1] == ""
    one, two = soundfile.read(played, dtype="float32")[0], soundfile.read(recorded, dtype="float32")[0]
    length = min(len(one), len(two))
    assert length > 22050
    assert np.array_equal(one[:length], two[:length])


def _measured(answer: dict) -> None:
    """Skip the test if a busy machine refuses what it measured; else it must be done."""
    if "too much here" in answer.get("reason", ""):
        pytest.skip(f"this machine is too busy at the moment: {answer['reason']}")
    assert answer["status"] == "done", answer


def test_notes_sound_at_once(engines, tiny_model):
    engine = engines(tiny_model, voices=2, vocoder="hifigan", keep_going=True).wait_ready()
    _measured(engine.command("voices", 2))
    for key in (60, 64):
        assert engine.command("note", key, 100)["status"] == "done"
    assert engine.command("note/detune", 60, 1.0)["status"] == "done"
    refused = engine.command("note/pressure", 61, 1.0)
    assert (refused["status"], refused["reason"]) == ("failed", "no note sounds at key 61")
    assert engine.command("note", 72, 100)["status"] == "done"  # takes the voice of the oldest
    engine.until(lambda status: status["rms_db"] > -60.0)
    _measured(engine.command("vocoder", "vocos"))
    assert engine.command("voices", 1)["status"] == "done"
    assert engine.command("note/detune", 72, 1.0)["status"] == "failed"
    assert engine.status()["muted_hops"] == 0
