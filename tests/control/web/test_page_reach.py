"""The page is for everybody: names for those who do not see it, room at 200 %, and no one slows the sound."""

from __future__ import annotations

import json
import time

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
    for canvas in ("Map", "Marks"):
        page.until(f"document.querySelector('canvas[aria-label^={canvas}]').clientHeight >= 200")
        page.until(f"document.querySelector('canvas[aria-label^={canvas}]').clientWidth >= 500")
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


def tap(page, selector):
    """Touch an element with a finger, let go, and wait for the click that comes of it."""
    page.run(
        "window.tapped = false; addEventListener('click', () => (window.tapped = true), {capture: true, once: true})"
    )
    left, top, width, height = page.box(selector)
    page.touch("touchStart", (left + width / 2, top + height / 2))
    page.touch("touchEnd")
    page.until("window.tapped")


def test_a_finger_alone_plays_saves_and_renames(player, open_page, tools):
    page = open_page(player)
    page.call("Emulation.setTouchEmulationEnabled", {"enabled": True})
    with player.client() as client:
        client.send("/distill/play")
        page.until("document.querySelector('.play').ariaPressed === 'true'")
        tap(page, "#frame .line:nth-child(2) button:nth-of-type(2)")
        tools.eventually(lambda: tools.ask(client, "/distill/playing") == (0,))
        tap(page, ".play")
        tools.eventually(lambda: tools.ask(client, "/distill/playing") == (1,))
        left, top, width, height = page.box("[data-address='/distill/control/brightness'] input")
        page.touch("touchStart", (left + 0.5 * width, top + height / 2))
        for step in range(1, 8):
            page.touch("touchMove", (left + (0.5 + 0.04 * step) * width, top + height / 2))
        tools.eventually(lambda: tools.ask(client, "/distill/control/brightness")[0] > 0.4)
        time.sleep(0.3)  # the finger rests: a fling would swallow the next touch
        page.touch("touchEnd")
        page.type("#tabs form input", "by hand")
        tap(page, "#tabs form button")
        page.until("document.querySelector('.pad[title^=\"by hand:\"]')")
        tap(page, "#tabs form button:nth-of-type(2)")
        tap(page, ".pad[title^='by hand:']")
        page.until("document.querySelector('.pane .edit:not([hidden]) input').value === 'by hand'")
        page.type(".pane .edit input", "by finger")
        tap(page, ".pane .edit button")
        page.until("document.querySelector('.pad[title^=\"by finger:\"]')")
        assert page.run("document.querySelector('#tabs form button:nth-of-type(2)').ariaPressed") == "false"
        client.send("/distill/preset/delete", "by finger")
        tap(page, "#tabs [role=tab]:nth-child(3)")
        page.until("document.querySelector('#tabs [role=tab]:nth-child(3)').ariaSelected === 'true'")


def test_the_focus_goes_where_something_opens_and_back_and_tabs_answer_to_arrows(player, open_page):
    page = open_page(player)
    focused = "document.activeElement"
    for opener in (".bell", ".figures"):
        page.run(f"document.querySelector('{opener}').focus()")
        page.key("Enter")
        page.until(f"{focused}.textContent === 'Close' && {focused}.closest('#drawer')")
        page.key("Escape")
        page.until(f"{focused}.matches('{opener}') && document.querySelector('#drawer').hidden")
    page.run("document.querySelector('#tabs [role=tab]').focus()")
    for name in ("Blend", "Notes"):
        page.key("ArrowRight")
        page.until(f"{focused}.textContent === '{name}' && {focused}.ariaSelected === 'true'")
    page.key("ArrowLeft")
    page.until(
        f"{focused}.textContent === 'Blend' && document.querySelector('#tabs [role=tabpanel]').ariaLabel === 'Blend'"
    )


def test_a_reader_of_the_screen_hears_messages_and_not_every_figure(player, open_page):
    page = open_page(player)
    live = "[...document.querySelectorAll('[role=status], [role=alert], [aria-live=polite]')]"
    assert page.run(f"{live}.filter(e => !e.hidden).length") >= 3
    silent = "e => e.ariaLive === 'off' || e.closest('[aria-hidden=true]')"
    assert page.run(f"[...document.querySelectorAll('output')].filter(e => !({silent})(e)).length") == 0
    page.run(
        "(s => { s.append(new Option('nothing')); s.value = 'nothing'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('header select'))"
    )
    page.until("document.querySelector('#toast[role=status]').textContent.includes('nothing')")
