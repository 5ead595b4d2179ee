"""Write benchmarks/RESULTS.md and the figures in README and documentation from the results.

python benchmarks/report.py            write what has changed
python benchmarks/report.py --check    exit 1 if a file is not what the results give; write nothing
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import ascii_uppercase

from harness import tables
from harness.claims import ClaimError, Supported, read_claims, supported
from harness.machine import describe
from harness.markers import MarkerError, filled
from harness.repository import BENCHMARKS, ROOT
from harness.results import Document, ResultsError, Row, facts, read_all, tables_of, write_text

HEAD = """# Results

`python benchmarks/report.py` writes this file from [results](results); [README.md](README.md) says what each
benchmark measures. "Carried" marks a figure of an earlier run, with the commit that recorded it.
"""
MOST_DIFFERENCES = 40
"""Lines of a difference that --check prints."""


class Machines:
    """Letters for the machines, in the order in which they are met."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def letter(self, document: Document) -> str:
        """Return the letter of a run's machine."""
        described = describe(document["machine"])
        if described not in self._found:
            self._found.append(described)
        return ascii_uppercase[self._found.index(described)]

    def lines(self) -> list[str]:
        """Return one line for each machine."""
        return [f"- **{letter}**: {text}" for letter, text in zip(ascii_uppercase, self._found, strict=False)]


def results_text(documents: Mapping[str, Document], claims: list[Supported]) -> str:
    """Return RESULTS.md: the claims, the machines, then every benchmark's tables."""
    machines = Machines()
    headline = tables.markdown(
        ["claim", "figure", "target", "verdict", "command", "measured", "machine"],
        [_claim_line(one, machines) for one in claims if one.claim.headline],
    )
    sections = [line for document in documents.values() for line in _section(document, machines)]
    return "\n".join([HEAD, *headline, "", "Machines:", "", *machines.lines(), *sections]) + "\n"


def _claim_line(one: Supported, machines: Machines) -> list[str]:
    target = one.claim.target.replace("<=", "≤").replace(">=", "≥")
    measured, command = _measured(one.facts), f"`{one.facts['command']}`"
    return [one.claim.claim, one.figure, target, one.verdict, command, measured, machines.letter(one.facts)]


def _measured(run: Document) -> str:
    return f"{run['date'][:10]}, {run['commit']}{', carried' if run['carried'] else ''}"


def _section(document: Document, machines: Machines) -> list[str]:
    """Return the heading, captions and tables of one benchmark."""
    lines = ["", f"## {document['title']}"]
    for table, rows in tables_of(document):
        lines += ["", table["caption"], "", *_table(document, table, rows), "", *_runs(document, rows, machines)]
    return lines


def _table(document: Document, table: Document, rows: list[Row]) -> list[str]:
    """Return a table; the rows' dates become a column where they differ."""
    headings, lines = tables.headings(table, rows), tables.lines(table, rows)
    if len(_distinct(document, rows)) > 1:
        headings = [*headings, "measured"]
        lines = [([*cells, _measured_row(document, row)], row) for cells, row in lines]
    return tables.markdown(headings, [cells for cells, _ in lines])


def _measured_row(document: Document, row: Row) -> str:
    return _measured(facts(document, row))


def _distinct(document: Document, rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(_measured_row(document, row) for row in rows))


def _runs(document: Document, rows: list[Row], machines: Machines) -> list[str]:
    """Return which commands measured the rows, on which machine, and when if all agree."""
    when = _distinct(document, rows)
    date = f"; {when[0]}" if len(when) == 1 else ""
    runs = dict.fromkeys((f["command"], machines.letter(f)) for f in (facts(document, row) for row in rows))
    return ["; ".join(f"`{command}` on {machine}" for command, machine in runs) + date]


def documents_with_markers(root: Path) -> Iterable[Path]:
    """Yield the documents whose figures are filled: README.md, benchmarks/README.md, docs."""
    yield from (path for path in (root / "README.md", root / "benchmarks" / "README.md") if path.exists())
    yield from sorted((root / "docs").rglob("*.md"))


def expected(root: Path) -> dict[Path, str]:
    """Return what every generated or filled file must hold."""
    benchmarks = root / BENCHMARKS.name
    documents = read_all(benchmarks / "results")
    claims = [supported(claim, documents) for claim in read_claims(benchmarks / "claims.toml")]
    figures = {one.claim.name: one.figure for one in claims}
    found = {benchmarks / "RESULTS.md": results_text(documents, claims)}
    for path in documents_with_markers(root):
        found[path] = filled(path.read_text(encoding="utf-8"), figures, str(path.relative_to(root)))
    return found


def changed(root: Path) -> dict[Path, tuple[str, str]]:
    """Return the files that are not what the results give: their text and the expected one."""
    found = {}
    for path, text in expected(root).items():
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present != text:
            found[path] = (present, text)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file has to change")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        found = changed(options.root)
    except (ResultsError, ClaimError, MarkerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path, (present, text) in found.items():
        name = str(path.relative_to(options.root))
        if options.check:
            print("\n".join(_difference(name, present, text)))
        else:
            write_text(path, text)
            print(f"written: {name}")
    if found and options.check:
        print("error: not what benchmarks/results gives: run `make report`", file=sys.stderr)
    return 1 if found and options.check else 0


def _difference(name: str, present: str, text: str) -> list[str]:
    lines = difflib.unified_diff(
        present.splitlines(), text.splitlines(), f"{name} (present)", f"{name} (expected)", lineterm="", n=0
    )
    return list(lines)[:MOST_DIFFERENCES]


if __name__ == "__main__":
    sys.exit(main())
