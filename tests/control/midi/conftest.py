"""A session without an engine, and controllers without ports."""

from pathlib import Path
from typing import Any

import mido
import pytest

from distill_control.midi.controllers import Controllers
from distill_control.midi.maps.map_store import MapStore
from distill_control.session import Session
from support_control import RecordingLink


class Stage:
    """A session with a model of two controls, and controllers; the test moves the time `now`."""

    def __init__(self, folder: Path, explicit: Path | None = None) -> None:
        self.link = RecordingLink()
        self.session = Session(self.link)
        self.session.on_message(
            {"event": "model", "name": "rain", "digest": "ab", "controls": ["brightness", "density"], "latents": 16}
        )
        self.notices: list[str] = []
        self.now = 0.0
        self.map_store = MapStore(folder, explicit, self.notify)
        self.controllers = Controllers(self.session, self.map_store, self.notify, lambda work: work())
        self.link.parameters.clear()

    def notify(self, level: str, text: str) -> None:
        self.notices.append(text)

    def send(self, *messages: mido.Message, port: str = "knobs", step: float = 0.01) -> None:
        for message in messages:
            self.now += step
            self.controllers.handle(port, message, self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.session.tick()
        self.controllers.tick(self.now)

    def cc(self, number: int, *values: int, channel: int = 0, port: str = "knobs") -> None:
        messages = [mido.Message("control_change", channel=channel, control=number, value=value) for value in values]
        self.send(*messages, port=port)

    def note(self, note: int, velocity: int = 100, port: str = "knobs") -> None:
        kind = "note_on" if velocity else "note_off"
        self.send(mido.Message(kind, note=note, velocity=velocity), port=port)


class Screen:
    """A controller's output: keeps the messages that it receives."""

    def __init__(self) -> None:
        self.messages: list[mido.Message] = []

    def send_message(self, data: list[int]) -> None:
        self.messages.append(mido.Message.from_bytes(data))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def make_stage(tmp_path: Path) -> Any:
    """Build a stage whose one controller, `knobs`, has the given map."""

    def make(text: str, screen: Screen | None = None) -> Stage:
        path = tmp_path / "given.toml"
        path.write_text(text)
        stage = Stage(tmp_path / "maps", path)
        stage.controllers.add("knobs", screen)
        return stage

    return make


@pytest.fixture
def screen() -> Screen:
    return Screen()
