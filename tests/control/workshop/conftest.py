"""`distill ui` as a process of its own, in a home of its own, asked over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from distill_control.workshop.jobs import JobStore
from distill_engine.errors import LibraryError

CHANGING = {"X-Distill": "1", "Content-Type": "application/json"}
ENDS = itertools.cycle((signal.SIGHUP, signal.SIGTERM, signal.SIGINT))  # all alike
FINAL = ("done", "failed", "cancelled", "lost")


class RunningWorkshop:
    """A workshop that a test may ask, kill and start again."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home, self._options = home, options
        self.start()

    def start(self, port: int = 0) -> None:
        """Start it, and wait until it answers."""
        words = [sys.executable, "-m", "distill_control.cli.main", "ui", "--json", "--port", str(port), "--no-browser"]
        environment = {**os.environ, "DISTILL_HOME": str(self.home)}
        options = self._options or ("--no-engine",)
        self.process = subprocess.Popen([*words, *options], stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            assert line, "the workshop does not start"
            text += line
        self.url = json.loads(text)["url"]
        self.port = int(self.url.split(":")[2].partition("/")[0])

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, http.client.HTTPResponse]:
        """Return status, contents and answer of a request; JSON comes as values."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {} if method == "GET" else dict(CHANGING)
        connection.request(method, quote(path, safe="/?=&%"), data, {**given, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, json.loads(content) if "json" in kind else content, answer

    def get(self, path: str) -> Any:
        """Return what a path holds; anything but 200 fails."""
        status, content, _ = self.ask("GET", path)
        assert status == 200, content
        return content

    def order(self, kind: str, **body: Any) -> str:
        """Order a job and return its name."""
        status, content, _ = self.ask("POST", f"/api/jobs/{kind}", body)
        assert status == 200, content
        return str(content["jobs"][0])

    def job(self, identity: str) -> dict[str, Any]:
        """Return how a job stands."""
        return next(
            (job for job in self.get("/api/jobs") if job["id"] == identity), {"state": "unseen", "progress": {}}
        )

    def until(self, identity: str, reached: Callable[[dict[str, Any]], Any], seconds: float = 90) -> dict[str, Any]:
        """Wait until a job stands as wanted."""
        deadline = time.monotonic() + seconds
        while not reached(job := self.job(identity)):
            assert time.monotonic() < deadline, job
            time.sleep(0.1)
        return job

    def ended(self, identity: str) -> dict[str, Any]:
        """Wait for a job's end."""
        return self.until(identity, lambda job: job["state"] in FINAL)

    def upload(self, corpus: str, name: str, data: bytes) -> tuple[int, Any]:
        """Send a file into a corpus."""
        kind = {"Content-Type": "application/octet-stream"}
        status, content, _ = self.ask("PUT", f"/api/corpora/{corpus}/files/{name}", data, kind)
        return status, content

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def clean(self) -> None:
        """End jobs that a failed test has left."""
        store = JobStore(self.home / "jobs")
        for identity in store.ids():
            with contextlib.suppress(LibraryError):
                store.stop(identity, kill=True)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkshop]:
    running = RunningWorkshop(tmp_path_factory.mktemp("home"))
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0
    running.clean()


@pytest.fixture
def start_workshop(tmp_path: Path) -> Iterator[Callable[..., RunningWorkshop]]:
    """`start_workshop(*options)`: another one, in a home of its own."""
    started: list[RunningWorkshop] = []

    def start(*options: str) -> RunningWorkshop:
        started.append(RunningWorkshop(tmp_path, *options))
        return started[-1]

    yield start
    for one, number in zip(started, ENDS, strict=False):
        assert one.stop(number) == 0


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """`tone(seed, seconds=0.6, kind="wav")`: the bytes of a sound file, another sound for each seed."""
    folder = tmp_path_factory.mktemp("tones")

    def make(seed: int, seconds: float = 0.6, kind: str = "wav") -> bytes:
        rng = np.random.default_rng(seed)
        time_axis = np.arange(int(44100 * seconds)) / 44100
        sound = sum(np.sin(2 * np.pi * (150 + 130 * seed) * k * time_axis) / k for k in (1, 2, 3))
        sound = 0.2 * sound * np.exp(-2 * time_axis) + 0.01 * rng.standard_normal(len(time_axis))
        path = folder / f"tone.{kind}"
        soundfile.write(path, sound, 44100)
        return path.read_bytes()

    return make
