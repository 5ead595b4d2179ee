"""A real engine for tests in a browser, and the browser that the benchmarks use too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from distill_control.osc.client import OscClient
from live_support.browser import CHROMIUM, Browser, Page

__all__ = ["AXE", "CHROMIUM", "Browser", "Page", "PlayingEngine", "found_by_axe", "stray_file"]

AXE = Path(__file__).parents[1] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def stray_file(page: Page, selector: str) -> list[bool]:
    """Drag a file over an element and drop it; return for both whether the page kept the browser from opening it."""
    script = (
        "kind => { const dataTransfer = new DataTransfer(); dataTransfer.items.add(new File(['x'], 'x.wav'));"
        "const event = new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true});"
        f"document.querySelector({json.dumps(selector)}).dispatchEvent(event); return event.defaultPrevented; }}"
    )
    found: list[bool] = page.run(f"['dragover', 'drop'].map({script})")
    return found


def found_by_axe(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical on a page."""
    if not page.run("Boolean(window.axe)"):
        page.run(AXE.read_text("utf-8") + "; 0")
    found: list[str] = page.run(
        "axe.run({resultTypes: ['violations']}).then(({violations}) => violations.filter(one => "
        "['serious', 'critical'].includes(one.impact)).map(one => one.id + ': ' + one.nodes.map(node => node.html.slice(0, 90)).join()))"
    )
    return found


class PlayingEngine:
    """`distill-engine` with the starter and no device, in a home of its own."""

    def __init__(self, home: Path, osc_port: int = 0, oscquery_port: int = 0) -> None:
        self.home = home
        command = [sys.executable, "-m", "distill_control.cli.engine", "--device", "null", "--no-midi", "--json"]
        command += [
            "--osc-port",
            str(osc_port),
            "--oscquery-port",
            str(oscquery_port),
            "--threads",
            "1",
            "--block",
            "4",
        ]
        environment = {**os.environ, "DISTILL_HOME": str(home)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        status: dict[str, Any] = {}
        while not status.get("oscquery_port") or not status.get("hops"):
            line = self.process.stdout.readline()
            assert line, "the engine does not start"
            status = json.loads(line)
        self.osc_port, self.oscquery_port = int(status["osc_port"]), int(status["oscquery_port"])
        self._reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self._reader.start()

    def client(self) -> OscClient:
        """Return an OSC client of it."""
        return OscClient(port=self.osc_port)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
