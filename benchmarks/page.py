"""Measure the page in a real Chromium: how soon it is there, what it costs, how fast it is.

    python benchmarks/page.py                    all of it: 12 minutes
    python benchmarks/page.py --seconds 10       all of it, each part in 10 s

* load: from the command `distill-engine` to a page that shows the controls; bytes and requests.
* drag: a bar is dragged at 60 Hz. From the browser's input event to the value in shared memory,
  which the control process writes in the call that handles the message.
* map: 400 points, the place of the sound moves 15 times a second and draws a trail, and the ring is
  dragged. How many pictures a second the page draws.
* follow: ten controls come in over OSC at 30 Hz. How many of them a page shows, what that takes of
  the control process above what it takes without a page, of the page's main thread (busy counts the
  time in which other processes had its core, too), and underruns.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import json
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil

from distill_control.osc.client import OscClient
from distill_engine.realtime.shared_memory import StatusWriter
from distill_engine.realtime.status import Status
from distill_engine.vocabulary.table import index_of
from harness.benchmark import Benchmark, Column, Run, Table
from live_support.browser import CHROMIUM, Browser, Page
from live_support.control_process import ControlProcess
from live_support.underrun_watch import UnderrunWatch

RATE_HZ = 30.0  # of each control that comes in
DRAG_HZ = 60.0
BARS = "document.querySelectorAll('.control .bar').length"
BENCHMARK = Benchmark(
    "page",
    "The page in a browser",
    [
        Table(
            "load",
            "From the command `distill-engine` (null device) on; the page's own times count from its first request.",
            (
                Column("port_ms", "port open, ms", ".0f"),
                Column("paint_ms", "first paint, ms", ".0f"),
                Column("controls_ms", "controls there, ms", ".0f"),
                Column("cold_ms", "command to first paint, ms", ".0f"),
                Column("kilobytes", "kB", ".0f"),
                Column("requests", "requests", "d"),
                Column("elsewhere", "to other hosts", "d"),
            ),
        ),
        Table(
            "drag",
            "A bar dragged at 60 Hz: from the input event in the browser to the value in shared memory.",
            (
                Column("moves", "moves", "d"),
                Column("arrived", "arrived", ".0%"),
                Column("p50_ms", "p50, ms", ".1f"),
                Column("p99_ms", "p99", ".1f"),
                Column("last_exact", "last value exact"),
            ),
        ),
        Table(
            "map",
            "A map of 400 points with a trail, while its ring is dragged at 60 Hz.",
            (
                Column("pictures_hz", "pictures a second", ".0f"),
                Column("slowest_ms", "longest between two, ms", ".0f"),
                Column("main_cpu", "main thread, processor time", ".0%"),
            ),
        ),
        Table(
            "codes",
            "The workshop's grid with a minute of codes, while it is scrolled and a range is drawn at 60 Hz.",
            (
                Column("columns", "columns", "d"),
                Column("open_ms", "opens in, ms", ".0f"),
                Column("pictures_hz", "pictures a second", ".0f"),
                Column("slowest_ms", "longest between two, ms", ".0f"),
                Column("main_cpu", "main thread, processor time", ".0%"),
            ),
        ),
        Table(
            "follow",
            "All controls of the starter at 30 Hz each over OSC, to a playing engine without a device. "
            "Underruns are the machine's if a bystander thread of higher priority was late, too.",
            (
                Column("pages", "pages", "d"),
                Column("seconds", "s", "g"),
                Column("sent_hz", "sent a second, each", ".1f"),
                Column("shown_hz", "shown a second, each", ".1f"),
                Column("control_cpu", "control process, of one core", ".1%"),
                Column("main_thread", "page's main thread busy", ".0%"),
                Column("main_cpu", "its processor time", ".0%"),
                Column("underruns", "underruns", ".0f"),
                Column("underruns_machine", "of them the machine's", ".0f"),
            ),
            key=("pages", "seconds"),
        ),
    ],
)


class Playing:
    """`distill-engine` with the starter and no device, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.port, self.query_port = _port(), _port()
        command = [sys.executable, "-m", "distill_control.cli.engine", "--device", "null", "--no-midi"]
        command += ["--osc-port", str(self.port), "--oscquery-port", str(self.query_port)]
        self.process = subprocess.Popen(command, env=os.environ | {"DISTILL_HOME": str(home)})

    @property
    def page(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.query_port}/ui/"

    @property
    def control(self) -> psutil.Process:
        """The control process."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "distill_control.session" in child.cmdline())

    def wait(self) -> None:
        """Wait until the page is served. Raises RuntimeError if the engine ends."""
        while self.process.poll() is None:
            try:
                urlopen(self.page, timeout=5).close()
                return
            except OSError:
                time.sleep(0.002)
        raise RuntimeError("the engine has ended")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


def _port() -> int:
    """Return a free port that no connection gets by itself: the page is asked for before it is served."""
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def playing() -> Iterator[Playing]:
    """Run an engine."""
    with tempfile.TemporaryDirectory(prefix="page-bench-") as home:
        engine = Playing(Path(home))
        try:
            yield engine
        finally:
            engine.stop()


def load(run: Run, browser: Browser) -> None:
    """Time a cold start, and count what the page asks for."""
    began = time.monotonic()
    with playing() as engine:
        engine.wait()
        port = time.monotonic() - began
        page = browser.page(engine.page)
        page.until(f"{BARS} > 3")
        found = page.run(
            "(() => { const all = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));"
            "return {paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,"
            "bytes: all.reduce((sum, one) => sum + one.transferSize, 0), now: performance.now()}; })()"
        )
        requests = page.requests()
        page.close()
    elsewhere = [url for url in requests if f"127.0.0.1:{engine.query_port}" not in url]
    run.row(
        "load",
        port_ms=port * 1e3,
        paint_ms=found["paint"],
        controls_ms=found["now"],
        cold_ms=port * 1e3 + found["paint"],
        kilobytes=found["bytes"] / 1e3,
        requests=len(requests),
        elsewhere=len(elsewhere),
    )


def drag(run: Run, browser: Browser, seconds: float) -> None:
    """Drag the bar of the width, and time each value until the engine's memory holds it."""
    control = ControlProcess()
    page = browser.page(f"http://127.0.0.1:{control.oscquery_port}/ui/")
    page.until("document.querySelector('[data-address=\"/distill/width\"] input')")
    page.run(
        "window.moves = []; document.querySelector('[data-address=\"/distill/width\"] input').addEventListener('input',"
        "event => moves.push([Number(event.target.value), performance.timeOrigin + performance.now()]))"
    )
    seen: dict[float, float] = {}
    ending = threading.Event()
    watching = threading.Thread(target=_watch, args=(control, seen, ending))
    watching.start()
    left, top, width, height = page.box("[data-address='/distill/width'] input")
    for move in range(int(seconds * DRAG_HZ)):
        share = 0.1 + 0.8 * abs((move / 97.3) % 2 - 1)
        page.mouse("mousePressed" if move == 0 else "mouseMoved", left + share * width, top + height / 2)
        time.sleep(1 / DRAG_HZ)
    page.mouse("mouseReleased", left + share * width, top + height / 2)
    time.sleep(0.3)
    moves: list[tuple[float, float]] = page.run("moves")
    ending.set()
    watching.join()
    width_now = next(value for number, value, _ in control.parameters.current() if number == index_of("/distill/width"))
    page.close()
    control.stop()
    frames = dict(moves)
    known = sorted(seen)
    late = sorted(seen[found] * 1e3 - at for value, at in frames.items() if (found := _near(known, value)) is not None)
    run.row(
        "drag",
        moves=len(frames),
        arrived=len(late) / max(1, len(frames)),
        p50_ms=late[len(late) // 2],
        p99_ms=late[int(len(late) * 0.99)],
        last_exact=_near([width_now], moves[-1][0]) is not None,
    )


def move_on_map(run: Run, browser: Browser, seconds: float) -> None:
    """Drag the ring of a full map while a trail is drawn, and count the pictures."""
    control = ControlProcess()
    points = [[random.uniform(-1, 1), random.uniform(-1, 1), number % 40, 0.0, None, None] for number in range(400)]
    facts = {"controls": ["brightness"], "latents": 16, "has_map": True}
    clips = {str(number): f"sound {number}.wav" for number in range(40)}
    control.channel.send({"event": "model", "name": "full", **facts, "map": {"points": points, "clips": clips}})
    page = browser.page(f"http://127.0.0.1:{control.oscquery_port}/ui/")
    page.until(
        "document.querySelector('header select').value === 'full' && document.querySelector('#map canvas').clientWidth"
    )
    left, top, width, height = page.box("#map canvas")
    writer = StatusWriter(control.block)
    with drawn_pictures(page) as figures:
        began = time.monotonic()
        page.mouse("mousePressed", left + width / 2, top + height / 2)
        for step in range(int(seconds * DRAG_HZ)):
            turn = 2 * math.pi * step / DRAG_HZ
            page.mouse(
                "mouseMoved",
                left + width * (0.5 + 0.4 * math.sin(turn)),
                top + height * (0.5 + 0.4 * math.cos(1.3 * turn)),
            )
            place = {"place_x": 0.8 * math.sin(0.7 * turn), "place_y": 0.8 * math.cos(0.9 * turn)}
            writer.publish(Status(playing=1.0, **place).figures())
            time.sleep(max(0.0, began + step / DRAG_HZ - time.monotonic()))
        page.mouse("mouseReleased", left + width / 2, top + height / 2)
    page.close()
    control.stop()
    run.row("map", **figures)


@contextmanager
def drawn_pictures(page: Page) -> Iterator[dict[str, float]]:
    """Count the pictures that a page draws in this block; the figures are there at its end."""
    page.call("Performance.enable")
    page.run(
        "(() => { window.pictures = []; const turn = (at) => { pictures.push(at); requestAnimationFrame(turn); };"
        "requestAnimationFrame(turn); })()"
    )
    figures: dict[str, float] = {}
    before, began = _metric(page, "ThreadTime"), time.monotonic()
    yield figures
    used = (_metric(page, "ThreadTime") - before) / (time.monotonic() - began)
    pictures: list[float] = page.run("pictures")
    gaps = [after - earlier for earlier, after in itertools.pairwise(pictures)]
    figures |= {"pictures_hz": 1000 * len(gaps) / sum(gaps), "slowest_ms": max(gaps), "main_cpu": used}


def draw_codes(run: Run, browser: Browser, seconds: float) -> None:
    """Scroll a minute of codes and draw a range over them, and count the pictures."""
    with tempfile.TemporaryDirectory(prefix="page-bench-") as home:
        environment, sound = {**os.environ, "DISTILL_HOME": home}, Path(home) / "minute.wav"
        distill = [sys.executable, "-m", "distill_control.cli.main"]
        (Path(home) / "codes").mkdir()
        codes = Path(home) / "codes" / "minute.distillcodes"
        for words in (
            ["render", "starter", "--duration", "60", "-o", str(sound)],
            ["codes", "encode", "starter", str(sound), "-o", str(codes)],
        ):
            subprocess.run([*distill, *words], check=True, env=environment, capture_output=True)
        port = _port()
        words = [*distill, "ui", "--port", str(port), "--no-browser", "--no-engine"]
        workshop = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=environment)
        try:
            while workshop.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            run.row("codes", **_codes_figures(browser, f"http://127.0.0.1:{port}/workshop/#codes", seconds))
        finally:
            workshop.terminate()
            workshop.wait(20)


def _codes_figures(browser: Browser, url: str, seconds: float) -> dict[str, float]:
    """Open the saved codes in the workshop, move over them, and return what was seen."""
    page = browser.page(url)
    for name, value in (("model", "starter"), ("saved", "minute")):
        page.until(f"document.querySelector('#codes [name={name}] option[value={value}]')", 20)
        page.run(
            f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change', {{ bubbles: true }})); }})"
            f"(document.querySelector('#codes [name={name}]'))"
        )
    opener = (
        "[...document.querySelectorAll('#codes button')].find((e) => e.textContent.trim() === 'Open' && !e.disabled)"
    )
    page.until(opener)
    began = time.monotonic()
    page.run(f"{opener}.click()")
    page.until("/columns, 1:00/.test(document.querySelector('#codes').textContent)", 30)
    opened = time.monotonic() - began
    columns = int(page.run("document.querySelector('#codes').textContent.match(/(\\d+) columns, 1:00/)[1]"))
    left, top, width, height = page.box("#codes .grid")
    with drawn_pictures(page) as figures:
        began = time.monotonic()
        page.mouse("mousePressed", left + 0.3 * width, top + 0.6 * height)
        for step in range(int(seconds * DRAG_HZ)):
            turn = 2 * math.pi * step / DRAG_HZ
            page.mouse("mouseMoved", left + width * (0.5 + 0.3 * math.sin(turn)), top + 0.6 * height)
            page.run(
                "document.querySelector('#codes .grid').dispatchEvent("
                f"new WheelEvent('wheel', {{ deltaX: {260 * math.sin(0.2 * turn):.1f}, cancelable: true }}))"
            )
            time.sleep(max(0.0, began + step / DRAG_HZ - time.monotonic()))
        page.mouse("mouseReleased", left + 0.5 * width, top + 0.6 * height)
    page.close()
    return {"columns": columns, "open_ms": 1000 * opened, **figures}


def _watch(control: ControlProcess, seen: dict[float, float], ending: threading.Event) -> None:
    """Note when each value of the width is in shared memory."""
    index, words = index_of("/distill/width"), control.block.words
    before = words[index]
    while not ending.is_set():
        if words[index] != before:
            before = words[index]
            value = next(value for number, value, _ in control.parameters.current() if number == index)
            seen.setdefault(value, time.time())
        time.sleep(0.0003)


def _near(known: list[float], value: float) -> float | None:
    """Return the sorted value that is the same as `value` in 32 bits; None without one."""
    at = bisect.bisect(known, value)
    return next((one for one in known[max(0, at - 1) : at + 1] if abs(one - value) < 1e-6), None)


def follow(run: Run, browser: Browser, pages: int, seconds: float) -> None:
    """Move all controls over OSC, and measure what pages show of it and what that takes."""
    with playing() as engine:
        engine.wait()
        names = _controls(engine)
        opened = [browser.page(engine.page) for _ in range(pages)]
        for page in opened:
            page.until(f"{BARS} > 3")
            page.call("Performance.enable")
            page.run(
                "window.shown = 0; new MutationObserver(all => (shown += all.filter(e => e.target.className === 'mark').length))"
                ".observe(document.querySelector('#controls .list'), {subtree: true, attributeFilter: ['style']})"
            )
        with OscClient(port=engine.port) as client:
            client.send("/distill/play")
            _move(client, names, 1.0)
            watch = UnderrunWatch(engine.port)
            before = _figures(client, engine, opened)
            sent = _move(client, names, seconds)
            after = _figures(client, engine, opened)
            machine = watch.stop()
        for page in opened:
            page.close()
    passed = after["at"] - before["at"]
    gained = {name: after[name] - before[name] for name in before}
    run.row(
        "follow",
        pages=pages,
        seconds=seconds,
        sent_hz=sent / passed,
        shown_hz=gained["shown"] / passed / len(names) / pages if pages else None,
        control_cpu=gained["cpu"] / passed,
        main_thread=gained["task"] / passed / pages if pages else None,
        main_cpu=gained["thread"] / passed / pages if pages else None,
        underruns=gained["underruns"],
        underruns_machine=machine["underruns_machine"],
    )


def _controls(engine: Playing) -> list[str]:
    """Return the names of the model's controls, once it is loaded."""
    while True:
        with urlopen(f"{engine.page}model.json", timeout=5) as answer:
            names: list[str] | None = json.load(answer).get("controls")
        if names:
            return names
        time.sleep(0.05)


def _move(client: OscClient, names: list[str], seconds: float) -> int:
    """Send every control RATE_HZ times a second; return how often each was sent."""
    began = time.monotonic()
    count = 0
    while (now := time.monotonic() - began) < seconds:
        for number, name in enumerate(names):
            client.send(f"/distill/control/{name}", abs((0.37 * now + number / 7) % 2 - 1) - 0.5)
        count += 1
        time.sleep(max(0.0, began + count / RATE_HZ - time.monotonic()))
    return count


def _figures(client: OscClient, engine: Playing, pages: list[Page]) -> dict[str, float]:
    """Return what has been counted until now."""
    underruns = 0.0
    client.send("/distill/status")
    while (message := client.receive(5.0)) is not None:
        if message.address == "/distill/status.reply":
            status = dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
            underruns = float(status["underruns"])
            break
    used = sum(engine.control.cpu_times()[:2])
    return {
        "at": time.monotonic(),
        "underruns": underruns,
        "cpu": used,
        "task": sum(_metric(page, "TaskDuration") for page in pages),
        "thread": sum(_metric(page, "ThreadTime") for page in pages),
        "shown": sum(float(page.run("shown")) for page in pages),
    }


def _metric(page: Page, name: str) -> float:
    metrics: list[dict[str, Any]] = page.call("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == name)


def main() -> int:
    """Run all parts."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="length of each part that follows controls")
    parser.add_argument("--pages", type=int, nargs="+", default=[0, 1, 8], help="pages that follow")
    options = parser.parse_args()
    if CHROMIUM is None:
        print("page: not measured, Chromium is not installed", file=sys.stderr)
        return 0
    with BENCHMARK.run(options) as run:
        browser = Browser()
        try:
            load(run, browser)
            drag(run, browser, min(options.seconds, 10.0))
            move_on_map(run, browser, min(options.seconds, 10.0))
            draw_codes(run, browser, min(options.seconds, 10.0))
            for pages in options.pages:
                follow(run, browser, pages, options.seconds)
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
