"""`distill corpus check DIR`: list every file with duration, rate, channels, level and verdict."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from distill_engine.system.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.dataset.scan import CorpusReport, FileReport

STYLES = {"ok": "green", "warning": "yellow", "skipped": "red"}


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `corpus` with its action `check`."""
    corpus = subparsers.add_parser("corpus")
    actions = corpus.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        parents=[common],
        help="say which files can be trained on, and why others cannot",
        description="Read every file below DIR and report on it. The exit code is 1 if no file can be used.",
    )
    check.add_argument("folder", metavar="DIR", help="folder of sounds, nested folders included")
    check.set_defaults(run=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Run `distill corpus check`. Raises CorpusError if no file can be used."""
    from distill_control.cli.support.output import emit

    report = _scan(args)
    emit(args, report.to_dict(), lambda console: show(console, report))
    if report.usable_files:
        return 0
    from distill_engine.errors import CorpusError

    cause = "none of its files can be used" if report.files else "it holds no sound files"
    raise CorpusError(f"{args.folder}: {cause}: put WAV, AIFF, FLAC, MP3, Ogg or Opus files there")


def _scan(args: argparse.Namespace) -> CorpusReport:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from distill_control.cli.support.output import ProgressLines, console_err
    from distill_engine.dataset.scan import ScanProgress, scan_corpus
    from distill_engine.system.names import printable

    if args.json:
        lines = ProgressLines("files")
        return scan_corpus(args.folder, lambda event: lines("reading", event.done, event.total, event.name))
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console_err(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def progress(event: ScanProgress) -> None:
            bar.update(task, completed=event.done, total=event.total, description=printable(event.name))

        return scan_corpus(args.folder, progress)


def show(console: Console, report: CorpusReport) -> None:
    """Print the table of files, the remarks and the totals."""
    from rich.table import Table
    from rich.text import Text

    from distill_engine.system.names import printable, printable_line

    table = Table(box=None, pad_edge=False)
    for title in ("File", "Seconds", "Rate", "Ch", "RMS dB", "Peak dB", "Verdict", "Reason"):
        right = title in ("Seconds", "Rate", "Ch", "RMS dB", "Peak dB")
        table.add_column(title, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for file in report.files:
        verdict = Text(file.verdict, style=STYLES[file.verdict])
        table.add_row(Text(printable(file.name)), *_figures(file), verdict, Text(printable_line(file.reason)))
    if report.files:
        console.print(table)
    for remark in report.remarks:
        console.print(Text(printable_line(remark), style="yellow"))
    console.print(
        f"{len(report.usable_files)} of {counted(len(report.files), 'file')} usable, {report.seconds:.1f} s "
        f"({report.count('warning')} with a warning, {report.count('skipped')} skipped)"
    )


def _figures(file: FileReport) -> tuple[str, ...]:
    """Return duration (s), rate (Hz), channels, RMS and peak (dB) as text; "" if unreadable."""
    if not file.rate:
        return ("",) * 5
    return f"{file.duration:.2f}", str(file.rate), str(file.channels), f"{file.rms_db:.1f}", f"{file.peak_db:.1f}"
