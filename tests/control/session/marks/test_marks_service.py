"""Marks over the session: lists, and a way that is recorded, repeated, and stopped by a hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from distill_control.session import Session
from distill_control.session.marks.service import MarksService
from distill_engine.library.marks import Mark, MarkSet, MarkStore
from distill_engine.vocabulary.table import index_of

X, Y = index_of("/distill/marks/x"), index_of("/distill/marks/y")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> MarkStore:
    return MarkStore(tmp_path)


@pytest.fixture
def service(rain: Session, store: MarkStore, clock: Clock) -> MarksService:
    return MarksService(rain, store, lambda level, text: None, clock)


def tell(session: Session, address: str, *arguments: object) -> list[tuple]:
    answers: list[tuple] = []
    session.handle(address, arguments, "udp:1", lambda address, *values: answers.append((address, *values)))
    return answers


def move(session: Session, clock: Clock, *places: tuple[float, float]) -> None:
    for place in places:
        tell(session, "/distill/marks", *place)
        clock.now += 0.1
        session.tick()


def test_the_lists_are_those_of_the_engine_and_of_the_library(service, rain, store):
    assert tell(rain, "/distill/marks/list") == [("/distill/marks/list.reply",)]
    changed: list[str] = []
    rain.on_broadcast(lambda address, *arguments: changed.append(address))
    rain.on_message({"event": "marks", "marks": [["owl", 0.5, -0.25, "clip"], ["moment", 0.0, 1.0, "moment"]]})
    assert changed == ["/distill/marks/changed"]
    expected = ("/distill/marks/list.reply", "owl", 0.5, -0.25, "clip", "moment", 0.0, 1.0, "moment")
    assert tell(rain, "/distill/marks/list") == [expected]
    store.save(MarkSet("dawn", "rain", "abc", "s", (Mark("owl", "clip", 0.0, 0.0, (1.0,)),)))
    store.save(MarkSet("dusk", "hail", "", "s", (Mark("owl", "clip", 0.0, 0.0, (1.0,)),)))
    assert tell(rain, "/distill/marks/saved") == [("/distill/marks/saved.reply", "dawn")]


def test_a_way_is_recorded_and_repeated_until_a_hand_moves_the_place(service, rain, fake_link, clock):
    move(rain, clock, (0.0, 0.0))
    assert tell(rain, "/distill/marks/record", 1) == [("/distill/done", "/distill/marks/record")]
    assert rain.get("/distill/marks/way") == "recording"
    move(rain, clock, (0.2, 0.0), (0.4, 0.1), (0.6, 0.2))
    tell(rain, "/distill/marks/record", 0)
    assert rain.get("/distill/marks/way") == "repeating"
    fake_link.written.clear()
    for _ in range(9):
        clock.now += 0.1
        rain.tick()
    passed = [value for parameter, value, _ in fake_link.written if parameter == X]
    assert min(passed) < 0.25 < 0.45 < max(passed)
    assert sum(b < a for a, b in itertools.pairwise(passed)) >= 2  # it began again
    tell(rain, "/distill/marks/x", -0.9)
    fake_link.written.clear()
    for _ in range(3):
        clock.now += 0.1
        rain.tick()
    assert rain.get("/distill/marks/way") == "still"
    assert fake_link.written == []
    tell(rain, "/distill/marks/repeat", 1)
    assert rain.get("/distill/marks/way") == "repeating"
    tell(rain, "/distill/source", "drift")
    clock.now += 0.1
    rain.tick()
    assert rain.get("/distill/marks/way") == "still"
    assert rain.get("/distill/marks/amount") == 0.0


def test_without_movement_there_is_no_way(service, rain, clock):
    (answer,) = tell(rain, "/distill/marks/repeat", 1)
    assert answer[:2] == ("/distill/error", "/distill/marks/repeat")
    assert "no way among the marks was recorded" in answer[2]
    tell(rain, "/distill/marks/record", 1)
    clock.now += 5
    rain.tick()
    (answer,) = tell(rain, "/distill/marks/record", 0)
    assert "has not moved" in answer[2]
    assert rain.get("/distill/marks/way") == "none"


def test_a_way_of_two_minutes_is_repeated_by_itself(service, rain, clock):
    tell(rain, "/distill/marks/record", 1)
    move(rain, clock, (0.1, 0.1), (0.2, 0.2))
    clock.now += 120
    rain.tick()
    assert rain.get("/distill/marks/way") == "repeating"
