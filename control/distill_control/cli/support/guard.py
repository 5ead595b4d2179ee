"""Run a command so that every error ends in one line and an exit code."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from distill_engine.errors import Cancelled, DistillError
from distill_engine.system.names import printable_line

_NOT_OURS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
"""Errors of the system that a path is to blame for, wherever it is used first."""
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a disk that takes nothing more, wherever something is written."""


class CommandParser(argparse.ArgumentParser):
    """Parser that prints the cause of a usage error before the usage, and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` and the usage on stderr; exit with code 2."""
        self.exit(2, f"error: {printable_line(message)}\n\n{self.format_usage()}")


def guarded(run: Callable[[], int]) -> int:
    """Run a command and return its exit code.

    Every error becomes one line on stderr and the exit code of its class; an unexpected one also a
    report file. Only with DISTILL_DEBUG set does an unexpected error show its traceback.
    """
    try:
        return run()
    except DistillError as error:
        _say(f"{'cancelled' if isinstance(error, Cancelled) else 'error'}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("cancelled: stopped by the user; no existing file was changed")
        return Cancelled.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("DISTILL_DEBUG") and not isinstance(error, OSError | MemoryError):
            raise
        _say(f"error: {_describe(error)}")
        return 1


def _say(line: str) -> None:
    sys.stderr.write(f"{printable_line(line)}\n")


def _describe(error: Exception) -> str:
    """Return one line on an error that no module turned into a DistillError, with a way out."""
    if isinstance(error, MemoryError):
        return "out of memory: close other programs, or use a smaller corpus, batch or duration"
    from distill_engine.library.reports import report, written
    from distill_engine.system.atomic_write import write_advice

    if isinstance(error, OSError):
        file = f" ({error.filename})" if error.filename else ""
        reason = (error.strerror or str(error)).lower()
        if error.errno in _NO_SPACE:
            return write_advice(error, Path(), "write elsewhere") + file
        if error.errno in _NOT_OURS and error.filename:
            return f"{reason}: {error.filename}: give another path"
        return f"{reason}{file}: check the path, the free space and the permissions ({written(error)})"
    return report(error)
