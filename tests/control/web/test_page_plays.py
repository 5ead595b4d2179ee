"""The page in a real Chromium on a real engine: what moves here moves there, and the other way."""

from __future__ import annotations

import json

import pytest

from support_browser import stray_file

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

BRIGHT = "/distill/control/brightness"
SLIDER = "[data-address='/distill/control/brightness'] input"


def value_of(tools, client, address):
    return tools.ask(client, address)[0]


def at(page, address):
    """Return the place 0 to 1 that a bar shows."""
    return page.run(f"Number(document.querySelector(\"[data-address='{address}'] input\").value)")


def until_at(page, address, place):
    page.until(
        f"Math.abs(Number(document.querySelector(\"[data-address='{address}'] input\").value) - {place}) < 0.001"
    )


def test_the_page_asks_little_and_nobody_else_and_complains_of_nothing(player, open_page):
    page = open_page(player)
    requests = page.requests()
    assert len(requests) <= 20
    assert all(f"127.0.0.1:{player.oscquery_port}/" in url for url in requests if url != "about:blank")
    assert page.complaints() == []


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_everything_has_its_place_at_both_sizes(player, open_page, width, height):
    page = open_page(player, width=width, height=height)
    with player.client() as client:
        client.send("/distill/source", "drift")
    page.until("document.querySelector('#source .choices [aria-pressed=true]').textContent === 'Drift'")
    root = "document.documentElement"
    assert page.run(f"[{root}.scrollWidth <= {width}, {root}.scrollHeight <= {height}]") == [True, True]
    shown = "[...document.querySelectorAll('button, select, input, .bar')].filter(e => e.offsetParent && !e.closest('.meters'))"
    small = f"{shown}.map(e => [e.className || e.textContent, e.clientWidth + 2, e.offsetHeight]).filter(([, w, h]) => w < 44 || h < 42)"
    assert page.run(small) == []
    words = "[...document.querySelectorAll('body *')].filter(e => e.offsetParent && e.childNodes[0]?.nodeType === 3)"
    assert page.run(f"{words}.filter(e => parseFloat(getComputedStyle(e).fontSize) < 15).map(e => e.textContent)") == []
    cut = (
        f"{words}.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth && e.matches('button, .said, .info'))"
    )
    assert page.run(f"{cut}.map(e => e.textContent)") == []


def test_osc_moves_every_control_of_the_page(player, open_page, tools):
    page = open_page(player)
    names = page.run("[...document.querySelectorAll('.control .bar')].map(e => e.dataset.address)")
    assert len(names) >= 8
    with player.client() as client:
        for index, address in enumerate(names):
            client.send(address, -0.9 + 0.15 * index)
        for index, address in enumerate(names):
            until_at(page, address, (1 - 0.9 + 0.15 * index) / 2)
        client.send("/distill/source/rate", 2.0)
        client.send("/distill/stop")
        page.until("document.querySelector('.play').getAttribute('aria-pressed') === 'false'")
        page.click(".play")
        page.until("document.querySelector('.play').textContent.includes('Playing')")
        for address in names:
            client.send(address, 0.0)


def test_a_drag_arrives_exactly_and_nothing_jumps_back_under_the_hand(player, open_page, tools):
    page = open_page(player)
    left, top, width, height = page.box(SLIDER)
    with player.client() as client:
        page.mouse("mousePressed", left + 5, top + height / 2)
        for step in range(40):
            page.mouse("mouseMoved", left + 5 + step * (width - 10) / 40, top + height / 2)
            client.send(BRIGHT, -1.0)
            assert at(page, BRIGHT) > step / 40 - 0.03
        page.mouse("mouseMoved", left + 0.75 * width, top + height / 2)
        page.mouse("mouseReleased", left + 0.75 * width, top + height / 2)
        tools.eventually(lambda: value_of(tools, client, BRIGHT) > 0.4)
        expected = value_of(tools, client, BRIGHT)
        until_at(page, BRIGHT, (1 + expected) / 2)
        client.send(BRIGHT, -0.5)
        until_at(page, BRIGHT, 0.25)
        page.mouse("mousePressed", left + 0.25 * width, top + height / 2)  # by the line that marks its place
        page.mouse("mouseMoved", left + 0.9 * width, top + height / 2)
        page.mouse("mouseReleased", left + 0.9 * width, top + height / 2)
        tools.eventually(lambda: value_of(tools, client, BRIGHT) > 0.7)
        client.send(BRIGHT, -0.5)
        until_at(page, BRIGHT, 0.25)


def test_two_pages_and_a_client_agree_after_all_have_moved_everything(player, open_page, tools):
    pages = [open_page(player), open_page(player, width=1024, height=768)]
    move = """[...document.querySelectorAll('.bar[data-address] input')].forEach((e, i) => {
        e.value = %s; e.dispatchEvent(new Event('input')); })"""
    with player.client() as client:
        for step in range(5):
            for turn, page in enumerate(pages):
                page.run(move % f"(0.1 * {step} + 0.07 * i + 0.3 * {turn}) % 1")
            client.send("/distill/map", 0.1 * step, -0.1 * step)
        shown = (
            "JSON.stringify([...document.querySelectorAll('.bar[data-address^=\"/\"] output')].map(e => e.textContent))"
        )
        tools.eventually(lambda: pages[0].run(shown) == pages[1].run(shown))
        for address in (BRIGHT, "/distill/control/air", "/distill/map/amount"):
            until_at(
                pages[0],
                address,
                (value_of(tools, client, address) + ("map" not in address)) / (1 + ("map" not in address)),
            )


def test_the_keyboard_alone_plays(player, open_page, tools):
    page = open_page(player)
    with player.client() as client:
        page.run(f"document.querySelector({json.dumps(SLIDER)}).focus()")
        page.key("0")
        until_at(page, BRIGHT, 0.5)
        page.key("ArrowRight")
        page.key("ArrowUp", shift=True)
        tools.eventually(lambda: abs(value_of(tools, client, BRIGHT) - 0.22) < 1e-3)
        page.key("End")
        tools.eventually(lambda: value_of(tools, client, BRIGHT) == 1.0)
        page.key("Home")
        tools.eventually(lambda: value_of(tools, client, BRIGHT) == -1.0)
        page.click(SLIDER, times=2)
        tools.eventually(lambda: value_of(tools, client, BRIGHT) == 0.0)
        reached = set()
        page.run("document.activeElement.blur()")
        for _ in range(90):
            page.key("Tab")
            reached.add(page.run("(e => e.closest('header, section')?.id ?? '')(document.activeElement)"))
        assert {"frame", "controls", "map", "source", "tabs"} <= reached
        page.key("Escape")
        page.key("Escape")
        tools.eventually(lambda: value_of(tools, client, "/distill/playing") == 0)
        page.until("document.querySelector('.play').ariaPressed === 'false'")  # the key turns round what the page shows
        page.run("document.activeElement.blur()")
        page.key(" ")
        tools.eventually(lambda: value_of(tools, client, "/distill/playing") == 1)


def test_the_map_takes_clicks_drags_touches_and_keys_and_plays_a_sound(player, open_page, tools):
    page = open_page(player)
    left, top, width, height = page.box("canvas")
    with player.client() as client:
        place = lambda: (value_of(tools, client, "/distill/map/x"), value_of(tools, client, "/distill/map/y"))  # noqa: E731
        page.click("canvas", at=(0.5, 0.5))
        tools.eventually(lambda: max(map(abs, place())) < 0.02)
        page.mouse("mousePressed", left + width / 2, top + height / 2)
        page.mouse("mouseMoved", left + width - 26, top + 26)
        page.mouse("mouseReleased", left + width - 26, top + 26)
        tools.eventually(lambda: min(place()) > 0.98)
        page.key("ArrowLeft")
        page.key("ArrowDown", shift=True)
        tools.eventually(lambda: place() == pytest.approx((0.98, 0.9), abs=0.011))
        page.touch("touchStart", (left + 100, top + 80))
        page.touch("touchMove", (left + width / 2, top + height / 2))
        page.touch("touchEnd")
        tools.eventually(lambda: max(map(abs, place())) < 0.02)
        points = page.run("fetch('/ui/model.json').then(r => r.json()).then(f => f.map.points)")
        x, y = points[0][:2]
        client.send("/distill/source/position", 0.37)  # none of a point: a take holds changes alone
        tools.eventually(lambda: value_of(tools, client, "/distill/source/position") == pytest.approx(0.37))
        client.send("/distill/record", "a point")
        tools.eventually(lambda: value_of(tools, client, "/distill/recording") == 1)
        page.click("canvas", times=2, at=(
            (26 + (x + 1) / 2 * (width - 52)) / width, (26 + (1 - y) / 2 * (height - 52)) / height))  # fmt: skip
        tools.eventually(lambda: value_of(tools, client, "/distill/source") == "corpus")
        starts = {round(point[4], 4) for point in points if abs(point[0] - x) + abs(point[1] - y) < 0.1}
        assert round(value_of(tools, client, "/distill/source/position"), 4) in starts
        assert value_of(tools, client, "/distill/source/length") > 0.0
        assert page.run("document.querySelector('.said').textContent").startswith("playing ")
        position = value_of(tools, client, "/distill/source/position")
        client.send("/distill/record", "stop")
        tools.eventually(lambda: value_of(tools, client, "/distill/recording") == 0)
    take = player.home / "recordings" / "a point.take"
    tools.eventually(lambda: '"end"' in take.read_text())
    done = [json.loads(line) for line in take.read_text().splitlines()]
    assert any((one.get("do"), one.get("source")) == ("source", "corpus") for one in done)
    assert any((one.get("set"), one.get("value")) == ("/distill/source/position", position) for one in done)
    take.unlink()


def test_presets_are_saved_recalled_renamed_ordered_and_deleted_and_the_other_page_follows(player, open_page, tools):
    page, other = open_page(player), open_page(player, "?view=presets&lock=1", width=1024, height=768)
    pads = "[...document.querySelectorAll('.pad span')].map(e => e.textContent).join()"
    with player.client() as client:
        for name, value in (("dawn", 0.5), ("rain & sea", -0.5)):
            client.send(BRIGHT, value)
            tools.eventually(lambda value=value: value_of(tools, client, BRIGHT) == value)
            page.type("#tabs form input", name)
            page.click("#tabs form button")
            other.until(f"{pads}.endsWith('{name}')")  # saved, before the next value is set
        other.until(f"{pads} === 'dawn,rain & sea'")
        other.click(".pad")
        tools.eventually(lambda: value_of(tools, client, BRIGHT) == 0.5)
        kept = (player.home / "presets" / "starter" / "dawn.preset.json").read_bytes()
        client.send("/distill/width", 0.75)
        tools.eventually(lambda: value_of(tools, client, "/distill/width") == 0.75)
        page.until("document.querySelector('#tabs form input').value === ''")  # the name that was saved is gone
        page.type("#tabs form input", "dawn")
        save = "document.querySelector('#tabs form button').textContent"
        page.click("#tabs form button")
        assert page.run(save) == "Replace"
        page.key("Escape")
        assert page.run(save) == "Save"
        assert (player.home / "presets" / "starter" / "dawn.preset.json").read_bytes() == kept
        for said in ("Replace", "Save"):
            page.click("#tabs form button")
            assert page.run(save) == said
        path = player.home / "presets" / "starter" / "dawn.preset.json"
        tools.eventually(lambda: path.read_bytes() != kept)
        page.until("document.querySelector('#tabs form input').value === ''")
        page.type("#tabs form input", "no/name")
        page.click("#tabs form button")
        page.until("document.querySelector('#toast').textContent.includes('it holds')")
        assert page.run("document.querySelector('#tabs form input').value") == "no/name", "to be mended"
        page.type("#tabs form input", "")
        page.run("document.activeElement.blur()")
        page.key("2")
        tools.eventually(lambda: value_of(tools, client, BRIGHT) == -0.5)
        page.run(
            "(e => { e.value = 0.5; e.dispatchEvent(new Event('input')); })(document.querySelector('.moves .row input'))"
        )
        tools.eventually(lambda: abs(value_of(tools, client, BRIGHT)) < 1e-6)
        page.click(".pad", button="right")
        page.run("[...document.querySelectorAll('.pane .line button')].find(e => e.textContent === '▶').click()")
        for one in (other, page):  # the editor opens for the name that the pad shows
            one.until(f"{pads} === 'rain & sea,dawn'")
        page.type(".pane .line:not(form) input", "dusk")
        page.run("[...document.querySelectorAll('.pane .line button')].find(e => e.textContent === 'OK').click()")
        for one in (other, page):
            one.until(f"{pads} === 'rain & sea,dusk'")
        page.click(".pad", button="right")
        for _ in range(2):
            page.run(
                "[...document.querySelectorAll('.pane .line button')].find(e => /delete/i.test(e.textContent)).click()"
            )
        other.until(f"{pads} === 'dusk'")
        assert other.run("document.querySelector('.play').inert && !document.querySelector('.panic').inert")


def test_a_locked_page_neither_stops_nor_learns_by_key_and_no_dropped_file_takes_its_place(player, open_page, tools):
    page = open_page(player, "?lock=1")
    with player.client() as client:
        client.send("/distill/play")
        page.until("document.querySelector('.play').ariaPressed === 'true'")
        page.run("document.activeElement.blur()")
        page.key(" ")
        page.run("document.querySelector('.moves .bar input').focus()")
        page.key("l")
        page.run("document.querySelector('#map .bar').dispatchEvent(new MouseEvent('contextmenu', {cancelable: true}))")
        assert page.run("document.querySelectorAll('.learn[aria-pressed=true]').length") == 0
        page.key("1")
        assert tools.ask(client, "/distill/playing") == (1,)
        seen = "[...document.querySelectorAll('#tabs button, #map button')].filter((e) => e.offsetParent)"
        words = page.run(f"{seen}.map((e) => e.textContent)")
        assert not {"Save", "Edit", "Moment", "Controls", "Save…"} & set(words)
        assert stray_file(page, "#controls") == [True, True]
        page.key("Escape")
        page.key("Escape")
        tools.eventually(lambda: tools.ask(client, "/distill/playing") == (0,))
        client.send("/distill/play")


def test_a_take_is_recorded_and_listed_and_a_refused_model_says_why(player, open_page, tools):
    page = open_page(player)
    page.type(".joined input", "evening")
    page.click(".record")
    page.until("document.querySelector('.record').getAttribute('aria-pressed') === 'true'")
    page.click(".record")
    page.until("[...document.querySelectorAll('#tabs .lines span')].some(e => e.textContent === 'evening')")
    page.until("document.querySelector('.joined input').value === 'take-02'")
    page.run("(s => { s.append(new Option('nothing')); s.value = 'nothing'; s.dispatchEvent(new Event('change')); })"
             "(document.querySelector('header select'))")  # fmt: skip
    page.until("document.querySelector('#toast').textContent.includes(\"no model 'nothing'\")")
    page.until("document.querySelector('header select').value === 'starter'")
    page.click(".bell")
    page.until("document.querySelector('.log .error span').textContent.includes('/distill/model: no model')")


def test_a_controller_is_learned_by_a_click_and_forgotten(player, open_page, tools):
    page = open_page(player)
    learn = ".control .learn"
    page.click(learn)
    page.until(f"document.querySelector('{learn}').getAttribute('aria-pressed') === 'true'")
    page.click(learn)
    page.until(f"document.querySelector('{learn}').getAttribute('aria-pressed') === 'false'")
    page.run(f"document.querySelector({json.dumps(SLIDER)}).focus()")
    page.key("l")
    page.until("document.querySelector('#toast').textContent.startsWith('brightness: move a controller')")
    page.key("Escape")
    page.until("!document.querySelector('.learn[aria-pressed=true]')")
    page.click(learn)
    page.until(f"document.querySelector('{learn}').getAttribute('aria-pressed') === 'true'")
    given_up = page.run("""(async () => {
        const { startMidi } = await import('/ui/midi.js');
        const heard = {};
        startMidi({ on: (address, act) => (heard[address] = act), onState() {}, ask() {} }, { hint() {}, say() {} });
        heard['/distill/midi/learned']('/distill/gain', 'cc 7'); // by another page
        heard['/distill/midi/list.reply']();
        return !document.querySelector('.learn[aria-pressed=true]');
    })()""")
    assert given_up


def test_a_question_that_the_engine_had_no_time_for_is_asked_again(player, open_page):
    page = open_page(player)
    asked = page.run("""(async () => {
        const { Instrument } = await import('/ui/instrument.js');
        const sent = [];
        let socket = null;
        window.WebSocket = class {
            static OPEN = 1; readyState = 1; constructor() { socket = this; } send(data) { sent.push(data); } close() {} };
        const told = [];
        const one = new Instrument();
        one.on('/distill/error', (address) => told.push(address));
        one.open();
        const address = '/distill/preset/list';
        const asked = () => sent.filter((data) => new TextDecoder().decode(data).startsWith(address)).length;
        const counts = [];
        one.ask(address);
        one.ask(address);
        await new Promise((done) => setTimeout(done, 50));
        counts.push(asked());
        for (const [about, reason] of [[address, 'too much at once: send fewer'], ['/distill/gain', 'no']]) {
            one.send('/distill/error', about, reason);
            socket.onmessage({ data: sent.pop().buffer });
        }
        await new Promise((done) => setTimeout(done, 500));
        counts.push(asked());
        return [counts, told];
    })()""")
    assert asked == [[1, 2], ["/distill/gain"]]


def test_morph_and_glide_stay_in_view_below_many_presets_on_a_tablet(player, open_page, tools):
    seen = (
        "(([row, list]) => row.top >= list.top && row.bottom <= list.bottom)([document.querySelector('.moves'),"
        "document.querySelector('#tabs .list')].map(e => e.getBoundingClientRect()))"
    )
    folder = player.home / "presets" / "starter"
    with player.client() as client:
        client.send("/distill/preset/save", "pad 0")
        tools.eventually((folder / "pad 0.preset.json").exists)
    first = json.loads((folder / "pad 0.preset.json").read_text())
    for number in range(1, 12):
        (folder / f"pad {number}.preset.json").write_text(json.dumps({**first, "name": f"pad {number}"}))
    page = open_page(player, width=1024, height=768)
    page.until("document.querySelectorAll('.pad').length >= 12")
    assert page.run(seen)
    page.run("[...document.querySelectorAll('.pad')].at(-1).scrollIntoView()")
    assert page.run(seen)
    assert page.run("document.querySelectorAll('.moves .bar, .moves select').length") == 4
    for path in folder.glob("pad *.preset.json"):
        path.unlink()
