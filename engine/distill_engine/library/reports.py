"""Report files on unexpected errors: one line for the user, the details for those who mend it.

A report holds versions, the command and where the error happened; no values of variables. Secrets
are left out, and of paths only the last two names stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from distill_engine.errors import DistillError, LibraryError
from distill_engine.library.folders import data_dir, reports_dir
from distill_engine.system.atomic_write import write_file
from distill_engine.system.extras import missing_part
from distill_engine.system.names import printable_line

REPORTS_KEPT = 50  # files; the oldest go first
REPORT_CHARACTERS = 100_000  # at most, of one file
AGAIN_SECONDS = 60.0  # before the same error, which has the same file, is written again
LEAST_SECRET_CHARACTERS = 6  # shorter values of the environment are no secrets, such as "1"
PACKAGES = (
    "distill-audio",
    "numpy",
    "onnxruntime",
    "torch",
    "sounddevice",
    "python-rtmidi",
    "rtmidi2",
    "websockets",
    "rich",
)

_SECRET_NAME = re.compile(r"token|secret|passw|passphrase|credential|api_?key|_key$|_auth$", re.IGNORECASE)
_SECRETS = (
    re.compile(r"\bhf_[A-Za-z0-9]{8,}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?i)(?<=token=)[^&\s'\"]+|(?<=password=)[^&\s'\"]+|(?<=key=)[^&\s'\"]{6,}"),
)
_USER = re.compile(r"(?i)(?:[a-z]:)?[/\\](?:home|users)[/\\][^/\\\s:'\"]+")
_QUOTED_PATH = re.compile(r"""(['"])((?:~|[A-Za-z]:)?[/\\][^'"\n]*)\1""")
_PATH = re.compile(r"(?<![\w/\\.:])(?!/distill/)(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\:'\",;)\]]+){2,}")


def report(error: BaseException, doing: str = "") -> str:
    """Write a report file on an unexpected error; return one line for the user that names it.

    `doing` says what failed. Never raises: where no file can be written, the line says so. Where an
    optional part is not installed, the line says how to install it, and no file is written.
    """
    if line := missing_part(error):
        return line
    line = f"{f'{doing}: ' if doing else ''}unexpected {type(error).__name__}: {printable_line(str(error))}"
    return f"{line} ({written(error, doing)})"


def written(error: BaseException, doing: str = "") -> str:
    """Write a report file on an unexpected error; return a few words that name it."""
    try:
        path = _write(error, doing)
    except Exception as failure:
        return f"no report could be written: {printable_line(str(failure))}"
    folder = "$DISTILL_HOME" if os.environ.get("DISTILL_HOME") else data_dir()
    return f"please send in the report {folder}/reports/{path.name}"


def line_on(error: BaseException, doing: str = "") -> str:
    """Return the line for the user on any error: its own words if it is expected, else `report`."""
    return str(error) if isinstance(error, DistillError) else report(error, doing)


@contextlib.contextmanager
def reported_threads(say: Callable[[str], object]) -> Iterator[None]:
    """Report what ends a thread of this process during the block, instead of a traceback."""
    before = threading.excepthook

    def hook(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None and ended.exc_type is not SystemExit:
            say(line_on(ended.exc_value, f"thread {ended.thread.name if ended.thread else ''}"))

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def shortened(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return a text without secrets, and with the last two names of its paths alone.

    >>> shortened("open '/home/anna/My sounds/a b.wav' with hf_abcdefghij", {})
    "open '.../My sounds/a b.wav' with [secret]"
    """
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and len(value) >= LEAST_SECRET_CHARACTERS:
            text = text.replace(value, f"[{name}]")
    for pattern in _SECRETS:
        text = pattern.sub("[secret]", text)
    text = _USER.sub("~", text)
    text = _QUOTED_PATH.sub(lambda found: f"{found[1]}{_last_two(found[2])}{found[1]}", text)
    return _PATH.sub(lambda found: _last_two(found[0]), text)


def _last_two(path: str) -> str:
    parts = [part for part in re.split(r"[/\\]", path) if part]
    return f".../{'/'.join(parts[-2:])}" if len(parts) > 2 else path


def _write(error: BaseException, doing: str) -> Path:
    """Write the report unless the same one has just been written; return its path."""
    folder = reports_dir()
    frames = traceback.extract_tb(error.__traceback__)
    place = "|".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
    mark = hashlib.sha256(f"{type(error).__name__}|{doing}|{place}".encode("utf-8", "replace")).hexdigest()[:8]
    path = folder / f"{type(error).__name__}-{mark}.txt"
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime < AGAIN_SECONDS:
            return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(path, _text(error, doing)[:REPORT_CHARACTERS].encode("utf-8", "backslashreplace"))
    except OSError as failure:
        raise LibraryError(f"{folder}: {failure.strerror or failure}") from None
    _remove_oldest(folder)
    return path


def _text(error: BaseException, doing: str) -> str:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}"
    head = [
        f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {doing or 'a command'}",
        "command: " + shortened(" ".join(repr(word) for word in sys.argv)),
        f"{system}; {', '.join(filter(None, map(_version, PACKAGES)))}",
    ]
    return "\n".join([*head, "", shortened("".join(traceback.format_exception(error)))])


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # 20 ms, which a start of the engine saves

    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _remove_oldest(folder: Path) -> None:
    with contextlib.suppress(OSError):
        files = sorted(folder.glob("*.txt"), key=lambda path: path.stat().st_mtime)
        for path in files[: max(0, len(files) - REPORTS_KEPT)]:
            path.unlink(missing_ok=True)
