"""Names with accents: an address finds its control however its characters are composed."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from distill_control.osc.clients import Clients
from distill_control.osc.packet import encode
from distill_control.osc.query_server.tree import find, tree
from distill_control.osc.receiver import Receiver
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.synthesis.control_names import control_index

FORMS = ("\u00e9clat", "e\u0301clat")


@pytest.fixture
def session(rain: Session, tools: Any) -> Session:
    withheld = {"\u00e9loge": "too few sounds"}
    rain.on_message({**tools.MODEL, "controls": ["density", FORMS[0]], "withheld": withheld})
    rain.tick()
    return rain


@pytest.mark.parametrize("name", FORMS)
def test_a_control_is_found_in_either_form(session: Session, name: str) -> None:
    address = f"/distill/control/{name}"
    session.set(address, [0.5])
    assert session.get("/distill/control/1") == 0.5
    assert session.numbered(address) == "/distill/control/1"
    assert session.public_address(session.resolve(address)[1] or 0) == f"/distill/control/{FORMS[0]}"
    assert find(tree(session), address)["VALUE"] == [0.5]


@pytest.mark.parametrize("name", FORMS)
def test_a_pattern_finds_it_in_either_form(session: Session, name: str) -> None:
    loop = asyncio.new_event_loop()
    errors: list[bytes] = []
    client = Clients(10.0).seen("udp:here:1", "here", errors.append)
    Receiver(session, ControlSettings(), loop).receive(encode(f"/distill/control/{name[:-2]}*", 0.25), client)
    loop.close()
    assert not errors
    assert session.get(f"/distill/control/{FORMS[0]}") == 0.25


def test_a_render_finds_it_in_either_form() -> None:
    instrument: Any = SimpleNamespace(control_names=("density", FORMS[0]), withheld={})
    assert [control_index(instrument, name) for name in FORMS] == [1, 1]
