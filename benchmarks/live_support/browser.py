"""A real Chromium, driven by its own protocol over a WebSocket: nothing beyond what Distill needs is installed for it."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--hide-scrollbars=false", "--remote-debugging-port=0")  # fmt: skip
KEYS = {
    "Escape": 27,
    "Enter": 13,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Home": 36,
    "End": 35,
    "Tab": 9,
    " ": 32,
}


class Browser:
    """One Chromium with a profile of its own; `page` opens a page in it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chromium-"))
        command = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={self.folder}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        place = self.folder / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not (place.exists() and len(lines := place.read_text().splitlines()) == 2):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("Chromium does not start")
            time.sleep(0.05)
        self._connection = connect(
            f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, max_queue=None, ping_interval=None, proxy=None
        )
        self._pages: dict[str, Page] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._number = 0

    def page(self, url: str, width: int = 1280, height: int = 800) -> Page:
        """Open a page and wait until it has loaded."""
        target = self.call("Target.createTarget", {"url": "about:blank", "newWindow": True})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.call("Emulation.setFocusEmulationEnabled", {"enabled": True})
        page.go(url)
        return page

    def call(self, method: str, arguments: dict[str, Any] | None = None, session: str = "") -> dict[str, Any]:
        """Carry out a command of the protocol and return its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": arguments or {}}
        self._connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        deadline = time.monotonic() + 30
        while number not in self._answers:
            self.listen(deadline - time.monotonic())
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def listen(self, seconds: float) -> None:
        """Take one message of the browser."""
        message = json.loads(self._connection.recv(timeout=max(seconds, 0.001)))
        if "id" in message:
            self._answers[message["id"]] = message
        elif message.get("sessionId") in self._pages:
            self._pages[message["sessionId"]].events.append(message)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Page:
    """One page: scripts, mouse, keys, pictures, and what it asked of the network."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Carry out a command of the protocol in this page."""
        return self._browser.call(method, arguments, self._session)

    def resize(self, width: int, height: int) -> None:
        """Give the page this size in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def go(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", {"url": url})
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return the value of an expression."""
        given = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", given)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 10.0) -> None:
        """Wait until an expression is true; one that fails is not."""
        deadline = time.monotonic() + seconds
        while not self.run(f"(() => {{ try {{ return Boolean({script}); }} catch {{ return false; }} }})()"):
            if time.monotonic() > deadline:
                raise AssertionError(f"never came true: {script}")
            time.sleep(0.03)

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Return left, top, width and height of an element."""
        script = f"(b => [b.left, b.top, b.width, b.height])(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        left, top, width, height = self.run(script)
        return left, top, width, height

    def mouse(self, kind: str, x: float, y: float, count: int = 1, button: str = "left") -> None:
        """Send a mouse event: mousePressed, mouseMoved or mouseReleased."""
        self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": button, "clickCount": count})

    def click(
        self, selector: str, *, times: int = 1, button: str = "left", at: tuple[float, float] = (0.5, 0.5)
    ) -> None:
        """Click an element at a place of it."""
        left, top, width, height = self.box(selector)
        x, y = left + at[0] * width, top + at[1] * height
        self.mouse("mouseMoved", x, y)
        for count in range(1, times + 1):
            self.mouse("mousePressed", x, y, count, button)
            self.mouse("mouseReleased", x, y, count, button)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Send a touch event: touchStart, touchMove or touchEnd."""
        self.call("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def key(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key."""
        code = KEYS.get(key, ord(key.upper()[0]))
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **common, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **common})

    def type(self, selector: str, text: str) -> None:
        """Replace the text of a field."""
        self.run(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.call("Input.insertText", {"text": text})

    def picture(self, path: Path) -> None:
        """Write what is seen as a PNG, or as a WebP for a path with that suffix."""
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {"format": "webp", "quality": 80} if path.suffix == ".webp" else {"format": "png"}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", kind)["data"]))

    def requests(self) -> list[str]:
        """Return the addresses of all requests so far, WebSockets too."""
        self.run("0")
        found = [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return found + [e["params"]["url"] for e in self.events if e["method"] == "Network.webSocketCreated"]

    def complaints(self) -> list[str]:
        """Return the errors and warnings of the console, and broken scripts."""
        self.run("0")
        said = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                said.append(str(event["params"]["exceptionDetails"]))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in ("error", "warning"):
                said.append(str(event["params"]["entry"]))
        return said

    def offline(self, offline: bool) -> None:
        """Take the network away, or give it back."""
        speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.call("Network.emulateNetworkConditions", {"offline": offline, **speed})

    def close(self) -> None:
        """Close the page."""
        self._browser.call("Target.closeTarget", {"targetId": self._target})
