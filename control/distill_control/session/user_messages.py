"""Lines for the user: kept for the live view, or written to the terminal at once."""

import json
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from distill_engine.library.reports import line_on
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
    line to stdout as a JSON object. `listener(level, text)` gets each line too.
    """

    def __init__(self, view: str, listener: Callable[[str, str], None] = lambda level, text: None) -> None:
        self.view = view
        self._listener = listener
        self.recent: deque[UserMessage] = deque(maxlen=_KEPT_COUNT)
        self.count = 0
        self._lock = threading.Lock()

    def add(self, level: str, text: str) -> None:
        """Add a line; line breaks in it become spaces, control characters are escaped."""
        message = UserMessage(level, printable_line(" ".join(text.split())), datetime.now().strftime("%H:%M:%S"))
        with self._lock:
            self.recent.append(message)
            self.count += 1
        self._listener(level, message.text)
        if self.view == "json":
            write_line(json.dumps({"event": "notice", "level": level, "text": message.text, "time": message.time}))
        elif self.view == "quiet" and level != "info":
            write_line(f"{level}: {message.text}", to_error=True)

    def add_once(self, level: str, text: str) -> None:
        """Add a line unless it is among the recent ones, for what may fail many times a second."""
        shown = printable_line(" ".join(text.split()))
        if all(message.text != shown for message in tuple(self.recent)):
            self.add(level, text)


class _LogLines(logging.Handler):
    """Shows warnings of libraries as lines, and their errors as reports, never as tracebacks."""

    def __init__(self, user_messages: UserMessages) -> None:
        super().__init__(logging.WARNING)
        self._user_messages = user_messages

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        said = f"{record.name}: {record.getMessage()}" if error is None else line_on(error, record.name)
        self._user_messages.add_once("warning" if error is None else "error", said)


def log_to(user_messages: UserMessages) -> None:
    """Send what libraries of this process log to the user's lines."""
    logging.getLogger().handlers[:] = [_LogLines(user_messages)]


def write_line(line: str, *, to_error: bool = False) -> None:
    """Write a line to stdout or stderr; ignore a terminal that has been closed."""
    stream = sys.stderr if to_error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        return
