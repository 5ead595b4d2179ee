"""Jobs: one folder each, from which any process can tell how a job stands.

A folder holds `job.json` (what was asked), `events.jsonl` and `result.json` (the command's stderr
and stdout), `run.json` (process and start), `exit` (its exit code), `stop` and `paused` (that this
was asked for), and `lock`, which the running command holds: the system frees it however the command
ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from distill_engine.errors import Cancelled, LibraryError
from distill_engine.library.folders import ensure, jobs_dir
from distill_engine.system.atomic_write import sync_folder, write_advice, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.portable.files import try_lock
from distill_engine.system.portable.processes import ask_to_end, halt
from distill_engine.system.regular_files import NotRegularError, open_regular, read_small, reason_of

FINAL = frozenset({"done", "failed", "cancelled", "lost"})
ACTIVE = frozenset({"running", "paused", "stopping"})
FOLDER = "{job folder}"
START_SECONDS = 20.0  # until a process that was started says that it runs
FILE_BYTES = 64 << 20  # of an order or a result, at most
NUMBER_BYTES = 1000  # of `run.json` and `exit`, at most
_ID = re.compile(r"\d{8}-\d{6}-[a-z-]{1,24}-[0-9a-f]{6}")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a job shall do.

    Attributes:
        kind: "train", "render", "check" and so on.
        title: a line for people.
        words: the command after `distill`, without --json; FOLDER stands for the job's folder.
        heavy: whether it waits for other heavy ones, and runs at nice 10.
        about: what belongs to it: model, corpus, settings, files.
    """

    kind: str
    title: str
    words: tuple[str, ...]
    heavy: bool = True
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Job(Order):
    """An order with the name of its folder and the time, seconds since 1970, when it was given."""

    id: str
    created: float = 0.0


class JobStore:
    """All jobs below `root`, the library's folder by default."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else jobs_dir()

    def add(self, order: Order) -> Job:
        """Queue what was ordered. Raises LibraryError."""
        identity = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{order.kind}-{secrets.token_hex(3)}"
        words = tuple(word.replace(FOLDER, str(self.folder(identity)), 1) for word in order.words)
        job = Job(**{**vars(order), "words": words}, id=identity, created=time.time())
        making = ensure(self.root) / f".{identity}"
        try:
            making.mkdir()
            text = json.dumps(asdict(job), ensure_ascii=False, indent=1)
            write_file(making / "job.json", text.encode(), sweep=False)
            making.rename(self.folder(identity))
            sync_folder(self.root)
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            raise LibraryError(f"{making}: {write_advice(error, making, 'set DISTILL_HOME to another disk')}") from None
        return job

    def ids(self) -> list[str]:
        """Return the names of all jobs, the oldest first."""
        names = os.listdir(self.root) if self.root.is_dir() else []
        return sorted(filter(_ID.fullmatch, names))

    def folder(self, identity: str) -> Path:
        """Return a job's folder."""
        return self.root / identity

    def get(self, identity: str) -> Job:
        """Return a job. Raises LibraryError."""
        if not _ID.fullmatch(identity):
            raise LibraryError(f"no job {identity[:40]!r}")
        try:
            table = parse(read_small(self.folder(identity) / "job.json", FILE_BYTES))
            return _job(identity, table)
        except FileNotFoundError:
            raise LibraryError(f"no job {identity[:40]!r}") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise LibraryError(f"job {identity}: cannot be read ({reason_of(error)}): delete its folder") from None

    def state(self, identity: str) -> str:
        """Return queued, running, paused, stopping, done, failed, cancelled or lost."""
        folder = self.folder(identity)
        begun = (folder / "lock").exists()  # before it is tried: a job that begins between the two is not lost
        running = is_held(folder / "lock")  # before `exit`, which is written while it is held
        code = self._number(folder / "exit")
        if code is not None:
            return {0: "done", Cancelled.exit_code: "cancelled"}.get(code, "failed")
        if running and (folder / "stop").exists():
            return "stopping"
        if running:
            return "paused" if (folder / "paused").exists() else "running"
        if begun:
            return "lost"
        return "cancelled" if (folder / "stop").exists() else "queued"

    def stop(self, identity: str, *, kill: bool = False) -> None:
        """Ask a job to end as Ctrl-C does; `kill` ends it at once. Raises LibraryError."""
        state, folder = self.state(self.get(identity).id), self.folder(identity)
        if state in FINAL:
            raise LibraryError(f"this job has ended already ({state})")
        self._mark_stop(folder)
        if state == "queued" and not is_held(folder / "lock"):
            return
        process = self._process(folder)
        with contextlib.suppress(ProcessLookupError):
            ask_to_end(process, kill=kill)

    def pause(self, identity: str, *, paused: bool) -> None:
        """Halt a running job, or let it go on. Raises LibraryError."""
        if self.state(self.get(identity).id) not in ("running", "paused"):
            raise LibraryError("only a running job can be paused")
        mark = self.folder(identity) / "paused"
        if paused:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
        halt(self._process(self.folder(identity)), halted=paused)

    def delete(self, identity: str) -> None:
        """Forget a job that has ended. Raises LibraryError."""
        if self.state(self.get(identity).id) not in FINAL:
            raise LibraryError("this job has not ended: stop it first")
        shutil.rmtree(self.folder(identity), ignore_errors=True)

    def result(self, identity: str) -> Any:
        """Return what the command printed as JSON; None if nothing or no JSON."""
        with contextlib.suppress(OSError, ValueError):
            return parse(read_small(self.folder(identity) / "result.json", FILE_BYTES), finite=False)
        return None

    def _mark_stop(self, folder: Path) -> None:
        try:
            write_file(folder / "stop", b"")
        except OSError as error:
            raise LibraryError(f"{folder}: {write_advice(error, folder / 'stop')}") from None

    def _process(self, folder: Path) -> int:
        """Return the number of a running job's process, which writes it at its start."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                return int(parse(read_small(folder / "run.json", NUMBER_BYTES))["pid"])
            if not is_held(folder / "lock"):
                break
            time.sleep(0.05)
        raise LibraryError("this job has just ended")

    def _number(self, path: Path) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int(read_small(path, NUMBER_BYTES))
        return None


def _job(identity: str, table: Any) -> Job:
    """Return the job of a table; raise TypeError or KeyError where it is none."""
    words = table["words"]
    kinds: dict[str, tuple[type, ...]] = {"heavy": (bool,), "about": (dict,), "created": (int, float)}
    if type(words) is not list or not all(isinstance(word, str) for word in words):
        raise TypeError("words are no list of texts")
    job = Job(**{**table, "words": tuple(words), "id": identity})
    for name, value in vars(job).items():
        if name != "words" and type(value) not in kinds.get(name, (str,)):
            raise TypeError(f"{name} is {value!r:.40}")
    return job


def is_held(lock: Path) -> bool:
    """Return whether a process holds this lock file."""
    try:
        with open_regular(lock) as file:
            return try_lock(file.fileno(), shared=True) is False
    except (FileNotFoundError, NotRegularError):
        return False
