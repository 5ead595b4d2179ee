"""The page is for everybody: names for those who do not see it, room at 200 %, and no one slows the sound."""

from __future__ import annotations

import json

import pytest
from websockets.sync.client import connect

from distill_engine.vocabulary.table import index_of
from support_browser import AXE, found_by_axe

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

ROLES = {"button", "slider", "combobox", "textbox", "tab", "application", "link"}
WIDTH = "/distill/width"


def open_marks(page):
    page.run("[...document.querySelectorAll('#map button')].find(e => e.textContent === 'Marks').click()")


def unnamed(page):
    """Return the roles of what can be used and has no name, as a screen reader is told."""
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in nodes if not node.get("ignored") and node["role"]["value"] in ROLES]
    assert len(shown) > 30
    return [node["role"]["value"] for node in shown if not node.get("name", {}).get("value", "").strip()]


def test_everything_that_can_be_used_has_a_name(player, open_page):
    page = open_page(player)
    assert unnamed(page) == []
    open_marks(page)
    page.run("[...document.querySelectorAll('#map button')].find(e => e.textContent === 'Save…').click()")
    assert unnamed(page) == []
    for tab in ("Blend", "Notes", "MIDI", "Takes"):
        page.run(f"[...document.querySelectorAll('#tabs [role=tab]')].find(e => e.textContent === '{tab}').click()")
        assert unnamed(page) == [], tab


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make build/axe")
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_axe_finds_nothing_serious(player, open_page, width, height):
    page = open_page(player, width=width, height=height)
    for step in (
        "0",
        "[...document.querySelectorAll('#controls [role=tab]')][1].click()",
        "document.querySelector('.bell').click()",
    ):
        page.run(step)
        assert found_by_axe(page) == [], step
    page.key("Escape")
    for tab in ("Blend", "Notes", "MIDI", "Takes"):
        page.run(f"[...document.querySelectorAll('#tabs [role=tab]')].find(e => e.textContent === '{tab}').click()")
        assert found_by_axe(page) == [], tab
    open_marks(page)
    page.run("[...document.querySelectorAll('#map button')].find(e => e.textContent === 'Save…').click()")
    assert found_by_axe(page) == []


def test_at_two_hundred_per_cent_nothing_is_cut_off_to_the_side(player, open_page):
    page = open_page(player, width=640, height=400)
    open_marks(page)
    page.until("document.querySelector('canvas[aria-label^=Marks]').clientHeight >= 200")
    shown = "[...document.querySelectorAll('body *')].filter(e => e.offsetParent && !e.closest('.bar'))"
    wide = f"{shown}.filter(e => e.getBoundingClientRect().right > 641)"
    assert page.run(f"[document.documentElement.scrollWidth, {wide}.map(e => e.className || e.tagName).join()]") == [
        640,
        "",
    ]
    assert page.run("document.documentElement.scrollHeight") > 400


def test_a_slow_page_and_listeners_that_never_read_do_not_hold_up_what_osc_says(make_engine, open_page, tools):
    engine = make_engine()
    page = open_page(engine)
    page.call("Emulation.setCPUThrottlingRate", {"rate": 6})
    deaf = [
        connect(f"ws://127.0.0.1:{engine.oscquery_port}/", max_queue=1, ping_interval=None, close_timeout=0.1)
        for _ in range(16)
    ]
    for connection in deaf:
        for name in ("brightness", "roughness", "density"):
            connection.send(json.dumps({"COMMAND": "LISTEN", "DATA": f"/distill/control/{name}"}))
    with engine.client() as client:
        for number in range(1500):
            client.send(f"/distill/control/{('brightness', 'roughness', 'density')[number % 3]}", number / 1500 - 0.5)
        client.send(WIDTH, 0.625)
        tools.eventually(lambda: engine.value(index_of(WIDTH)) == 0.625)
        assert tools.ask(client, "/distill/control/density") == pytest.approx((1499 / 1500 - 0.5,), abs=1e-6)
    page.until(
        "Math.abs(document.querySelector(\"[data-address='/distill/control/density'] input\").value - 0.75) < 0.001"
    )
    page.until("Math.abs(document.querySelector(\"[data-address='/distill/width'] input\").value - 0.625) < 0.001")
    for connection in deaf:
        connection.close()
