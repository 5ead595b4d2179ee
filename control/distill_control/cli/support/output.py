"""Output of the commands: results go to stdout, as tables or as JSON; all else goes to stderr."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from distill_engine.system.names import printable_line
from distill_engine.system.torchrun import place_in_group

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.rendering.render_progress import RenderProgress

T = TypeVar("T")
LINE_SECONDS = 0.2  # between two events of the same stage: five a second are enough to draw


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


def write_event(event: str, **fields: Any) -> None:
    """Write an event of a running command as a line of JSON on stderr.

    Every event has `stage`, `done` and `total` in `unit` (None: unknown), `eta_seconds` and `text`;
    `fields` are those that are known, and others that only this event has.
    """
    form = {"event": event, "stage": "", "done": None, "total": None, "unit": "", "eta_seconds": None, "text": ""}
    sys.stderr.write(json.dumps(form | fields, default=str) + "\n")
    sys.stderr.flush()


class ProgressLines:
    """Write `progress` events, at most five a second of one stage, with the time left."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._stage, self._began, self._said = "", 0.0, 0.0

    def __call__(self, stage: str, done: float, total: float, text: str = "") -> None:
        """Say that `done` of `total` units of a stage are done (0: the total is unknown)."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._began, self._said = stage, now, 0.0
        if done < total and now - self._said < LINE_SECONDS:
            return
        self._said = now
        left = round((now - self._began) * (total - done) / done, 1) if done and total else None
        write_event(
            "progress", stage=stage, done=done, total=total or None, unit=self._unit, eta_seconds=left, text=text
        )


def common_parser() -> argparse.ArgumentParser:
    """Return the parser of the options that every command has."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    return parser


def can_ask() -> bool:
    """Return whether somebody can answer a question: one process on a terminal."""
    return sys.stdin.isatty() and place_in_group()[1] == 1


def ask(question: str) -> bool:
    """Ask a yes-or-no question on the terminal. Without a terminal the answer is no."""
    if not can_ask():
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


def with_progress(work: Callable[[Callable[[RenderProgress], None]], T], *, as_json: bool) -> T:
    """Run `work` with progress on stderr: seconds of sound done, and the time left."""
    from rich.progress import BarColumn, Progress, TextColumn

    if as_json:
        lines = ProgressLines("seconds")
        return work(lambda event: lines("rendering", round(event.done_seconds, 3), event.total_seconds))

    columns = (
        TextColumn("rendering"),
        BarColumn(),
        TextColumn("{task.completed:.1f} of {task.total:.1f} s, {task.fields[left]:.0f} s left"),
    )
    console = console_err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rendering", total=None, left=0.0, visible=False)

        def show(progress: Any) -> None:
            done, total, left = progress.done_seconds, progress.total_seconds, progress.remaining_seconds
            bar.update(task, completed=done, total=total, left=left, visible=True)

        return work(show)
