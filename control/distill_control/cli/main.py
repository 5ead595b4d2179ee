"""`distill`: one entry for every command that is not the live engine. Imports nothing heavy before a command runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from distill_control.cli.support.output import common_parser
from distill_engine import __version__
from distill_engine.errors import Cancelled, DistillError

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
    """The parser of all commands; each module of `distill_control.cli` registers its own."""
    parser = argparse.ArgumentParser(prog="distill", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"distill {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    common = common_parser()
    for name in COMMANDS:
        import_module(f"distill_control.cli.{name}").register(subparsers, common)
    return parser


def guarded(run: Callable[[], int]) -> int:
    """Runs a command; every error becomes one line on stderr and the exit code of its kind, never a traceback."""
    try:
        return run()
    except DistillError as error:
        sys.stderr.write(f"{'cancelled' if isinstance(error, Cancelled) else 'error'}: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("cancelled: stopped by the user; nothing that existed was changed\n")
        return Cancelled.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        sys.stderr.write("error: out of memory: close other programs, or use a smaller corpus, batch or duration\n")
        return 1
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        sys.stderr.write(
            f"error: {(error.strerror or str(error)).lower()}{place}: check the path, the space and the rights\n"
        )
        return 1
    except Exception as error:
        if os.environ.get("DISTILL_DEBUG"):
            raise
        sys.stderr.write(f"error: unexpected {type(error).__name__}: {error}: set DISTILL_DEBUG=1 for the details\n")
        return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Exit codes: 0 done, 1 error, 2 usage, 3 cancelled with what was done saved."""
    args = build_parser().parse_args(arguments)
    return guarded(lambda: int(args.run(args)))


if __name__ == "__main__":
    sys.exit(main())
