"""Output of the commands: results go to stdout, as tables or as JSON; all else goes to stderr."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from distill_engine.system.names import printable_line

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Return a Rich console on stdout, for results."""
    from distill_control.terminal import PlainConsole

    return PlainConsole()


def console_err() -> Console:
    """Return a Rich console on stderr, for progress and notes."""
    from distill_control.terminal import PlainConsole

    return PlainConsole(stderr=True)


def emit(args: argparse.Namespace, data: Any, show: Callable[[Console], None]) -> None:
    """Print `data` as JSON with --json; otherwise call `show` with a console on stdout."""
    if getattr(args, "json", False):
        sys.stdout.write(json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    else:
        show(console())


def common_parser() -> argparse.ArgumentParser:
    """Return the parser of the options that every command has."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    return parser


def ask(question: str) -> bool:
    """Ask a yes-or-no question on the terminal. Without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{printable_line(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def vocoder_and_reason(vocoder: str, reason: str) -> tuple[str, str]:
    """Return the name of a vocoder and the reason for its choice in words.

    The shipped vocoder, "base vocos" in files and JSON, becomes "the shipped vocoder (vocos)".
    """
    kind = vocoder.removeprefix("base ")
    if kind == vocoder:
        return vocoder, reason
    return f"the shipped vocoder ({kind})", reason.removesuffix(f": the base {kind}")
