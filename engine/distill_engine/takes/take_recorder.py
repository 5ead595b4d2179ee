"""Recording a take while it is played: the synth only queues, a thread of its own writes."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path
from typing import Any, TextIO

from distill_engine.errors import TakeError
from distill_engine.system.threads import lower_thread_priority
from distill_engine.takes.take import Take, TakeEvent, TakeHeader, header_line


class TakeRecorder:
    """Writes a take while it is played. `note` only queues; a thread of its own writes and flushes twice a second.

    A kill leaves a take that breaks off, which can still be rendered. Raises TakeError if the file exists or cannot be made.
    """

    def __init__(self, path: Path, header: TakeHeader) -> None:
        self.path = path
        try:
            self._file: TextIO = path.open("x", encoding="utf-8")
        except FileExistsError:
            raise TakeError(f"{path} exists already; choose another name") from None
        except OSError as error:
            raise TakeError(f"{path}: cannot record a take there: {error.strerror}") from None
        self._queue: queue.SimpleQueue[str | TakeHeader | TakeEvent | None] = queue.SimpleQueue()
        self._queue.put(header)
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._write, name="take", daemon=True)
        self._thread.start()

    def note(self, event: TakeEvent) -> None:
        """Queues one change (what was heard is kept as it is: do not change it any more)."""
        self._queue.put(event)

    def close(self, hops: int) -> None:
        """Ends the take at `hops`. Raises TakeError if writing had failed (a full disk)."""
        self._queue.put(json.dumps({"at": hops, "end": True}))
        self._queue.put(None)
        self._thread.join()
        if self.failure:
            raise TakeError(f"{self.path}: the take could not be written: {self.failure}")

    def _write(self) -> None:
        lower_thread_priority()
        with self._file:
            while (line := self._next()) is not None:
                try:
                    self._file.write(line + "\n" if line else "")
                    if not line:
                        self._file.flush()
                except OSError as error:
                    self.failure = error.strerror or str(error)

    def _next(self) -> str | None:
        """The next line; an empty one where nothing came for half a second."""
        try:
            item = self._queue.get(timeout=0.5)
        except queue.Empty:
            return ""
        if isinstance(item, TakeEvent):
            return item.to_json()
        return header_line(item) if isinstance(item, TakeHeader) else item


def write_take(take: Take, path: Path) -> None:
    """Writes a whole take; an existing file is never replaced. Raises TakeError."""
    recorder = TakeRecorder(path, take.header)
    for event in take.events:
        recorder.note(event)
    recorder.close(take.hops)


class TakeLog:
    """The take that a synth is recording, if any: first `waiting` for a good moment, then noting what is done."""

    def __init__(self) -> None:
        self._recorder: TakeRecorder | None = None
        self._path: Path | None = None
        self._first_hop = 0
        self._told = False

    def take_failure(self) -> str | None:
        """Why the take can no longer be written, once; None while it can."""
        failure = self._recorder.failure if self._recorder is not None and not self._told else None
        if self._recorder is None or failure is None:
            return None
        self._told = True
        return f"{self._recorder.path}: the take breaks off: {failure}"

    @property
    def active(self) -> bool:
        return self._recorder is not None or self.waiting

    @property
    def waiting(self) -> bool:
        return self._path is not None

    def start(self, path: Path) -> None:
        """Asks for a take. Raises TakeError if one is being recorded or the file exists."""
        if self.active:
            raise TakeError("a take is being recorded already; stop it first")
        if path.exists():
            raise TakeError(f"{path} exists already; choose another name")
        self._path = path

    def begin(self, hop: int, header: TakeHeader) -> None:
        """Starts the take that waits. Raises TakeError if its file cannot be made."""
        path, self._path, self._first_hop, self._told = self._path, None, hop, False
        if path is not None:
            self._recorder = TakeRecorder(path, header)

    def stop(self, hop: int) -> Path:
        """Ends the take and returns its file. Raises TakeError."""
        recorder, self._recorder, self._path = self._recorder, None, None
        if recorder is None:
            raise TakeError("no take is being recorded")
        recorder.close(hop - self._first_hop)
        return recorder.path

    def note(self, hop: int, **event: Any) -> None:
        """Something done before hop `hop` is rendered."""
        if self._recorder is not None:
            self._recorder.note(TakeEvent(hop - self._first_hop, **event))
