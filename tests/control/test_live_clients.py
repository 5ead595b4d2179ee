"""A whole engine, steered by real programs: a control that one of them moves changes the sound that it plays.

The source is held, so that nothing else moves the sound; `brightness` stands at its darkest until the program turns it up.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from websockets.sync.client import connect

from distill_control.client_patches import Panel, generate
from distill_control.osc.client import OscClient
from distill_control.osc.packet import encode
from distill_engine.errors import ControlError
from support_jack import JackServer, available
from support_ports import free_ports

pytestmark = pytest.mark.realtime

CONTROL = "/distill/control/brightness"
MAP = f'port = "knobs"\ntakeover = "none"\n[[bind]]\ncontrol = "cc 16"\ntarget = "{CONTROL}"\n'


class Engine:
    """`distill-engine` with the starter, playing into a file."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.recording = folder / "heard.wav"
        self.port, self.query_port = port, port + 1
        command = [sys.executable, "-m", "distill_control.cli.engine", "--device", f"file:{self.recording}"]
        command += ["--osc-port", str(port), "--oscquery-port", str(port + 1), "--source", "hold", "--threads", "1"]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def size(self) -> int:
        """Bytes recorded until now."""
        return self.recording.stat().st_size if self.recording.exists() else 0

    def wait_for(self, condition: object, seconds: float) -> None:
        """Waits until `condition()`."""
        end = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)

    def end(self) -> np.ndarray:
        """Stops it and returns what it played, [T]."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=20)[0]
        assert self.process.returncode == 0, said
        samples, self.rate = soundfile.read(self.recording, dtype="float32", always_2d=True)
        return np.asarray(samples[:, 0])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "home" / "maps").mkdir(parents=True)
    (tmp_path / "home" / "maps" / "knobs.toml").write_text(MAP)
    engine = Engine(tmp_path, free_ports(), {**os.environ, "DISTILL_HOME": str(tmp_path / "home")})
    yield engine
    if engine.process.poll() is None:
        engine.process.kill()
        engine.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[..., None]]:
    """`start(command, ...)` starts a program that is ended with the test."""
    processes: list[subprocess.Popen[bytes]] = []
    yield lambda command, **surroundings: processes.append(subprocess.Popen(command, **surroundings))
    for process in processes:
        process.kill()
        process.wait(10)


def centroid(samples: np.ndarray, rate: int) -> float:
    """Centre of gravity of the power spectrum, Hz."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(samples), 1 / rate)) / np.sum(power))


def assert_heard(engine: Engine, move: object, seconds: float = 8.0) -> None:
    """Plays darkest, lets `move()` turn the control up, and finds the recorded sound brighter by half at least."""
    engine.wait_for(lambda: engine.size() > 100_000, 20.0)
    with OscClient(port=engine.port) as client:
        engine.wait_for(lambda: value(client) == 0.0, 10.0)
        client.send("/distill/source/grain", 0.0)  # the place of `hold` itself, no stretches
        client.send(CONTROL, -1.0)
        engine.wait_for(lambda: value(client) == -1.0, 5.0)
        start = engine.size()
        engine.wait_for(lambda: engine.size() > start + 350_000, 10.0)
        before = engine.size()
        move()  # type: ignore[operator]
        engine.wait_for(lambda: value(client) == 1.0, seconds)
    moved = engine.size()
    engine.wait_for(lambda: engine.size() > moved + 350_000, 10.0)
    total = engine.size()
    samples = engine.end()
    assert np.isfinite(samples).all()
    place = int(before / total * len(samples) * 0.98)
    half = engine.rate // 2
    dark, bright = samples[place - half : place], samples[-half:]
    assert min(np.abs(dark).max(), np.abs(bright).max()) > 1e-4, "there is no sound"
    assert centroid(bright, engine.rate) > 1.5 * centroid(dark, engine.rate)


def value(client: OscClient) -> object:
    """The control's present value; None while nobody answers."""
    try:
        client.send(CONTROL)
        message = client.receive(1.0)
    except ControlError:
        return None
    return message.arguments[0] if message is not None and message.address == CONTROL else None


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed")
def test_a_fader_of_the_pure_data_patch_is_heard(engine: Engine, start: Callable[..., None], tmp_path: Path) -> None:
    panel = Panel(port=engine.port, listen=engine.port + 20, controls=("brightness",))
    (tmp_path / "distill.pd").write_bytes(generate(panel)["puredata/distill.pd"])
    script = ["#X obj 0 0 loadbang;", "#X obj 0 30 delay 500;", "#X msg 0 60 \\; distill-control-brightness 1;"]
    cords = ["#X connect 0 0 1 0;", "#X connect 1 0 2 0;"]
    (tmp_path / "move.pd").write_text("\n".join(["#N canvas 0 0 400 300 10;", *script, *cords]) + "\n")
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", "distill.pd", "-open", "move.pd"]
    assert_heard(engine, lambda: start(command, cwd=tmp_path, stderr=subprocess.DEVNULL))


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("sclang") is None, reason="sclang is not installed")
def test_a_line_of_supercollider_is_heard(engine: Engine, start: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "distill.scd").write_bytes(generate(Panel(port=engine.port))["supercollider/distill.scd"])
    (tmp_path / "move.scd").write_text(
        f'"{tmp_path}/distill.scd".load; ~distill.("control/brightness", 1); {{ 1.wait; 0.exit }}.fork(AppClock);\n'
    )
    surroundings = {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    command = ["sclang", "-i", "none", str(tmp_path / "move.scd")]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    assert_heard(engine, lambda: start(command, env=os.environ | surroundings, **quiet), 60.0)


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("oscsend") is None, reason="oscsend is not installed")
def test_oscsend_is_heard(engine: Engine) -> None:
    command = ["oscsend", "127.0.0.1", str(engine.port), CONTROL, "f", "1"]
    assert_heard(engine, lambda: subprocess.run(command, check=True, timeout=10))


@pytest.mark.slow
def test_an_oscquery_client_finds_the_control_and_is_heard(engine: Engine) -> None:
    """Over HTTP it learns what there is and in which range; over the WebSocket it listens, and moves it."""

    def move() -> None:
        place = f"127.0.0.1:{engine.query_port}"
        with urllib.request.urlopen(f"http://{place}/distill/control", timeout=5) as answer:
            node = json.load(answer)["CONTENTS"]["brightness"]
        assert node["VALUE"] == [-1.0]
        with connect(f"ws://{place}/", proxy=None) as page:
            page.send(json.dumps({"COMMAND": "LISTEN", "DATA": node["FULL_PATH"]}))
            assert page.recv(timeout=5) == encode(CONTROL, -1.0)
            page.send(encode(node["FULL_PATH"], node["RANGE"][0]["MAX"]))
            page.ping().wait(5)

    assert_heard(engine, move)


@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="jackd is not installed")
def test_a_knob_on_jack_is_heard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rtmidi")
    server = JackServer(f"knobs{os.getpid()}")
    for key, setting in server.environment.items():
        monkeypatch.setenv(key, setting)
    try:
        server.start()
        knobs = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("knobs", virtual=True, client_name="knobs")
        engine: Engine = request.getfixturevalue("engine")

        def move() -> None:
            with OscClient(port=engine.port) as client:
                engine.wait_for(lambda: midi_ports(client) == 1, 10.0)
            for value in range(7, 128, 8):  # as a hand turns it: a server that is late may lose one message
                knobs.send(mido.Message("control_change", control=16, value=value))
                time.sleep(0.01)

        assert_heard(engine, move)
        knobs.close()
    finally:
        server.remove()


def midi_ports(client: OscClient) -> object:
    """How many controllers are plugged in."""
    client.send("/distill/status")
    message = client.receive(2.0)
    pairs = message.arguments if message is not None else ()
    return dict(zip(pairs[::2], pairs[1::2], strict=False)).get("midi_ports")
