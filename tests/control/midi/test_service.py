"""The MIDI thread goes on after every error."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distill_control.midi import midi_service as midi
from distill_control.midi.hotplug import PortKeeper
from distill_control.midi.midi_service import MidiService
from distill_control.settings.control import ControlSettings
from distill_engine.errors import ControlError

WIDTH = "/distill/width"
GOOD = f'[[bind]]\ncontrol = "cc 16"\ntarget = "{WIDTH}"\n'
BIND = '[[bind]]\ncontrol = "cc 16"\ntarget = "/distill/gain"\n'
HOSTILE = (
    f"{BIND}range = [0, 1{'0' * 400}]\n",
    f"{BIND}glide = 1{'0' * 5000}\n",
    f"{BIND}channel = 0x{'f' * 5000}\n",
    f"{BIND}range = {'[' * 5000}\n",
)


def until(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def make_service(stage: Any, tmp_path: Path) -> Iterator[Callable[[], MidiService]]:
    """Build a service with the maps in `tmp_path`; its one port is the made-up `knobs`."""
    made: list[MidiService] = []

    def make() -> MidiService:
        settings = ControlSettings(osc_port=0, oscquery_port=0, midi_port="none")
        made.append(MidiService(stage.session, settings, stage.notify, maps=tmp_path))
        return made[-1]

    yield make
    for service in made:
        if service._thread.is_alive():
            asyncio.run(service.stop())


def listing(stage: Any) -> tuple:
    replies: list[tuple] = []
    stage.session.handle("/distill/midi/list", (), "test", lambda *words: replies.append(words))
    return replies[-1][1:]


def test_hostile_maps_are_reported_and_midi_plays_on(stage: Any, make_service: Any, tmp_path: Path) -> None:
    path = tmp_path / "knobs.toml"
    service = make_service()
    service.start()
    service._call(lambda: service.controllers.add("knobs"))
    for number, text in enumerate(HOSTILE):
        said = len(stage.notices)
        path.write_text(f'port = "knobs"\n{"#" * number}\n{text}')
        assert until(lambda said=said: any("knobs.toml" in notice for notice in stage.notices[said:])), text[:80]  # type: ignore[misc]
    path.write_text(f'port = "knobs"\n{GOOD}')
    assert until(lambda: listing(stage) == (WIDTH, "cc 16 knobs"))
    service.receive("knobs", bytes([0xB0, 16, 127]))
    service.receive("knobs", bytes([0xB0, 16, 0]))
    assert until(lambda: service.messages == 2)
    assert not [notice for notice in stage.notices if "unexpected" in notice]


class Broken:
    """An output that fails with an unexpected exception."""

    def send_message(self, data: list[int]) -> None:
        raise KeyError("broken")


def test_errors_of_ports_and_feedback_are_reported_once_and_the_thread_goes_on(
    stage: Any, make_service: Any, tmp_path: Path
) -> None:
    def make(api: str) -> Any:
        raise KeyError("no such system")

    (tmp_path / "knobs.toml").write_text(f'port = "knobs"\n{GOOD}')
    service = make_service()
    service._keeper = PortKeeper(None, service.receive, stage.notify, systems=lambda: ("ALSA",), make=make)
    service.start()
    assert until(lambda: any("no such system" in notice for notice in stage.notices))
    service._call(lambda: service.controllers.add("knobs", Broken()))
    for value in (0.25, 0.5, 0.75):
        stage.session.set(WIDTH, [value])
        stage.session.tick()
        taken = service.messages
        service.receive("knobs", bytes([0xB0, 99, 0]))
        assert until(lambda taken=taken: service.messages > taken)  # type: ignore[misc]
    assert until(lambda: any("'broken'" in notice for notice in stage.notices))
    assert service._thread.is_alive()
    assert len(stage.notices) < 10


def test_what_waits_for_the_thread_is_bounded_even_if_it_takes_nothing(
    stage: Any, make_service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midi, "QUEUE_LIMIT", 50)
    (tmp_path / "knobs.toml").write_text(f'port = "knobs"\n{GOOD}')
    service = make_service()
    service.controllers.add("knobs", Broken())
    for number in range(200):
        stage.session.set(WIDTH, [number / 200])
        stage.session.tick()
    assert service.status()["midi_dropped"] == 150
    service.receive("knobs", bytes([0xB0, 16, 1]))
    assert service.status()["midi_dropped"] == 151


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "cannot be read: No such file"), ("[[bind]]\ncontrol = 7\n", "my.toml")]
)
def test_a_map_that_was_asked_for_and_cannot_be_used_ends_the_start(
    stage: Any, tmp_path: Path, text: str | None, reason: str
) -> None:
    path = tmp_path / "my.toml"
    if text is not None:
        path.write_text(text)
    settings = ControlSettings(osc_port=0, oscquery_port=0, midi=False, midi_map=str(path))
    with pytest.raises(ControlError, match=reason):
        asyncio.run(midi.start(stage.session, settings, stage.notify))
    asyncio.run(midi.start(stage.session, replace(settings, keep_going=True), stage.notify))
    assert any("my.toml" in notice for notice in stage.notices) or text is None
