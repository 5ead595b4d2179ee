"""Start queued jobs, one heavy one at a time; jobs outlive the workshop that started them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence

from distill_control.workshop.jobs import ACTIVE, FINAL, Job, JobStore
from distill_control.workshop.progress import EventReader
from distill_engine.errors import DistillError
from distill_engine.library.folders import ensure
from distill_engine.system.atomic_write import FolderBusyError, folder_lock
from distill_engine.system.portable.files import RENAMES_OPEN_FILES, start_holding, try_lock
from distill_engine.system.regular_files import read_small

MOST_SAID_BYTES = 4096  # of why nothing is kept
LOCK_SECONDS = 1.0  # to wait for another workshop that starts a job

Finisher = Callable[[Job, str], str]
"""`finish(job, state)` keeps what a job that has ended has made, or tidies up after it.

It returns why nothing is kept, "" if it is.
"""


class JobRunner:
    """Watches all jobs of a store; `child` is the command that runs the job in a folder.

    `round` is called again and again. What ended while no workshop ran is finished by the next one.
    """

    def __init__(self, store: JobStore, child: Sequence[str], finish: Finisher) -> None:
        self.store = store
        self.jobs: dict[str, Job] = {}
        self.states: dict[str, str] = {}
        self.readers: dict[str, EventReader] = {}
        self.faults: dict[str, str] = {}
        self._child = tuple(child)
        self._finish = finish
        self._processes: list[subprocess.Popen[bytes]] = []

    def round(self) -> set[str]:
        """Look at all jobs, start what may start, finish what is done; return what has changed."""
        self._processes = [process for process in self._processes if process.poll() is None]
        changed = self._look()
        queued = [identity for identity, state in self.states.items() if state == "queued"]
        if queued:
            changed |= self._start_some(queued)
        return changed

    def _look(self) -> set[str]:
        identities = self.store.ids()
        gone = self.states.keys() - set(identities)
        for identity in gone:
            for table in (self.jobs, self.states, self.readers, self.faults):
                table.pop(identity, None)
        return gone | {identity for identity in identities if self._look_at(identity)}

    def _look_at(self, identity: str) -> bool:
        """Return whether a job has changed."""
        before = self.states.get(identity)
        if before in FINAL:
            return False
        if identity not in self.jobs:
            try:
                self.jobs[identity] = self.store.get(identity)
            except DistillError:
                return False
            self.readers[identity] = EventReader(self.store.folder(identity) / "events.jsonl")
        state = self.store.state(identity)  # before its events: those of its end are then read
        heard = self.readers[identity].read()
        if state in FINAL:
            self._finish_once(self.jobs[identity], state)
        self.states[identity] = state
        return heard or state != before

    def _finish_once(self, job: Job, state: str) -> None:
        """Keep what a job has made, unless another workshop has done so or does so now."""
        folder = self.store.folder(job.id)
        finished = folder / "finished"  # says why nothing is kept, where that is final
        try:
            with folder_lock(folder):
                if not finished.exists():
                    finished.write_text(self._finish(job, state))
                if said := read_small(finished, MOST_SAID_BYTES):
                    self.faults[job.id] = said.decode(errors="replace")
        except (DistillError, OSError) as error:
            self.faults[job.id] = str(error)

    def _start_some(self, queued: Sequence[str]) -> set[str]:
        """Start queued jobs while no other workshop does."""
        started = set()
        with contextlib.suppress(FolderBusyError), folder_lock(ensure(self.store.root), seconds=LOCK_SECONDS):
            busy = any(self.jobs[one].heavy and state in ACTIVE for one, state in self.states.items())
            for identity in sorted(queued):
                heavy = self.jobs[identity].heavy
                if (heavy and busy) or self.store.state(identity) != "queued":
                    continue
                try:
                    self._start(identity)
                except OSError as error:  # no process, no room on the disk, or deleted meanwhile: the next round tries
                    self.faults[identity] = f"cannot be started: {error.strerror or error}"
                    continue
                self.faults.pop(identity, None)
                self.states[identity] = self.store.state(identity)
                started.add(identity)
                busy = busy or heavy
        return started

    def _start(self, identity: str) -> None:
        """Start a job's command; it holds the lock from before it runs until it ends."""
        folder = self.store.folder(identity)
        name = ".lock" if RENAMES_OPEN_FILES else "lock"
        lock = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if try_lock(lock) is False:
                return  # another workshop starts it
            if RENAMES_OPEN_FILES:  # nobody sees it free before the command has ended
                (folder / name).rename(folder / "lock")
            with (folder / "events.jsonl").open("ab") as events, (folder / "result.json").open("wb") as result:
                self._processes.append(start_holding([*self._child, str(folder)], lock, result, events))
        finally:
            os.close(lock)
