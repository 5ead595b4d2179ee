"""A real engine with the starter, and pages of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support_browser import Browser, Page, PlayingEngine


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayingEngine]:
    """One engine for all tests that leave it running: what they need of its state they set."""
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
