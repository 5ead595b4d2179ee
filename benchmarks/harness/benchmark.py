"""Run a benchmark: its arguments, the facts of the run, its rows, and the result file it writes.

    TABLE = Table("repeats", "Caption.", [Column("copied", "copied", ".2f")])
    BENCHMARK = Benchmark("held", "Held sounds", [TABLE])

    options = BENCHMARK.parser(__doc__).parse_args()
    with BENCHMARK.run(options) as run:
        run.row("repeats", copied=0.12)

At the end the run prints its tables and writes benchmarks/results/held.json. Rows of an earlier run
that this one did not measure stay in the file, with their own commit and date.
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import results, tables
from harness.machine import describe, machine
from harness.repository import RESULTS, command_line, commit
from harness.results import Document, Row

HISTORY = "DISTILL_HISTORY"
OWN_ARGUMENTS = ("--json", "--no-write", "--replace")


@dataclass(frozen=True)
class Column:
    """One field of a table: its name in the rows, its heading, the format spec of its numbers."""

    field: str
    title: str
    format: str = ""


@dataclass(frozen=True)
class Pivot:
    """Draw a table with one column for each value of `field`.

    `title` formats the value, `cell` a row's fields; `beside` names the fields that stay columns.
    """

    field: str
    title: str
    cell: str
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of a benchmark.

    A new row replaces the earlier rows that agree with it in the fields of `key`; with an empty
    key the new rows replace all earlier ones.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    key: tuple[str, ...] = ()
    pivot: Pivot | None = None

    def to_dict(self) -> Document:
        """Return the table as the result file holds it."""
        columns = [asdict(column) for column in self.columns]
        found = {"name": self.name, "caption": self.caption, "key": list(self.key), "columns": columns}
        if self.pivot is None:
            return found
        return found | {"pivot": asdict(self.pivot) | {"beside": list(self.pivot.beside)}}


@dataclass
class Run:
    """One run of a benchmark: the rows measured so far and the conditions of the measurement."""

    benchmark: Benchmark
    command: str
    date: str
    conditions: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def row(self, table: str, **figures: Any) -> None:
        """Add a row to a table and show it on stderr."""
        if table not in {one.name for one in self.benchmark.tables}:
            raise KeyError(f"{self.benchmark.name} has no table {table!r}")
        row = {name: _plain(value) for name, value in figures.items()}
        self.rows.append({"table": table, **row})
        print(f"{table}: " + ", ".join(f"{k} {_short(v)}" for k, v in row.items()), file=sys.stderr, flush=True)

    def document(self) -> Document:
        """Return the results of this run alone."""
        return {
            "schema": results.SCHEMA,
            "name": self.benchmark.name,
            "title": self.benchmark.title,
            "commit": commit(),
            "date": self.date,
            "machine": machine(),
            "command": self.command,
            "conditions": self.conditions,
            "tables": [table.to_dict() for table in self.benchmark.tables],
            "rows": self.rows,
        }


class Benchmark:
    """A benchmark by name, with the tables that it fills."""

    def __init__(self, name: str, title: str, tables: Sequence[Table]) -> None:
        self.name, self.title, self.tables = name, title, tuple(tables)

    @property
    def file(self) -> Path:
        """Return the result file of this benchmark."""
        return RESULTS / f"{self.name}.json"

    def parser(self, description: str | None) -> argparse.ArgumentParser:
        """Return a parser with the arguments that all benchmarks share."""
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        shared = parser.add_argument_group("results")
        shared.add_argument("--json", type=Path, metavar="FILE", default=self.file, help=f"default: {self.file.name}")
        shared.add_argument("--no-write", action="store_true", help="print the tables, write nothing")
        shared.add_argument("--replace", action="store_true", help="drop the rows that this run does not measure")
        return parser

    @contextmanager
    def run(self, options: argparse.Namespace) -> Iterator[Run]:
        """Collect rows; print and write them when the block ends without an error.

        An existing result file is read first: one that is damaged ends the program before anything
        is measured.
        """
        earlier = self._earlier(options)
        run = Run(self, _command(sys.argv), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
        with suppress(OSError):
            run.conditions["load_at_start"] = round(os.getloadavg()[0], 2)
        before = os.environ.get(HISTORY)
        os.environ[HISTORY] = "off"  # renders of a benchmark are no one's history
        try:
            yield run
        finally:
            os.environ.pop(HISTORY)
            os.environ.update({} if before is None else {HISTORY: before})
        if not run.rows:
            print(f"{self.name}: nothing was measured, {options.json.name} stays as it is", file=sys.stderr)
            return
        document = run.document()
        show(document)
        if not options.no_write:
            results.write(options.json, results.merged(document, earlier))
            print(f"written: {options.json}", file=sys.stderr)

    def _earlier(self, options: argparse.Namespace) -> Document | None:
        """The document that this run adds to."""
        if options.no_write or options.replace or not options.json.exists():
            return None
        try:
            return results.read(options.json)
        except results.ResultsError as error:
            raise SystemExit(f"error: {error}: repair it, or give --replace or another --json") from error


def show(document: Document) -> None:
    """Print the tables of a document as Markdown."""
    print(f"{document['title']}: {describe(document['machine'])}; commit {document['commit']}")
    for table, rows in results.tables_of(document):
        cells = [line for line, _ in tables.lines(table, rows)]
        print(f"\n{table['caption']}\n\n" + "\n".join(tables.markdown(tables.headings(table, rows), cells)))


def _command(arguments: list[str]) -> str:
    """Return the command line without the arguments that only say where to write."""
    kept: list[str] = []
    waiting = False
    for argument in arguments[1:]:
        if waiting or argument.split("=")[0] in OWN_ARGUMENTS:
            waiting = argument == "--json"
        else:
            kept.append(argument)
    return command_line(str(Path(arguments[0]).resolve()), kept)


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: numpy numbers become Python's, undefined ones None."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
