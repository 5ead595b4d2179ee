"""distill-engine as a user starts it: with the real control process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from itertools import islice

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from distill_control.cli import demo, engine
from distill_control.cli.main import main
from support_ports import free_ports

pytestmark = pytest.mark.realtime

ENGINE = (sys.executable, "-m", "distill_control.cli.engine")


class Player:
    """A running distill-engine, and OSC to it."""

    def __init__(self, model, *options, quiet=True):
        self.port = free_ports()
        self.query_port = self.port + 1
        ports = ["--osc-port", str(self.port), "--oscquery-port", str(self.query_port)]
        view = ["--quiet"] if quiet else []
        self.process = subprocess.Popen(
            [*ENGINE, str(model), "--device", "null", "--no-midi", *view, *ports, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.5)

    def send(self, address, *arguments):
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self.socket.sendto(builder.build().dgram, ("127.0.0.1", self.port))

    def ask(self, address, *arguments, seconds=30.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            self.send(address, *arguments)
            try:
                message = OscMessage(self.socket.recv(65536))
            except OSError:
                time.sleep(0.05)
                continue
            if message.address == f"{address}.reply" or address in message.params[:1]:
                return [message.address, *message.params]
        raise RuntimeError(f"no answer to {address}: {self.process.poll()}")

    def status(self):
        pairs = self.ask("/distill/status")[1:]
        return dict(zip(pairs[::2], pairs[1::2], strict=True))

    def until(self, what, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not what(status := self.status()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"this never came: {status}")
            time.sleep(0.05)
        return status

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def close(self):
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def players():
    made = []

    def make(*arguments, **options):
        made.append(Player(*arguments, **options))
        return made[-1]

    yield make
    for player in made:
        player.close()


def test_a_model_is_played_and_steered_over_osc(players, tiny_model):
    player = players(tiny_model)
    status = player.until(lambda s: s.get("hops", 0) > 10)
    assert status["model"] == "tiny"
    player.send("/distill/gain", -90.0)
    player.until(lambda s: s["peak_db"] < -100)
    assert player.ask("/distill/stop") == ["/distill/done", "/distill/stop"]
    player.until(lambda s: s["playing"] == 0)
    code, said = player.end(signal.SIGINT)
    assert (code, besides_underruns(said)) == (0, [])


def besides_underruns(said):
    """The lines but for underruns, which tell of the machine's stalls: measured in benchmarks/live.py."""
    return [line for line in said.splitlines() if " underrun: " not in line]


def test_without_a_terminal_it_says_what_plays_where_and_how_to_end_it(players, tiny_model):
    player = players(tiny_model, quiet=False)
    said = iter(player.process.stderr.readline, "")
    lines = list(islice((line for line in said if not line.startswith("warning: ")), 5))  # a busy machine may stall
    assert lines == [
        "model: tiny, played through vocos\n",
        "device: null, 44100 Hz\n",
        f"ports: OSC {player.port} (UDP and TCP), OSCQuery {player.query_port} (HTTP and WebSocket), address 127.0.0.1\n",
        f"page: http://127.0.0.1:{player.query_port}/ui/\n",
        f"to end: Ctrl-C, or kill {player.process.pid}\n",
    ]
    assert player.end()[0] == 0


def test_what_was_set_survives_the_control_process(players, tiny_model):
    player = players(tiny_model)
    player.until(lambda s: s.get("hops", 0) > 10)
    player.send("/distill/gain", -90.0)
    before = player.until(lambda s: s["peak_db"] < -100)
    os.kill(_control(player), signal.SIGKILL)
    after = player.until(lambda s: s.get("control_restarts") == 1)
    assert after["hops"] > before["hops"]
    assert after["peak_db"] < -100
    assert player.end()[0] == 0


def _control(player):
    for task in os.listdir(f"/proc/{player.process.pid}/task"):
        with open(f"/proc/{player.process.pid}/task/{task}/children", encoding="ascii") as file:
            for pid in map(int, file.read().split()):
                if b"distill_control.session" in _command(pid):
                    return pid
    raise RuntimeError("there is no control process")


def _command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


def test_a_killed_engine_is_said_and_nothing_is_left(players, tiny_model):
    player = players(tiny_model)
    player.until(lambda s: s.get("hops", 0) > 0)
    control = _control(player)
    code, said = player.end(signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "the engine is gone" in said
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{control}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{control}")


@pytest.mark.parametrize("plays", [True, False])
def test_a_demo_ends_with_one_document(monkeypatch, capfd, tmp_path, plays):
    """Played through a device that paces itself, as no sound device need be there."""
    first = free_ports()
    ports = ["--osc-port", str(first), "--oscquery-port", str(first + 1)]
    play = engine.main
    monkeypatch.setattr(
        engine, "main", lambda words: play([*words, "--device", "null", "--no-midi", "--quiet", *ports])
    )
    monkeypatch.setattr(demo, "has_device", lambda: plays)
    monkeypatch.setattr(demo, "SECONDS", 0.5)
    assert main(["demo", "--json", "-o", str(tmp_path / "demo.wav")]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told.get("played"), (tmp_path / "demo.wav").exists()) == ((True, False) if plays else (None, True))
