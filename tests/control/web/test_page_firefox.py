"""The page in a real Firefox, where one is installed: it loads, follows OSC, and a drag arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_firefox import FIREFOX, Firefox

pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.listens,
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed"),
]

BRIGHT = "/distill/control/brightness"
BAR = f"document.querySelector('[data-address=\"{BRIGHT}\"] input')"


@pytest.fixture
def firefox() -> Iterator[Firefox]:
    browser = Firefox()
    yield browser
    browser.close()


def test_the_page_loads_follows_osc_and_sends_a_drag_exactly(player, firefox, tools):
    page = f"http://127.0.0.1:{player.oscquery_port}/ui/"
    firefox.go(page)
    firefox.until("document.querySelector('.connection').textContent.includes('● connected')")
    firefox.until(BAR)
    requests = firefox.requests()
    assert len(requests) <= 20
    assert {url.split("/")[2] for url in requests} == {f"127.0.0.1:{player.oscquery_port}"}
    assert firefox.complaints() == []
    root = "document.documentElement"
    assert firefox.run(f"[{root}.scrollWidth, {root}.scrollHeight]") == [1280, 800]
    with player.client() as client:
        for value in (0.5, -0.25, 0.0):
            client.send(BRIGHT, value)
            firefox.until(f"Math.abs({BAR}.value - {(value + 1) / 2}) < 0.001")
        left, top, width, height = firefox.run(
            f"(b => [b.left, b.top, b.width, b.height])({BAR}.getBoundingClientRect())"
        )
        firefox.drag([(left + share / 40 * width, top + height / 2) for share in range(20, 36)])
        shown = 2 * float(firefox.run(f"{BAR}.value")) - 1
        assert shown > 0.5
        tools.eventually(lambda: abs((tools.ask(client, BRIGHT) or (9.0,))[0] - shown) < 1e-6)
    assert firefox.complaints() == []
