"""A whole engine, steered by real programs: what they move is heard in what it plays."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from distill_control.commands.patches import Panel, generate


class Engine:
    """`distill-engine` playing into a file."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.recording = folder / "heard.wav"
        self.port = port
        command = [sys.executable, "-m", "distill_control.cli.engine", "--device", f"file:{self.recording}"]
        command += ["--osc-port", str(port), "--oscquery-port", str(port + 1)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self) -> np.ndarray:
        """Stops it and returns what it played, [T]."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=20)[0]
        assert self.process.returncode == 0, said
        samples, _ = soundfile.read(self.recording, dtype="float32", always_2d=True)
        return samples[:, 0]


@pytest.fixture
def engine(tmp_path: Path, free_ports: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    environment = {**os.environ, "DISTILL_HOME": str(tmp_path / "home")}
    (tmp_path / "home" / "maps").mkdir(parents=True)
    (tmp_path / "home" / "maps" / "knobs.toml").write_text(
        'port = "knobs"\ntakeover = "none"\n[[bind]]\ncontrol = "cc 16"\ntarget = "/distill/gain"\n'
    )
    engine = Engine(tmp_path, free_ports, environment)
    yield engine
    if engine.process.poll() is None:
        engine.process.kill()
        engine.process.wait()


@pytest.fixture
def free_ports() -> int:
    """The first of two ports next to each other that nobody has."""
    import socket

    for port in range(9700 + os.getpid() % 200, 10400, 2):
        try:
            for number in (port, port + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port
    pytest.skip("no free ports")


def until_playing(engine: Engine, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not (engine.recording.exists() and engine.recording.stat().st_size > 400_000):
        assert engine.process.poll() is None, engine.process.communicate()[0]
        assert time.monotonic() < end, "it does not play"
        time.sleep(0.1)


def falls_silent(samples: np.ndarray) -> bool:
    """Whether there is sound, and none in the last third of a second."""
    return bool(np.abs(samples).max() > 1e-5) and bool(np.abs(samples[-14_000:]).max() < 1e-3 * np.abs(samples).max())


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed")
def test_a_fader_of_the_pure_data_patch_is_heard(engine: Engine, tmp_path: Path) -> None:
    until_playing(engine)
    (tmp_path / "distill.pd").write_bytes(
        generate(Panel(port=engine.port, listen=engine.port + 20))["puredata/distill.pd"]
    )
    script = ["#X obj 0 0 loadbang;", "#X obj 0 30 delay 1000;", "#X msg 0 60 \\; distill-gain -90;"]
    cords = ["#X connect 0 0 1 0;", "#X connect 1 0 2 0;"]
    (tmp_path / "move.pd").write_text("\n".join(["#N canvas 0 0 400 300 10;", *script, *cords]) + "\n")
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", "distill.pd", "-open", "move.pd"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    time.sleep(4.0)
    process.terminate()
    process.wait(10)
    assert falls_silent(engine.end())


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("sclang") is None, reason="sclang is not installed")
def test_a_line_of_supercollider_is_heard(engine: Engine, tmp_path: Path) -> None:
    until_playing(engine)
    (tmp_path / "distill.scd").write_bytes(generate(Panel(port=engine.port))["supercollider/distill.scd"])
    (tmp_path / "move.scd").write_text(
        f'"{tmp_path}/distill.scd".load; ~distill.("gain", -90); {{ 2.wait; 0.exit }}.fork(AppClock);\n'
    )
    environment = {
        **os.environ,
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
    }
    command = ["sclang", "-i", "none", str(tmp_path / "move.scd")]
    subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=90, check=False
    )
    assert falls_silent(engine.end())


@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is not installed")
def test_a_knob_on_jack_is_heard(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"knobs{os.getpid()}"
    for key, value in (
        ("JACK_NO_START_SERVER", "1"),
        ("JACK_NO_AUDIO_RESERVATION", "1"),
        ("JACK_DEFAULT_SERVER", name),
    ):
        monkeypatch.setenv(key, value)
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(["jackd", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"], **quiet)
    try:
        subprocess.run(["jack_wait", "-s", name, "-w", "-t", "10"], check=True, **quiet)
        engine: Engine = request.getfixturevalue("engine")
        until_playing(engine)
        knobs = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("knobs", virtual=True, client_name="knobs")
        time.sleep(3.0)
        knobs.send(mido.Message("control_change", control=16, value=0))
        time.sleep(1.5)
        knobs.close()
        assert falls_silent(engine.end())
    finally:
        server.terminate()
        server.wait(10)
