"""The page in a real Chromium when things go: processes, the network, the model; and when names are hostile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import mido
import pytest

import support_jack
from support_ports import free_ports

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

GONE = "!document.querySelector('#gone').hidden"
BACK = "document.querySelector('#gone').hidden"
BRIGHT = "[data-address='/distill/control/brightness'] input"


def places(page):
    """Return what every control of the page shows, by name."""
    script = "[...document.querySelectorAll('.control .bar')].map(e => [e.dataset.address, Number(e.querySelector('input').value)])"
    return {address.removeprefix("/distill/control/"): place for address, place in page.run(script)}


def test_after_a_crash_of_the_control_process_the_page_goes_on_without_a_reload(play_engine, open_page, tools):
    port = free_ports()
    engine = play_engine(port, port + 1)
    page = open_page(engine)
    page.run("window.same = true")
    with engine.client() as client:
        client.send("/distill/control/brightness", 0.5)
        page.until(f"Math.abs(document.querySelector({BRIGHT!r}).value - 0.75) < 0.001")
        children = subprocess.run(["pgrep", "-P", str(engine.process.pid)], capture_output=True, text=True, check=True)
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        page.until(GONE)
        page.until(f"{BACK} && window.same")
        tools.eventually(lambda: abs(places(page)["brightness"] - 0.75) < 0.001)
        client.send("/distill/control/brightness", -0.5)
        page.until(f"Math.abs(document.querySelector({BRIGHT!r}).value - 0.25) < 0.001")


def test_when_the_engine_ends_the_page_says_so_and_comes_back_with_the_next_one(play_engine, open_page):
    port = free_ports()
    first = play_engine(port, port + 1)
    page = open_page(first)
    first.process.kill()
    page.until(GONE)
    page.until("document.querySelector('#gone').textContent.includes('distill-engine')")
    page.until(
        "/for [1-9]/.test(document.querySelector('#gone [aria-hidden=true]').textContent)"
    )  # counted, not read out
    play_engine(port, port + 1)
    page.until(BACK)
    page.until("document.querySelector('.play').textContent.includes('Playing')")


def test_a_control_process_that_stands_still_is_noticed(make_engine, open_page):
    engine = make_engine()
    page = open_page(engine)
    engine.process.send_signal(signal.SIGSTOP)
    page.until(GONE)
    engine.process.send_signal(signal.SIGCONT)
    page.until(BACK)


def test_when_the_network_goes_the_page_says_so_and_comes_back_with_it(make_engine, open_page):
    engine = make_engine()
    page = open_page(engine)
    page.offline(True)
    page.until(GONE)
    with engine.client() as client:
        client.send("/distill/control/brightness", 0.5)
    page.offline(False)
    page.until(BACK)
    page.until(f"Math.abs(document.querySelector({BRIGHT!r}).value - 0.75) < 0.001")


def test_another_model_rebuilds_the_page_and_controls_of_equal_names_keep_their_values(
    make_engine, open_page, tools, tmp_path, monkeypatch
):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    engine = make_engine()
    page = open_page(engine)
    with engine.client() as client:
        client.send("/distill/preset/save", "dawn")
        page.until("document.querySelector('.pad')?.textContent === '1dawn'")
        client.send("/distill/control/roughness", 0.5)
        tools.eventually(lambda: places(page).get("roughness") == 0.75)
        engine.channel.send(
            {"event": "model", "name": "sea", "controls": ["roughness", "size"], "withheld": {"pitch": "too vague"}, "latents": 3,
             "sources": ["drift", "hold"], "has_map": False}
        )  # fmt: skip
        tools.eventually(lambda: places(page) == {"roughness": 0.75, "size": 0.5})
        page.until("document.querySelector('header select').value === 'sea'")
        page.until("document.querySelector('.pads').textContent.startsWith('No presets yet')")  # of this model
        page.until("document.querySelector('.withheld').textContent === 'pitchtoo vague'")
        page.until("document.querySelector('#map .hint').offsetParent && document.querySelector('canvas').hidden")
        assert page.run("[...document.querySelectorAll('.choices button:disabled')].map(e => e.textContent)") == [
            "Walk", "Corpus", "Input", "Codes", "Prior"]  # fmt: skip
        engine.channel.send({"event": "model", "name": "still", "controls": [], "latents": 0})
        page.until("document.querySelector('#controls .hint').textContent.includes('no controls')")
        assert page.complaints() == []


def test_an_answer_that_comes_late_does_not_bring_an_earlier_model_back(make_engine, open_page):
    engine = make_engine()
    page = open_page(engine)
    page.run("""(fetched => { window.asked = window.late = 0; window.fetch = (...given) => {
        const slow = window.asked++ < 2;
        return fetched(...given).then(answer => slow ? new Promise(done => setTimeout(() => {
            window.late += 1; done(answer); }, 600)) : answer); }; })(window.fetch)""")
    for name, asked in (("first", 2), ("second", 4)):
        engine.channel.send({"event": "model", "name": name, "controls": [name], "latents": 1})
        page.until(f"window.asked >= {asked}")
    page.until("window.late === 2")
    page.until("document.querySelector('header select').value === 'second'")
    assert list(places(page)) == ["second"]


def test_names_and_messages_from_strangers_are_shown_as_text(make_engine, open_page):
    engine = make_engine()
    evil = "<img src=x onerror=window.hacked=1>"
    facts = {"unit": evil, "low": 0.0, "centre": 0.5, "high": 1.0, "rho": 1.0, "description": evil, "safe": [-0.5, 0.5]}
    page = open_page(engine)
    engine.fail = {"model": evil, "vocoder": evil}
    engine.channel.send(
        {"event": "model", "name": evil, "controls": ["bright"], "withheld": {evil: evil}, "latents": 2, "has_map": True,
         "analysis": {"bright": {**facts, "measured": True, "leakage": {evil: 1.0}}}, "vocoder": evil, "vocoder_reason": evil,
         "map": {"points": [[0.0, 0.0, 0, 1.0, None, None]], "clips": {"0": evil}}}
    )  # fmt: skip
    engine.channel.send({"event": "notice", "level": "warning", "text": evil})
    page.until("document.querySelector('header select').value.startsWith('<img')")
    page.until("document.querySelector('.withheld').textContent.startsWith('<img')")
    page.until("document.querySelector('.log').textContent.includes('<img')")
    page.click("#map .head > button:nth-of-type(2)")  # names
    page.click("canvas")
    page.until("document.querySelector('.said').textContent.includes('<img')")
    page.click(".control .bar")
    page.until("document.querySelector('.info').textContent.includes('<img')")
    page.run("(s => { s.append(new Option('x')); s.value = 'x'; s.dispatchEvent(new Event('change')); })"
             "(document.querySelectorAll('header select')[1])")  # fmt: skip
    page.until("document.querySelector('#toast').textContent.includes('<img')")
    assert page.run("[document.querySelectorAll('img').length, window.hacked ?? 0]") == [0, 0]


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not support_jack.available():
        pytest.skip("jackd is not installed")
    server = support_jack.JackServer(f"page{os.getpid()}")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    yield
    server.stop()


@pytest.mark.jack
def test_a_controller_is_learned_by_a_click_and_its_parameter_follows(
    jack, make_engine, open_page, tools, tmp_path, monkeypatch
):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    engine = make_engine(midi=True, midi_port="dials")
    page = open_page(engine)
    page.click("#tabs [role=tab]:nth-child(4)")
    page.click(".control .learn")
    panel = "[...document.querySelectorAll('#tabs .pane')].find(e => e.offsetParent).textContent"
    page.until(f"{panel}.includes('move a controller now')")
    pytest.importorskip("rtmidi")
    knobs = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("dials out", virtual=True, client_name="dials")

    def turned() -> bool:
        """Turn the knob; return whether the page that is open now follows."""
        for value in (20, 70, 120):
            knobs.send(mido.Message("control_change", control=20, value=value))
            time.sleep(0.02)
        return places(page)["brightness"] > 0.9

    tools.eventually(turned, 30.0)  # ports are looked for every few seconds, and JACK is slow beside other tests
    page.until(f"{panel}.includes('cc 20') && {panel}.includes('control/brightness')")
    page.until("document.querySelector('.control .learn').classList.contains('bound')")
    page.until("document.querySelector('#toast').textContent.startsWith('learned: cc 20')")
    kept = "control/brightness"  # a second later
    tools.eventually(lambda: any(kept in path.read_text() for path in tmp_path.rglob("*.toml")), 10.0)
    again = make_engine(midi=True, midi_port="dials")
    page = open_page(again)
    page.until("document.querySelector('.control .learn').classList.contains('bound')")
    tools.eventually(turned, 30.0)  # ports are looked for every few seconds, and JACK is slow beside other tests
    page.click("#tabs [role=tab]:nth-child(4)")
    page.run("[...document.querySelectorAll('#tabs button')].find(e => e.textContent === 'Forget').click()")
    page.until("!document.querySelector('.learn.bound')")
    knobs.close()
