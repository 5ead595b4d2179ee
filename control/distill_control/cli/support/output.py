"""How commands talk: results on stdout (tables for people, one JSON document for programs), everything else on stderr."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Rich on stdout, for results."""
    from rich.console import Console

    return Console(highlight=False)


def console_err() -> Console:
    """Rich on stderr, for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def emit(args: argparse.Namespace, data: Any, show: Callable[[Console], None]) -> None:
    """Prints `data` as JSON with --json, else calls `show` with a console on stdout."""
    if getattr(args, "json", False):
        sys.stdout.write(json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    else:
        show(console())


def common_parser() -> argparse.ArgumentParser:
    """The options that every command has."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    return parser


def ask(question: str) -> bool:
    """A yes-or-no question on the terminal; no terminal: no."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
