"""The state of a running workshop, and the loop that moves its jobs on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio import to_thread

from distill_control.workshop.corpora import Corpora
from distill_control.workshop.jobs import JobStore
from distill_control.workshop.keeping import Keeper, as_sent
from distill_control.workshop.models import Models
from distill_control.workshop.runner import JobRunner
from distill_engine.errors import ControlError
from distill_engine.library.renders import RenderStore

LIFE_SECONDS = 10.0  # between two signs of life on a stream that has nothing to tell
ROUND_SECONDS = 0.2  # between two looks at the jobs: five a second are enough to draw


@dataclass(frozen=True)
class Commands:
    """How to run Distill: `distill` as words, and the command that runs the job of a folder."""

    distill: Sequence[str]
    child: Sequence[str]


@dataclass
class Sent:
    """What one browser has been told of a job: its summary, points of its curve, thinnings."""

    summary: str = ""
    points: int = 0
    thinned: int = 0


@dataclass
class Workshop:
    """All that the requests share. `version` counts changes of jobs."""

    commands: Commands
    engine_port: int
    corpora: Corpora = field(default_factory=Corpora)
    renders: RenderStore = field(default_factory=RenderStore)
    jobs: JobStore = field(default_factory=JobStore)
    models: Models = field(default_factory=Models)
    version: int = 0
    closing: bool = False

    def __post_init__(self) -> None:
        keeper = Keeper(self.jobs, self.renders)
        self.runner = JobRunner(self.jobs, self.commands.child, keeper.finish)
        self._lock = threading.Lock()

    async def run(self) -> None:
        """Move the jobs on until the workshop closes."""
        while not self.closing:
            await to_thread.run_sync(self.round)
            await asyncio.sleep(ROUND_SECONDS)

    def round(self) -> None:
        """Look at the jobs once."""
        with self._lock:
            if self.runner.round():
                self.version += 1

    def summaries(self) -> list[dict[str, Any]]:
        """Return how every job stands, the newest first, without curves."""
        with self._lock:
            return [self._summary(identity) for identity in sorted(self.runner.jobs, reverse=True)]

    def _summary(self, identity: str) -> dict[str, Any]:
        job, progress = self.runner.jobs[identity], self.runner.readers[identity].progress
        state = self.runner.states.get(identity, "queued")
        said = self.runner.faults.get(identity) or (progress.said if state != "done" else "")
        return {
            "id": identity,
            "kind": job.kind,
            "title": job.title,
            "about": job.about,
            "created": job.created,
            "heavy": job.heavy,
            "state": state,
            "progress": progress.last,
            "notes": progress.notes[-8:],
            "previews": [preview["epoch"] for preview in progress.previews],
            "saved": progress.saved.get("epoch"),
            "validated": progress.validated[-1:],
            "said": as_sent(job, said),
        }

    def news(self, told: dict[str, Sent]) -> list[dict[str, Any]]:
        """Return what has changed since a browser was `told`: summaries, and new points of curves.

        `reset` says that the curve is given whole.
        """
        news = []
        with self._lock:
            for identity in sorted(self.runner.jobs):
                known, progress = told.setdefault(identity, Sent()), self.runner.readers[identity].progress
                summary = self._summary(identity)
                text = json.dumps(summary, default=str)
                reset = known.points == 0 or known.thinned != progress.thinned
                curve = progress.curve[0 if reset else known.points :]
                if text != known.summary or curve:
                    whole = progress.validated if reset else progress.validated[-1:]
                    news.append({**summary, "curve": curve, "reset": reset, "validated": whole})
                told[identity] = Sent(text, len(progress.curve), progress.thinned)
            gone = told.keys() - self.runner.jobs.keys()
        for identity in gone:
            del told[identity]
            news.append({"id": identity, "state": "gone"})
        return news

    async def stream(self) -> AsyncIterator[str]:
        """Yield server-sent events: all jobs first, then what changes, and a sign of life."""
        told: dict[str, Sent] = {}
        seen, heard = -1, time.monotonic()
        while not self.closing:
            if seen != self.version:
                seen, heard = self.version, time.monotonic()
                news = await to_thread.run_sync(self.news, told)  # a round may hold the lock
                yield f"id: {seen}\ndata: {json.dumps(news, default=str)}\n\n"
            elif time.monotonic() - heard >= LIFE_SECONDS:
                heard = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(ROUND_SECONDS)

    def preview(self, identity: str, number: int) -> Path | None:
        """Return the file of a job's preview; None if there is none."""
        with self._lock:
            reader = self.runner.readers.get(identity)
            previews = reader.progress.previews if reader else []
            return Path(previews[number]["path"]) if 0 <= number < len(previews) else None

    async def ask(self, *words: str) -> Any:
        """Run a short command and return what it prints as JSON. Raises ControlError."""
        process = await asyncio.create_subprocess_exec(
            *self.commands.distill,
            *words,
            "--json",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, said = await process.communicate()
        with contextlib.suppress(ValueError):
            return json.loads(out)
        lines = said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise ControlError(f"distill {' '.join(words)}: {lines[-1]}")
