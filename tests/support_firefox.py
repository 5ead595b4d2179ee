"""A real Firefox, driven by WebDriver BiDi, which it speaks by itself: https://www.w3.org/TR/webdriver-bidi/."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
START_SECONDS = 60.0


class Firefox:
    """One Firefox with a profile of its own and one page."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="firefox-"))
        quiet = {
            "app.normandy.enabled": False,
            "toolkit.telemetry.enabled": False,
            "browser.shell.checkDefaultBrowser": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in quiet.items()]
        (self.folder / "user.js").write_text("\n".join(lines))
        words = [str(FIREFOX), "--headless", "--remote-debugging-port=0", "--profile", str(self.folder), "about:blank"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._connection = connect(f"{self._address()}/session", max_size=None, ping_interval=None, proxy=None)
        self.call("session.new", {"capabilities": {}})
        self.call("session.subscribe", {"events": ["log.entryAdded", "network.beforeRequestSent"]})
        self._page = self.call("browsingContext.getTree", {})["contexts"][0]["context"]
        size = {"width": width, "height": height}
        self.call("browsingContext.setViewport", {"context": self._page, "viewport": size})

    def _address(self) -> str:
        """Return where it listens, which it writes into its profile."""
        place = self.folder / "WebDriverBiDiServer.json"
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError, KeyError):
                told = json.loads(place.read_text())
                return f"ws://{told['ws_host']}:{told['ws_port']}"
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("Firefox does not start")
            time.sleep(0.05)

    def call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out a command and return its result."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (answer := json.loads(self._connection.recv(timeout=30))).get("id") != self._number:
            self.events.append(answer)
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return dict(answer["result"])

    def go(self, url: str) -> None:
        """Go to an address, and wait until it has loaded."""
        self.call("browsingContext.navigate", {"context": self._page, "url": url, "wait": "complete"})

    def run(self, script: str) -> Any:
        """Return the value of an expression."""
        wrapped = f"Promise.resolve({script}).then((found) => JSON.stringify(found ?? null))"
        given = {"expression": wrapped, "target": {"context": self._page}, "awaitPromise": True}
        answer = self.call("script.evaluate", given)
        if answer["type"] != "success":
            raise RuntimeError(f"{script}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def until(self, script: str, seconds: float = 15.0) -> None:
        """Wait until an expression is true; one that fails is not."""
        deadline = time.monotonic() + seconds
        while not self.run(f"(() => {{ try {{ return Boolean({script}); }} catch {{ return false; }} }})()"):
            if time.monotonic() > deadline:
                raise AssertionError(f"never came true: {script}")
            time.sleep(0.03)

    def drag(self, places: list[tuple[float, float]]) -> None:
        """Press the mouse at the first place, move it through the others, and let go."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 16} for x, y in places]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self.call("input.performActions", {"context": self._page, "actions": [mouse]})

    def requests(self) -> list[str]:
        """Return the addresses of all requests so far."""
        sent = [event for event in self.events if event.get("method") == "network.beforeRequestSent"]
        return [str(event["params"]["request"]["url"]) for event in sent]

    def complaints(self) -> list[str]:
        """Return what the console says of errors and warnings."""
        entries = [event["params"] for event in self.events if event.get("method") == "log.entryAdded"]
        return [str(entry["text"]) for entry in entries if entry["level"] in ("error", "warn")]

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):
            self.call("browser.close", {})
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
