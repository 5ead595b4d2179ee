"""`distill doctor`: check whether this computer can play, train and be controlled."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from distill_control.cli.support.doctor_checks import CheckResult

MARKS = {"good": ("good", "green"), "advice": ("could be better", "yellow"), "fault": ("does not work", "red")}


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `doctor`."""
    command = subparsers.add_parser("doctor", parents=[common])
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run every check. Return 1 if something does not work, else 0."""
    from dataclasses import asdict

    from distill_control.cli.support.doctor_checks import examine
    from distill_control.cli.support.output import console_err, emit

    with console_err().status("checking this computer ..."):
        results = list(examine())
    emit(args, [asdict(result) for result in results], lambda console: _show(console, results))
    return int(any(result.grade == "fault" for result in results))


def _show(console: Console, results: list[CheckResult]) -> None:
    """Print one row a result; the title of several results of one check stands once."""
    from rich.table import Table
    from rich.text import Text

    from distill_engine.system.names import printable_line

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    title = ""
    for result in results:
        found = Text(printable_line(result.found))
        if result.way:
            found.append(f"\n{printable_line(result.way)}", style="bold")
        table.add_row("" if result.what == title else result.what, Text(*MARKS[result.grade]), found)
        title = result.what
    console.print(table)
