"""Hot-plug, with a MIDI system made up for the test and with a real one: JACK."""

import asyncio
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from distill_control.midi import binding
from distill_control.midi.hotplug import PortKeeper
from distill_control.midi.midi_service import MidiService
from distill_control.midi.ports import PortList, PortName, check_port, device_name, list_midi, matches
from distill_control.settings.control import ControlSettings
from distill_engine.errors import ControlError

BRIGHT = "/distill/control/brightness"


def test_names_of_clients_and_ports_are_shown_as_they_are_and_harmless() -> None:
    port = PortName("JACK", "a\x1b[2J[/]:midi")
    shown = "JACK: a\\x1b[2J[/]:midi"
    assert PortList([port], [port]).lines() == [f"input   {shown}", f"output  {shown}"]
    assert matches(port, "jack:a\x1b[2J"), "the name itself stays what it is"
    with pytest.raises(ControlError) as absent:
        check_port("other", [port])
    assert shown in str(absent.value)


class MadeUpSystem:
    """A MIDI system whose ports the test plugs in and unplugs."""

    api = "ALSA"

    def __init__(self) -> None:
        self.alive = True
        self.names: list[str] = []
        self.taken: set[str] = set()

    def inputs(self) -> list[PortName]:
        return [PortName(self.api, name) for name in self.names] if self.alive else []

    outputs = inputs

    def open_input(self, port: str, on_bytes: Any) -> str:
        if port in self.taken:
            raise ControlError(f"MIDI port {port} cannot be opened: another program uses it")
        return f"in {port}"

    def open_output(self, port: str) -> str:
        return f"out {port}"

    def open_virtual(self, on_bytes: Any) -> tuple[Any, Any] | None:
        return None

    def close(self) -> None:
        self.names = []

    abandon = close


class Plug:
    def __init__(self, wanted: str | None) -> None:
        self.system = MadeUpSystem()
        self.there = True
        self.notices: list[str] = []
        self.levels: list[str] = []
        self.now = 0.0
        self.keeper = PortKeeper(wanted, lambda *_: None, self.notify, systems=lambda: ("ALSA",), make=self.make)

    def notify(self, level: str, text: str) -> None:
        self.levels.append(level)
        self.notices.append(text)

    def make(self, api: str) -> MadeUpSystem:
        if not self.there:
            raise ControlError("ALSA's sequencer is not there")
        self.system.alive = True
        return self.system

    def look(self) -> tuple[list[str], list[str]]:
        self.now += 3.1
        opened, closed = self.keeper.poll(self.now)
        return [link.port.name for link in opened], [link.port.name for link in closed]


def test_controllers_are_opened_when_plugged_in_and_closed_when_unplugged() -> None:
    plug = Plug(None)
    assert plug.look() == ([], [])
    plug.system.names = ["nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"]
    assert plug.look() == (plug.system.names, [])
    assert next(iter(plug.keeper.connections.values())).target is not None
    assert plug.look() == ([], [])
    plug.system.names = []
    assert plug.look()[1] == ["nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"]
    assert "unplugged" in plug.notices[-1]


def test_a_missing_port_is_reported_once_with_the_list_and_opened_later() -> None:
    plug = Plug("mix")
    plug.system.names = ["Launch Control XL"]
    plug.look()
    plug.look()
    assert plug.notices == [
        "there is no MIDI port `mix` yet; it is used when it is plugged in (there are: ALSA: Launch Control XL)"
    ]
    assert plug.levels == ["warning"]
    plug.system.names = ["Launch Control XL", "MIDI Mix"]
    assert plug.look()[0] == ["MIDI Mix"]


def test_a_missing_system_and_a_missing_port_are_reported_once_each() -> None:
    plug = Plug("mix")
    plug.there = False
    for _ in range(3):
        plug.look()
    assert len(plug.notices) == 2


def test_a_port_in_use_is_reported_once_and_tried_again() -> None:
    plug = Plug(None)
    plug.system.names, plug.system.taken = ["knobs"], {"knobs"}
    plug.look()
    plug.look()
    assert len(plug.notices) == 1
    plug.system.taken.clear()
    assert plug.look()[0] == ["knobs"]


def test_a_system_that_is_missing_or_dies_is_reported_and_opened_again() -> None:
    plug = Plug(None)
    plug.there = False
    plug.look()
    plug.look()
    assert plug.notices == ["no MIDI: ALSA's sequencer is not there"]
    plug.there = True
    plug.system.names = ["knobs"]
    assert plug.look()[0] == ["knobs"]
    plug.system.alive = False
    plug.there = False
    assert plug.look()[1] == ["knobs"]
    plug.there = True
    plug.system.names = ["knobs"]
    assert plug.look()[0] == ["knobs"]


def test_what_starts_with_the_engine_is_found_within_half_a_second_and_later_it_is_looked_for_less() -> None:
    plug, times = Plug(None), list[float]()

    def missing(api: str) -> MadeUpSystem:
        times.append(plug.now)
        raise ControlError("ALSA's sequencer is not there")

    plug.keeper = PortKeeper(None, lambda *_: None, plug.notify, systems=lambda: ("ALSA",), make=missing)
    for look in range(-1200, -1200 + 32 * 60):  # of a clock that may begin anywhere
        plug.now = look / 32
        plug.keeper.poll(plug.now)
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert gaps[:29] == [0.5] * 29
    assert set(gaps[29:]) == {3.0}


def test_a_controller_that_is_plugged_in_at_the_start_is_open_within_half_a_second() -> None:
    plug = Plug(None)
    plug.keeper.poll(1000.0)
    plug.system.names = ["knobs"]
    assert plug.keeper.poll(1000.25) == ([], [])
    assert [link.port.name for link in plug.keeper.poll(1000.5)[0]] == ["knobs"]
    plug.keeper.poll(1020.0)
    plug.system.names = []
    assert plug.keeper.poll(1020.75) == ([], [])
    assert [link.port.name for link in plug.keeper.poll(1021.0)[1]] == ["knobs"]


def test_ports_are_meant_by_parts_of_their_names() -> None:
    port = PortName("JACK", "a2j:Launch Control XL [20] (capture): Launch Control XL MIDI 1")
    assert matches(port, "launch control")
    assert matches(port, "jack:launch")
    assert not matches(port, "alsa:launch")
    with pytest.raises(ControlError, match="there are: none"):
        check_port("x", [])
    assert device_name("MIDI Mix:MIDI Mix MIDI 1 20:0") == device_name("MIDI Mix MIDI 1")
    assert PortList().lines() == ["no MIDI ports"]


def test_without_a_midi_package_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "PACKAGES", ("no_such_package",))
    notices: list[str] = []
    PortKeeper(None, lambda *_: None, lambda level, text: notices.append(text)).poll(0.0)
    assert len(notices) == 1
    assert "pip install python-rtmidi" in notices[0]
    assert list_midi().missing
    with pytest.raises(ControlError, match="no MIDI package"):
        binding.open_client("JACK", "x")


# ---- a real system: JACK with its dummy driver


class JackServer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["jackd", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "128"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["jack_wait", "-s", self.name, "-w", "-t", "10"], check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    server = JackServer(f"midi{os.getpid()}")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def service(stage: Any, tmp_path: Path, jack: JackServer) -> Iterator[MidiService]:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "knobs.toml").write_text(
        f'port = "knobs"\noutput = "knobs in"\ntakeover = "none"\nglide = 0.0\n[[bind]]\ncontrol = "cc 16"\ntarget = "{BRIGHT}"\n'
    )
    service = MidiService(stage.session, ControlSettings(midi_port="knobs"), stage.notify, maps=tmp_path / "maps")
    service.start()
    yield service
    asyncio.run(service.stop())


def until(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def open_knobs() -> tuple[Any, Any]:
    """Return a controller's ports: the one that it sends to, and the one with its feedback."""
    pytest.importorskip("rtmidi")
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    source = backend.open_output("knobs out", virtual=True, client_name="knobs")
    target = backend.open_input("knobs in", virtual=True, client_name="knobs")
    return source, target


def turn(source: Any, control: int, end: int) -> None:
    """Turn a knob as a hand does, in steps: JACK may lose a message in the cycle in which it connects two ports."""
    for value in np.linspace(64, end, 8).round():
        source.send(mido.Message("control_change", control=control, value=int(value)))
        time.sleep(0.01)


@pytest.fixture(params=binding.PACKAGES)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The MIDI package in use: each that is installed, alone."""
    name: str = request.param
    monkeypatch.setattr(binding, "PACKAGES", (name,))
    if binding.midi_package() is None:
        pytest.skip(f"{name} has no wheel for this Python")
    return name


@pytest.mark.jack
@pytest.mark.usefixtures("package")
def test_a_controller_on_jack_is_plugged_in_played_shown_things_and_pulled(stage: Any, service: MidiService) -> None:
    assert any("no MIDI port `knobs`" in notice for notice in stage.notices)
    source, target = open_knobs()
    assert until(lambda: service.status()["midi_ports"] == 1)
    turn(source, 16, 127)
    assert until(lambda: stage.session.get(BRIGHT) == 1.0)
    stage.session.set(BRIGHT, [0.0], "someone")

    def shown() -> bool:
        stage.session.tick()
        return any(message.type == "control_change" and message.value == 64 for message in target.iter_pending())

    assert until(shown)
    source.close()
    target.close()
    assert until(lambda: service.status()["midi_ports"] == 0)
    assert until(lambda: any("unplugged" in notice for notice in stage.notices))


@pytest.mark.jack
def test_learning_over_jack_and_a_server_that_dies_and_comes_back(
    stage: Any, service: MidiService, jack: JackServer, tmp_path: Path
) -> None:
    source, target = open_knobs()
    assert until(lambda: service.status()["midi_ports"] == 1)
    stage.session.command("/distill/midi/learn", ["/distill/width"])
    turn(source, 20, 127)
    assert until(lambda: "/distill/width" in (tmp_path / "maps" / "knobs.toml").read_text())
    assert stage.session.get("/distill/width") == 1.0
    listed: list[Any] = []
    stage.session.command("/distill/midi/list", reply=lambda *words: listed.extend(words))
    assert "/distill/width" in listed
    source.close()
    target.close()
    jack.stop()
    assert until(lambda: service.status()["midi_ports"] == 0)
    assert until(lambda: any("JACK has gone" in notice for notice in stage.notices))
    jack.start()
    source, target = open_knobs()
    assert until(lambda: service.status()["midi_ports"] == 1)
    turn(source, 20, 0)
    assert until(lambda: stage.session.get("/distill/width") == 0.0)
    source.close()
    target.close()


@pytest.mark.jack
@pytest.mark.usefixtures("package")
def test_the_virtual_port_takes_connections_and_garbage(stage: Any, service: MidiService, jack: JackServer) -> None:
    ports = subprocess.run(["jack_lsp", "-s", jack.name], capture_output=True, text=True, check=True).stdout
    assert "Distill:control" in ports
    for n in range(3000):
        service.receive("Distill", bytes([n % 256, (n * 7) % 256, (n * 13) % 256][: n % 4]))
    assert until(lambda: service.status()["midi_messages"] == 3000), (
        service.status(),
        service._thread.is_alive(),
        stage.notices,
    )
    assert not any("unexpected" in notice for notice in stage.notices), stage.notices
    listing = list_midi()
    assert "ALSA" in listing.missing or not listing.missing
    assert all("Distill" not in str(port) for port in listing.inputs)


@pytest.mark.jack
@pytest.mark.usefixtures("jack")
def test_a_control_process_that_replaces_a_killed_one_finds_the_controller_again(
    make_engine: Any, tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "knobs.toml").write_text(
        f'port = "knobs"\ntakeover = "none"\nglide = 0.0\n[[bind]]\ncontrol = "cc 16"\ntarget = "{BRIGHT}"\n'
    )
    engine = make_engine(midi=True, midi_port="knobs")
    source, target = open_knobs()

    def turned(end: int) -> bool:
        turn(source, 16, end)
        with engine.client() as client:
            value = tools.ask(client, BRIGHT)
        return value is not None and abs(value[-1] - (2 * end / 127 - 1)) < 0.02

    assert until(lambda: turned(127), 30.0)
    engine.process.kill()
    engine.process.communicate()
    engine.channel.close()
    engine.start(again=True)
    assert until(lambda: turned(0), 30.0)
    source.close()
    target.close()
