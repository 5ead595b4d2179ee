"""What a job's events come to: where it stands, its curves, previews, notes, and its last word."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_engine.system.regular_files import open_regular

CURVE_POINTS = 1000  # of a curve; a longer one keeps every second point
NOTE_LIMIT = 200  # lines that are kept
LINE_BYTES = 1 << 20  # of a line of events; a longer one is no event
READ_BYTES = 1 << 20  # at a time


@dataclass
class Progress:
    """The events of one job so far.

    Attributes:
        last: the latest event of `progress`, {} before the first.
        curve: [step, {loss: value}] of progress events, oldest first.
        validated: [step, {figure: value}, verdict] of each validation.
        previews: epoch and file of each preview; the first one is "original", the sound itself.
        notes: sentences that were said on the way.
        saved: the latest checkpoint: its event, {} before the first.
        said: the last line that was no event: the reason of a failure.
        thinned: how many times the curve was thinned.
    """

    last: dict[str, Any] = field(default_factory=dict)
    curve: list[list[Any]] = field(default_factory=list)
    validated: list[list[Any]] = field(default_factory=list)
    previews: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    saved: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    thinned: int = 0
    _keep_every: int = 1
    _points: int = 0
    _ended: bool = False

    def take(self, line: str) -> None:
        """Add one line of a command's stderr."""
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError, RecursionError):
            self._hear(line.strip())
            return
        text = str(event.get("text", ""))
        if kind == "progress":
            self.last = event
            self._point(event)
        elif kind == "validated":
            self.validated.append([event["step"], event["figures"], event["verdict"]])
        elif kind == "preview":
            if not self.previews and event.get("original"):
                self.previews.append({"epoch": "original", "path": event["original"]})
            self.previews.append({"epoch": event["epoch"], "path": event["path"]})
        elif kind == "saved":
            self.saved = event
        elif kind == "started":
            self.last = event
        if kind in ("warned", "started", "finished") and text:
            self.notes = [*self.notes, text][-NOTE_LIMIT:]

    def _hear(self, line: str) -> None:
        """Keep a line that was no event: the last that says how it ended, else the last one."""
        ending = line.startswith("cancelled: ") or "error: " in line
        if line and (ending or not self._ended):
            self.said = line
        self._ended = self._ended or ending

    def _point(self, event: dict[str, Any]) -> None:
        if not event.get("losses"):
            return
        self._points += 1
        if self._points % self._keep_every:
            return
        self.curve.append([event["step"], event["losses"]])
        if len(self.curve) > CURVE_POINTS:
            self.curve = self.curve[1::2]
            self._keep_every *= 2
            self.thinned += 1


class EventReader:
    """Reads a growing file of events; only whole lines count."""

    def __init__(self, path: Path) -> None:
        self.progress = Progress()
        self.lines = 0
        self._path = path
        self._offset = 0

    def read(self) -> bool:
        """Take what has been written since; return whether there was anything."""
        begun = self._offset
        with contextlib.suppress(OSError), open_regular(self._path) as file:
            file.seek(self._offset)
            left = b""
            while data := file.read(READ_BYTES):
                left = self._take(left + data)
        return self._offset > begun

    def _take(self, data: bytes) -> bytes:
        """Take whole lines; return what is left, nothing of a line that is too long."""
        end = data.rfind(b"\n") + 1
        for line in data[:end].splitlines():
            self.lines += 1
            self.progress.take(line[:LINE_BYTES].decode("utf-8", "replace"))
        left = data[end:] if len(data) - end <= LINE_BYTES else b""
        self._offset += len(data) - len(left)
        return left
