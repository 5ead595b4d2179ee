"""Lines for the user: kept for the view, or written out at once."""

import json
import sys
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

_KEPT = 6


@dataclass(frozen=True)
class Notice:
    """One line: `level` is info, warning or error."""

    level: str
    text: str
    time: str


class Notices:
    """Collects notices. With `view` live they are drawn; quiet writes warnings and errors; json writes all as JSON."""

    def __init__(self, view: str) -> None:
        self.view = view
        self.recent: deque[Notice] = deque(maxlen=_KEPT)
        self.count = 0
        self._lock = threading.Lock()

    def add(self, level: str, text: str) -> None:
        """Takes one line, from any thread."""
        notice = Notice(level, " ".join(text.split()), datetime.now().strftime("%H:%M:%S"))
        with self._lock:
            self.recent.append(notice)
            self.count += 1
        if self.view == "json":
            write_line(json.dumps({"event": "notice", "level": level, "text": notice.text, "time": notice.time}))
        elif self.view == "quiet" and level != "info":
            write_line(f"{level}: {notice.text}", to_error=True)


def write_line(line: str, *, to_error: bool = False) -> None:
    """Writes a line; a terminal that was closed is no reason to end."""
    stream = sys.stderr if to_error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        return
