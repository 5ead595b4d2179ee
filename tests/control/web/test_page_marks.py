"""The player's own map in a real Chromium, on a real engine: by mouse, finger and keys."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

MARGIN = 26
CANVAS = "canvas[aria-label^=Marks]"
NAMES = "[...document.querySelectorAll('#map .edit input')].map(e => e.value).join()"


def press(page, text, root="#map"):
    page.run(
        f"[...document.querySelectorAll('{root} button')].find(e => e.textContent === {json.dumps(text)} && !e.hidden).click()"
    )


def pixel(page, x, y, canvas=CANVAS):
    left, top, width, height = page.box(canvas)
    return left + MARGIN + (x + 1) / 2 * (width - 2 * MARGIN), top + MARGIN + (1 - y) / 2 * (height - 2 * MARGIN)


def point(page, tools, x, y):
    """The pixel of a sound of the map, once the page names it: it knows its new size a frame after a change."""
    at = pixel(page, x, y, "canvas[aria-label^=Map]")

    def named():
        page.mouse("mouseMoved", at[0] + 1, at[1])
        page.mouse("mouseMoved", *at)
        return page.run("document.querySelector('.said').textContent").endswith(" s")

    tools.eventually(named)
    return at


def marks(tools, client):
    listed = tools.ask(client, "/distill/marks/list") or ()
    return [listed[i : i + 4] for i in range(0, len(listed), 4)]


@pytest.fixture
def marked(player, open_page, tools):
    """A page that shows the marks of an engine without any, and a client of that engine."""
    with player.client() as client:
        client.send("/distill/marks/clear")
        client.send("/distill/play")
        page = open_page(player)
        press(page, "Marks")
        page.until(f"document.querySelector({CANVAS!r}).clientWidth > 100")
        page.until("document.querySelector('.said').textContent.startsWith('Drag sounds')")  # the map has its points
        yield page, client


def test_marks_are_placed_played_moved_named_and_taken_away(marked, tools):
    page, client = marked
    points = page.run("fetch('/ui/model.json').then(r => r.json()).then(f => f.map)")
    x, y, clip, _ = points["points"][0][:4]
    page.mouse("mousePressed", *point(page, tools, x, y))
    page.mouse("mouseMoved", *pixel(page, -0.2, 0.2))
    page.mouse("mouseMoved", *pixel(page, -0.5, 0.5))
    page.mouse("mouseReleased", *pixel(page, -0.5, 0.5))
    tools.eventually(lambda: len(marks(tools, client)) == 1)
    (first,) = marks(tools, client)
    names = {points["clips"][key].rsplit(".", 1)[0] for key in points["clips"]}
    assert first[0] in names
    assert first[1:3] == pytest.approx((-0.5, 0.5), abs=0.02)
    assert (clip is not None, first[3]) == (True, "clip")
    press(page, "Moment")
    tools.eventually(lambda: len(marks(tools, client)) == 2)
    page.click(CANVAS, at=(0.8, 0.7))
    tools.eventually(lambda: tools.ask(client, "/distill/marks/amount") == (1.0,))
    press(page, "Controls")
    tools.eventually(lambda: [mark[3] for mark in marks(tools, client)] == ["clip", "moment", "controls"])
    page.mouse("mousePressed", *pixel(page, -0.5, 0.5))
    page.mouse("mouseMoved", *pixel(page, -0.2, 0.7))
    page.mouse("mouseReleased", *pixel(page, -0.7, 0.8))
    tools.eventually(lambda: marks(tools, client)[0][1:3] == pytest.approx((-0.7, 0.8), abs=0.03))
    page.until(f"{NAMES} === {first[0]!r}")
    page.type("#map .edit input", "dusk")
    press(page, "Rename")
    tools.eventually(lambda: marks(tools, client)[0][0] == "dusk")
    press(page, "Take away")
    tools.eventually(lambda: [mark[3] for mark in marks(tools, client)] == ["moment", "controls"])
    assert page.complaints() == []


def test_keys_alone_move_between_marks_take_one_in_hand_and_move_it(marked, tools):
    page, client = marked
    client.send("/distill/marks/controls", 0.5, 0.0)
    page.until("document.querySelector('.middle').hidden")  # the page has it
    page.run(f"document.querySelector({CANVAS!r}).focus()")
    page.key("0")
    page.key("ArrowUp", shift=True)
    tools.eventually(lambda: tools.ask(client, "/distill/marks/y") == pytest.approx((0.1,)))
    page.key("Enter")
    page.until(f"{NAMES} === 'controls'")
    page.key("ArrowLeft", shift=True)
    tools.eventually(lambda: marks(tools, client)[0][1:3] == pytest.approx((0.4, 0.0)))
    page.call("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Delete", "windowsVirtualKeyCode": 46})
    tools.eventually(lambda: marks(tools, client) == [])


def test_a_finger_draws_a_way_that_is_repeated_until_a_hand_stops_it(marked, tools):
    page, client = marked
    client.send("/distill/marks/controls", 0.5, 0.0)
    press(page, "Draw")
    page.touch("touchStart", pixel(page, -0.8, 0.0))
    for step in range(1, 6):
        page.touch("touchMove", pixel(page, -0.8 + 0.3 * step, 0.1 * step))
    page.touch("touchEnd")
    tools.eventually(lambda: tools.ask(client, "/distill/marks/way") == ("repeating",))
    places = set()
    tools.eventually(lambda: places.add(tools.ask(client, "/distill/marks/x")) or len(places) > 3)
    page.click(CANVAS, at=(0.3, 0.3))
    tools.eventually(lambda: tools.ask(client, "/distill/marks/way") == ("still",))
    pressed = "[...document.querySelectorAll('#map button')].find(e => e.textContent === 'Repeat').getAttribute('aria-pressed')"
    page.until(f"{pressed} === 'false'")
    press(page, "Repeat")
    page.until(f"{pressed} === 'true'")
    press(page, "Repeat")
    tools.eventually(lambda: tools.ask(client, "/distill/marks/way") == ("still",))


def test_marks_are_saved_loaded_and_deleted_and_another_page_follows(marked, open_page, player, tools):
    page, client = marked
    client.send("/distill/marks/controls", 0.5, 0.0)
    tools.eventually(lambda: len(marks(tools, client)) == 1)
    press(page, "Save…")
    page.type("#map .edit input", "Abend 夕")
    press(page, "Save")
    tools.eventually(lambda: tools.ask(client, "/distill/marks/saved") == ("Abend 夕",))
    other = open_page(player, width=1024, height=768)
    press(other, "Marks")
    press(other, "Save…")
    other.until("document.querySelector('#map .edit select').value === 'Abend 夕'")
    client.send("/distill/marks/clear")
    client.send("/distill/marks/load", "Abend 夕")
    tools.eventually(lambda: len(marks(tools, client)) == 1)
    client.send("/distill/marks/save", "dawn")
    other.until("document.querySelector('#map .edit select').value === 'dawn'")
    other.until("[...document.querySelectorAll('#map .edit option')].some((e) => e.value === 'Abend 夕')")
    other.type("#map .edit input", "Abend 夕")
    press(other, "Save")  # would replace others: nothing is saved before the second press
    assert tools.ask(client, "/distill/marks/playing") == ("dawn",)
    press(other, "Replace")
    tools.eventually(lambda: tools.ask(client, "/distill/marks/playing") == ("Abend 夕",))
    client.send("/distill/marks/delete", "dawn")
    tools.eventually(lambda: tools.ask(client, "/distill/marks/saved") == ("Abend 夕",))
    other.until("document.querySelector('#map .edit select').value === 'Abend 夕'")
    other.until("![...document.querySelectorAll('#map .edit option')].some((e) => e.value === 'dawn')")
    for text in ("Delete", "Really delete"):
        press(other, text)
    tools.eventually(lambda: tools.ask(client, "/distill/marks/saved") == ())
    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert (page.run(sizes), other.run(sizes)) == ([1280, 800], [1024, 768])


def test_parameters_are_left_out_of_presets_and_taken_in_again(player, open_page, tools):
    page = open_page(player)
    with player.client() as client:
        page.run("document.querySelector('details').open = true")
        page.until("document.querySelector('details select').options.length > 20")
        options = page.run("[...document.querySelectorAll('details select option')].map(e => e.value)")
        assert "/distill/width" in options
        assert not {"/distill/gain", "/distill/model", "/distill/strain"} & set(options)
        choose = "(e => { e.value = '/distill/width'; e.dispatchEvent(new Event('change')); })(document.querySelector('details select'))"
        page.run(choose)
        tools.eventually(lambda: tools.ask(client, "/distill/preset/excluded") == ("/distill/width",))
        page.until("document.querySelector('details summary').textContent === 'Left out of presets: 1'")
        press(page, "Take in", "details")
        tools.eventually(lambda: tools.ask(client, "/distill/preset/excluded") == ())


def test_the_live_input_shows_its_level_and_why_a_recording_is_not_heard(player, open_page, tools):
    page = open_page(player)
    page.until("document.querySelector('#source')")
    page.until("document.querySelector('.said').textContent.startsWith('Drag to move')")  # the map has its points
    node = page.run("fetch('/distill/input/level').then(r => r.json())")
    assert (node["ACCESS"], node["UNIT"]) == (1, ["dB"])
    x, y = page.run("fetch('/ui/model.json').then(r => r.json()).then(f => f.map.points[0].slice(0, 2))")
    left, top = point(page, tools, x, y)
    alt = {"x": left, "y": top, "button": "left", "clickCount": 1, "modifiers": 1}
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", {"type": kind, **alt})
    page.until("document.querySelector('.said').textContent.includes('distill ui')")


def test_a_finger_hears_a_recording_and_the_ring_stays(player, open_page, tools):
    page = open_page(player)
    x, y = page.run("fetch('/ui/model.json').then(r => r.json()).then(f => f.map.points[0].slice(0, 2))")
    with player.client() as client:
        client.send("/distill/map", 0.5, 0.5)
        tools.eventually(lambda: tools.ask(client, "/distill/map/x") == (0.5,))
        press(page, "hear")
        page.until("document.querySelector('.said').textContent.startsWith('Press a point')")
        page.touch("touchStart", pixel(page, x, y, "canvas[aria-label^=Map]"))
        page.touch("touchEnd")
        page.until("document.querySelector('.said').textContent.includes('distill ui')")
        assert tools.ask(client, "/distill/map/x") == (0.5,)
        press(page, "hear")
        page.touch("touchStart", pixel(page, x, y, "canvas[aria-label^=Map]"))
        page.touch("touchEnd")
        tools.eventually(lambda: tools.ask(client, "/distill/map/x") == pytest.approx((x,), abs=0.02))


def test_a_burst_of_fifty_marks_is_placed_whole_and_nothing_is_refused(player, tools):
    with player.client() as client:
        client.send("/distill/marks/clear")
        tools.eventually(lambda: marks(tools, client) == [])
        for number in range(50):
            client.send("/distill/marks/controls", number / 25 - 1, 0.5)
        tools.eventually(lambda: len(marks(tools, client)) == 50)
        placed = [mark[1] for mark in marks(tools, client)]
        assert placed == pytest.approx([number / 25 - 1 for number in range(50)])
        client.send("/distill/marks/clear")
        tools.eventually(lambda: marks(tools, client) == [])
