"""`distill doctor`: can this computer play, train and be steered? Each thing that could be better comes with the way out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from distill_control.cli.support.doctor_checks import CheckResult

MARKS = {"good": "[green]good[/]", "advice": "[yellow]could be better[/]", "fault": "[red]does not work[/]"}


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Adds `doctor`."""
    command = subparsers.add_parser(
        "doctor", parents=[common], help="check what this computer can do, and what to mend"
    )
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Looks at everything; 1 if something does not work."""
    from dataclasses import asdict

    from distill_control.cli.support.doctor_checks import examine
    from distill_control.cli.support.output import console_err, emit

    with console_err().status("looking at this computer ..."):
        findings = list(examine())
    emit(args, [asdict(finding) for finding in findings], lambda console: _show(console, findings))
    return int(any(finding.grade == "fault" for finding in findings))


def _show(console: Console, findings: list[CheckResult]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    shown = ""
    for finding in findings:
        way = f"\n[bold]{escape(finding.way)}[/]" if finding.way else ""
        table.add_row("" if finding.what == shown else finding.what, MARKS[finding.grade], escape(finding.found) + way)
        shown = finding.what
    console.print(table)
