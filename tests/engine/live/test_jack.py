"""The engine on a real JACK server, heard from outside: what was played arrives whole, and the server may come and go."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.output import LEAST_PERIOD_FRAMES

pytestmark = [pytest.mark.jack, pytest.mark.slow]

OUTPUTS = ("PortAudio:out_0", "PortAudio:out_1")


def resampled(path, rate):
    """What the engine sent to the device, [2, T], from its own recording."""
    samples, source_rate = soundfile.read(path, dtype="float32")
    return StreamingResampler(source_rate, rate, 2).process(np.ascontiguousarray(samples.T))


@pytest.mark.parametrize(("rate", "period"), [(48000, 256), (44100, 512)])
def test_what_is_played_is_heard_without_a_gap(
    jack_servers, engines, record, compare, tiny_model, tmp_path, rate, period
):
    server = jack_servers(rate=rate, period=period).start()
    path = tmp_path / "played.wav"
    engine = engines(tiny_model, device="system", record=str(path), environment=server.environment).wait_ready()
    assert engine.until(lambda s: s["hops"] > 20)["device_rate_hz"] == rate
    before = engine.status()
    recorder = record(server, *OUTPUTS)
    engine.command("vocoder", "hifigan")
    engine.until(lambda s: s["hops"] > before["hops"] + 200)
    after = engine.status()
    heard = recorder.stop()
    after = engine.until(lambda s: s["hops"] > after["hops"] + 20)  # has counted what the recorder heard
    assert engine.end() == (0, "")
    assert after["device_period"] == period
    played = resampled(path, rate)
    for channel in range(2):
        result = compare(played[channel], heard.samples[channel])
        assert result.matched + result.missing > 20
        assert result.matched > 5  # however many the recorder missed
        assert result.breaks <= after["underruns"] - before["underruns"] + result.missing + server.late("PortAudio")


@pytest.mark.parametrize("period", [2048, 4096, 8192])
def test_the_ring_holds_a_long_period_from_the_first_block_on(jack_servers, engines, tiny_model, period):
    server = jack_servers(rate=44100, period=period).start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    status = engine.until(lambda s: s["device_connected"] and s["ring_target"] > 0)
    assert status["device_period"] == period
    assert status["ring_target"] > period
    assert engine.end() == (0, "")


@pytest.mark.parametrize("period", [16, 32])
def test_a_period_shorter_than_any_card_s_is_played(jack_servers, engines, record, tiny_model, period):
    server = jack_servers(period=period).start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    recorder = record(server, OUTPUTS[0])
    hops = engine.status()["hops"]
    status = engine.until(lambda s: s["hops"] > hops + 100)
    assert status["device_period"] == LEAST_PERIOD_FRAMES
    assert 0 < status["ring_target"] < 4096
    assert np.nanmax(np.abs(recorder.stop().samples)) > 0
    assert engine.end() == (0, "")


def test_it_plays_on_after_the_computer_slept(jack_servers, engines, record, tiny_model):
    """Everything stands still for 3 s, as in sleep; here the steady clock goes on, which is the harder case."""
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    hops = engine.status()["hops"]
    engine.until(lambda s: s["hops"] > hops + 40)
    asleep = [server.process.pid, engine.process.pid, engine.control_pid()]
    try:
        for pid in asleep:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(3.0)
    finally:
        for pid in asleep:
            os.kill(pid, signal.SIGCONT)
    hops, woken = engine.status()["hops"], time.monotonic()
    status = engine.until(lambda s: s["device_connected"] == 1 and s["hops"] > hops + 100)
    assert (status["hops"] - hops) * 512 / 44100 < time.monotonic() - woken + 0.5, "what was missed is not made up for"
    server.wait_for(OUTPUTS[0])
    recorder = record(server, OUTPUTS[0])
    hops = engine.status()["hops"]
    engine.until(lambda s: s["hops"] > hops + 60)
    assert np.nanmax(np.abs(recorder.stop().samples)) > 0
    assert engine.command("panic")["status"] == "done"
    assert engine.end() == (0, "")


def test_the_server_may_die_and_come_back(jack_servers, engines, record, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    for losses, end in enumerate((server.kill, server.stop), 1):
        engine.until(lambda s: s["device_connected"] == 1)
        end()
        gone = engine.until(lambda s, n=losses: s["device_losses"] == n and s["device_connected"] == 0)
        engine.until(lambda s, hops=gone["hops"]: s["hops"] > hops + 20)
        server.start()
    engine.until(lambda s: s["device_connected"] == 1)
    server.wait_for(OUTPUTS[0])
    recorder = record(server, OUTPUTS[0])
    hops = engine.status()["hops"]
    engine.until(lambda s: s["hops"] > hops + 60)
    assert np.nanmax(np.abs(recorder.stop().samples)) > 0
    texts = [event["text"] for event in engine.events() if event["event"] == "notice"]
    assert sum("is lost" in text for text in texts) == 2
    assert engine.end() == (0, "")


def test_the_server_may_start_late(jack_servers, engines, tiny_model):
    server = jack_servers()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    assert engine.status()["device_connected"] == 0
    server.start()
    status = engine.until(lambda s: s["device_connected"] == 1)
    assert status["device_rate_hz"] == 48000
    server.wait_for(OUTPUTS[1])
    assert engine.end() == (0, "")


def test_it_ends_while_the_server_is_dead(jack_servers, engines, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    server.kill()
    engine.until(lambda s: s["device_connected"] == 0)
    assert engine.end() == (0, "")


def test_panic_is_silence_and_play_is_sound_again(jack_servers, engines, record, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    recorder = record(server, OUTPUTS[0])
    hops = engine.status()["hops"]
    engine.until(lambda s: s["hops"] > hops + 40)
    assert engine.command("panic")["status"] == "done"
    engine.until(lambda s: s["hops"] > hops + 90)
    assert engine.command("play")["status"] == "done"
    engine.until(lambda s: s["hops"] > hops + 140)
    heard = np.nan_to_num(recorder.stop().samples[0])
    loud = np.abs(heard) > 0
    silent = np.flatnonzero(loud)
    longest = np.diff(silent).max()
    assert longest > 10 * 512
    assert np.abs(np.diff(heard)).max() < 2 * np.abs(heard).max()
    assert engine.end() == (0, "")


def test_a_rate_that_the_server_does_not_run_at_is_one_line(jack_servers, engines, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", sample_rate=96000, environment=server.environment)
    _, said = engine.process.communicate(timeout=30)
    assert engine.process.returncode == 1
    assert "it runs at 48000 Hz" in said
    assert said.count("\n") == 1


def test_a_live_input_is_played_through_the_model(jack_servers, engines, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="system", environment=server.environment).wait_ready()
    assert engine.command("source", "input")["status"] == "done"
    server.wait_for("PortAudio:in_0")
    hops = engine.status()["hops"]
    engine.until(lambda s: s["hops"] > hops + 40)
    server.kill()
    engine.until(lambda s: s["device_connected"] == 0)
    server.start()
    engine.until(lambda s: s["device_connected"] == 1)
    server.wait_for("PortAudio:in_0")
    assert engine.end() == (0, "")


STALLED = """
import time
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.devices import AudioSystem
system = AudioSystem()
capture = Capture(system, "system", 44100)
capture.open()
time.sleep(1.5)  # twice what the ring holds: nobody reads, as while a computer sleeps
capture.read(512)
before = capture.dropped
time.sleep(0.4)
capture.read(512)
print(before > 0, capture.dropped > before, flush=True)
capture.suspend(closable=True)
system.shut_down()
"""


def test_a_live_input_goes_on_after_nobody_has_read_it(jack_servers):
    server = jack_servers().start()
    command = [sys.executable, "-c", STALLED]
    done = subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True True\n"


def test_a_live_input_without_an_output_comes_back_with_the_server_and_ends_cleanly(jack_servers, engines, tiny_model):
    server = jack_servers().start()
    engine = engines(tiny_model, device="null", environment=server.environment).wait_ready()
    assert engine.command("source", "input")["status"] == "done"
    server.wait_for("PortAudio:in_0")
    server.kill()
    engine.until(lambda s: any("is lost" in event.get("text", "") for event in engine.events()))
    server.start()
    server.wait_for("PortAudio:in_0")
    assert engine.end() == (0, "")


def test_a_server_that_stands_still_keeps_no_engine_whatever_signal_ends_it(jack_servers, tiny_model, tmp_path):
    server = jack_servers().start()
    command = [sys.executable, "-m", "distill_control.cli.engine", str(tiny_model), "--device", "system", "--no-midi"]
    command += ["--allow-paths", "--osc-port", "0", "--oscquery-port", "0"]
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    paths = [tmp_path / f"{number.name}.wav" for number in numbers]
    with contextlib.ExitStack() as stack:
        engines = []
        for path in paths:
            words = [*command, "--record", str(path)]
            engine = subprocess.Popen(words, env=server.environment, stderr=subprocess.DEVNULL)
            engines.append(stack.enter_context(engine))
            stack.callback(engine.kill)
        for client in ("PortAudio", "PortAudio-01", "PortAudio-02"):
            server.wait_for(f"{client}:out_0")
        time.sleep(1.5)
        os.kill(server.process.pid, signal.SIGSTOP)
        stack.callback(os.kill, server.process.pid, signal.SIGCONT)
        time.sleep(1.0)
        for engine, number in zip(engines, numbers, strict=True):
            engine.send_signal(number)
        for engine in engines:
            engine.wait(10)
    for path in paths:
        sound, rate = soundfile.read(path)
        assert len(sound) > rate
        assert np.abs(sound).max() > 1e-4


@pytest.mark.parametrize(
    ("words", "times"), [(["engine", "--list-devices"], 4), (["main", "doctor", "--json"], 2)], ids=["list", "doctor"]
)
def test_listing_devices_ends_well_beside_a_server(jack_servers, words, times):
    """PortAudio that is not ended crashes the process at its exit, in most runs."""
    server = jack_servers().start()
    command = [sys.executable, "-m", f"distill_control.cli.{words[0]}", *words[1:]]
    for _ in range(times):
        run = subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=120, check=False)
        assert (run.returncode, run.stderr) == (0, "")
        assert "system (JACK Audio Connection Kit" in run.stdout
