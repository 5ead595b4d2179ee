"""`distill`: the entry point of every command but the live engine.

No heavy library is imported before a command runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from distill_control.cli.support.options import CommandParser
from distill_control.cli.support.output import common_parser
from distill_engine import __version__
from distill_engine.errors import Cancelled, DistillError
from distill_engine.system.names import printable_line
from distill_engine.system.signals import ending_signals

COMMANDS = (
    "corpus",
    "train",
    "render",
    "model",
    "analyse",
    "vocoder",
    "compare",
    "preset",
    "patches",
    "send",
    "monitor",
    "demo",
    "doctor",
)

DESCRIPTION = (
    "Turn a small folder of your own sounds into an instrument: train it, render it, play it live (distill-engine)."
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands. Each module of `distill_control.cli` registers its own."""
    parser = CommandParser(prog="distill", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"distill {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    common = common_parser()
    for name in COMMANDS:
        import_module(f"distill_control.cli.{name}").register(subparsers, common)
    return parser


def guarded(run: Callable[[], int]) -> int:
    """Run a command and return its exit code.

    Every error becomes one line on stderr and the exit code of its class. Only with DISTILL_DEBUG
    set does an unexpected error show its traceback.
    """
    try:
        return run()
    except DistillError as error:
        sys.stderr.write(f"{'cancelled' if isinstance(error, Cancelled) else 'error'}: {printable_line(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("cancelled: stopped by the user; no existing file was changed\n")
        return Cancelled.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("DISTILL_DEBUG") and not isinstance(error, OSError | MemoryError):
            raise
        sys.stderr.write(f"error: {printable_line(_describe(error))}\n")
        return 1


def _describe(error: Exception) -> str:
    """Return one line on an error that no module turned into a DistillError, with a way out."""
    if isinstance(error, MemoryError):
        return "out of memory: close other programs, or use a smaller corpus, batch or duration"
    if isinstance(error, OSError):
        file = f" ({error.filename})" if error.filename else ""
        reason = (error.strerror or str(error)).lower()
        return f"{reason}{file}: check the path, the free space and the permissions"
    return f"unexpected {type(error).__name__}: {error}: set DISTILL_DEBUG=1 for the details"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `distill`.

    Return 0 done, 1 error, 2 wrong usage, 3 cancelled (finished work is saved).
    """
    args = build_parser().parse_args(arguments)

    def run() -> int:
        with ending_signals(_interrupt):
            return int(args.run(args))

    return guarded(run)


def _interrupt(number: int) -> None:
    """End a command as Ctrl-C does, whichever signal asked for it."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
