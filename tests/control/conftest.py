"""An engine that is none: the other end of the channel and of the shared memory, for tests of control."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from distill_control.osc.client import OscClient
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import ParameterReader, SharedBlock, StatusWriter
from distill_engine.realtime.status import STATUS_FIELDS, Status
from distill_engine.vocabulary import table as vocabulary
from support_browser import CHROMIUM, Browser
from support_ports import free_ports

MODEL = {
    "event": "model",
    "name": "rain",
    "digest": "abc",
    "controls": ["brightness", "roughness", "density"],
    "latents": 16,
    "has_map": True,
    "vocoder": "vocos",
}


class FakeLink:
    """A link that only remembers."""

    def __init__(self) -> None:
        self.written: list[tuple[int, float, float]] = []
        self.requests: list[tuple[int, str, list]] = []
        self.takes = True

    def set(self, parameter_index, value, glide_seconds):
        self.written.append((parameter_index, value, glide_seconds))

    def request(self, identifier, command, arguments):
        if self.takes:
            self.requests.append((identifier, command, list(arguments)))
        return self.takes

    def status(self):
        return {"peak_db": -6.0, "rms_db": -12.0}


@pytest.fixture
def fake_link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def rain(fake_link) -> Session:
    """A session with a loaded model of three controls and 16 latent dimensions."""
    session = Session(fake_link, subscriber_limit=8)
    session.on_message(MODEL)
    session.tick()
    fake_link.written.clear()
    return session


class FakeEngine:
    """A real control process, and the engine's end of its connections. Commands are answered with done, except `fail`."""

    def __init__(self, **settings) -> None:
        defaults: dict[str, Any] = {
            "osc_port": 0,
            "oscquery_port": 0,
            "midi": False,
            "announce": False,
            "view": "quiet",
        }
        self.settings = ControlSettings(**(defaults | settings))
        self.block = SharedBlock.create(vocabulary.default_values(), len(STATUS_FIELDS))
        self.parameters = ParameterReader(self.block)
        self.commands: list[tuple[str, list]] = []
        self.fail: dict[str, str] = {}
        StatusWriter(self.block).publish(Status(peak_db=-6.0, rms_db=-12.0, device_connected=1.0).figures())
        self.start()

    def start(self, *, again: bool = False) -> None:
        self.channel, connection = Channel.pair()
        with connection:
            command = [sys.executable, "-m", "distill_control.session", "--channel-fd", str(connection.fileno())]
            command += ["--shared", self.block.name, "--settings", self.settings.to_json(), *(["--again"] * again)]
            descriptors = (connection.fileno(), self.block.descriptor)
            self.process = subprocess.Popen(command, pass_fds=descriptors, stderr=subprocess.PIPE, text=True)
        self.first = self.channel.receive(20.0) or {}
        self.port = int(self.first.get("osc_port", 0))
        self.oscquery_port = int(self.first.get("oscquery_port", 0))
        self.channel.send(MODEL)
        threading.Thread(target=self._answer, args=(self.channel,), daemon=True).start()
        if self.port:
            with self.client() as client:
                eventually(lambda: ask(client, "/distill/model") == ("rain",))

    def client(self, **options) -> OscClient:
        return OscClient(port=self.port, **options)

    def value(self, parameter_index: int) -> float:
        return {s: v for s, v, _ in self.parameters.current()}[parameter_index]

    def stop(self) -> None:
        self.channel.send({"event": "end"})
        self.channel.flush()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.channel.close()
        del self.parameters
        with contextlib.suppress(BufferError):
            self.block.close()

    def _answer(self, channel: Channel) -> None:
        try:
            while (message := channel.receive(None)) is not None:
                if "command" in message:
                    self.commands.append((message["command"], message["arguments"]))
                    reason = self.fail.get(message["command"])
                    outcome = {"status": "failed", "reason": reason} if reason else {"status": "done"}
                    channel.send({"id": message["id"], **outcome})
        except ChannelClosed:
            return


def ask(client: OscClient, address: str, *arguments, timeout: float = 2.0) -> tuple | None:
    """Sends, and gives the arguments of the first answer from the same address or about it."""
    client.send(address, *arguments)
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        message = client.receive(left)
        if message is not None and message.address.startswith(address):
            return message.arguments
        if message is not None and message.address == "/distill/error":
            return ("error", *message.arguments)
    return None


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("did not happen in time")
        time.sleep(0.005)


def collect(client: OscClient, seconds: float = 0.15) -> list:
    """All messages until none has come for `seconds`."""
    messages = []
    while (message := client.receive(seconds)) is not None:
        messages.append(message)
    return messages


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine()
    yield engine
    engine.stop()


@pytest.fixture
def make_engine() -> Iterator[Callable[..., FakeEngine]]:
    made: list[FakeEngine] = []

    def make(**settings) -> FakeEngine:
        made.append(FakeEngine(**settings))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


@pytest.fixture
def free_port() -> int:
    """A port that nobody has, for UDP and TCP: the instrument listens at both."""
    return free_ports(1)


@pytest.fixture
def tools() -> object:
    """The helpers above, for tests (which cannot import a conftest)."""
    import types

    return types.SimpleNamespace(ask=ask, eventually=eventually, collect=collect, MODEL=MODEL, run=asyncio.run)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; each test closes its pages."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    browser = Browser()
    yield browser
    browser.close()
