"""Lines for the user: kept for the live view, or written to the terminal at once."""

import json
import sys
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from distill_engine.system.names import printable_line

_KEPT_COUNT = 6
"""Lines that the live view shows."""


@dataclass(frozen=True)
class UserMessage:
    """One line: `level` is info, warning or error; `time` is the local time as HH:MM:SS."""

    level: str
    text: str
    time: str


class UserMessages:
    """Collect lines for the user, from any thread.

    The view `live` draws them, `quiet` writes warnings and errors to stderr, `json` writes each
    line to stdout as a JSON object.
    """

    def __init__(self, view: str) -> None:
        self.view = view
        self.recent: deque[UserMessage] = deque(maxlen=_KEPT_COUNT)
        self.count = 0
        self._lock = threading.Lock()

    def add(self, level: str, text: str) -> None:
        """Add a line; line breaks in it become spaces, control characters are escaped."""
        message = UserMessage(level, printable_line(" ".join(text.split())), datetime.now().strftime("%H:%M:%S"))
        with self._lock:
            self.recent.append(message)
            self.count += 1
        if self.view == "json":
            write_line(json.dumps({"event": "notice", "level": level, "text": message.text, "time": message.time}))
        elif self.view == "quiet" and level != "info":
            write_line(f"{level}: {message.text}", to_error=True)


def write_line(line: str, *, to_error: bool = False) -> None:
    """Write a line to stdout or stderr; ignore a terminal that has been closed."""
    stream = sys.stderr if to_error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        return
