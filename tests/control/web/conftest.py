"""A Chromium for the tests of a module, a real engine with the starter, and pages of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_control.osc.client import OscClient
from support_browser import CHROMIUM, Browser, Page


class PlayingEngine:
    """`distill-engine` with the starter and no device, in a home of its own."""

    def __init__(self, home: Path, osc_port: int = 0, oscquery_port: int = 0) -> None:
        command = [sys.executable, "-m", "distill_control.cli.engine", "--device", "null", "--no-midi", "--json"]
        command += [
            "--osc-port",
            str(osc_port),
            "--oscquery-port",
            str(oscquery_port),
            "--threads",
            "1",
            "--block",
            "4",
        ]
        environment = {**os.environ, "DISTILL_HOME": str(home)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        status: dict[str, Any] = {}
        while not status.get("oscquery_port") or not status.get("hops"):
            line = self.process.stdout.readline()
            assert line, "the engine does not start"
            status = json.loads(line)
        self.osc_port, self.oscquery_port = int(status["osc_port"]), int(status["oscquery_port"])
        self._reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self._reader.start()

    def client(self) -> OscClient:
        """Return an OSC client of it."""
        return OscClient(port=self.osc_port)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayingEngine]:
    playing = PlayingEngine(tmp_path_factory.mktemp("home"))
    yield playing
    playing.stop()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(engine, query="", width=1280, height=800)`: a page of the engine that is ready."""
    pages: list[Page] = []

    def open_it(engine: Any, query: str = "", **size: int) -> Page:
        page = chromium.page(f"http://127.0.0.1:{engine.oscquery_port}/ui/{query}", **size)
        pages.append(page)
        page.until("document.querySelector('.connection').textContent.includes('● connected')")
        page.until("document.querySelectorAll('#source .bar').length")
        return page

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture
def play_engine(tmp_path: Path) -> Iterator[Callable[..., PlayingEngine]]:
    """`play_engine(osc_port, oscquery_port)`: an engine that a test may kill."""
    started: list[PlayingEngine] = []

    def play(*ports: int) -> PlayingEngine:
        started.append(PlayingEngine(tmp_path, *ports))
        return started[-1]

    yield play
    for engine in started:
        engine.stop()
