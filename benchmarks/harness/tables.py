"""Draw the tables of a result file as Markdown."""

from __future__ import annotations

from typing import Any

from harness.results import Document, Row

MOST_SHARES = 3
"""Entries of a cell that lists shares by name: the largest ones."""


def markdown(headings: list[str], lines: list[list[str]]) -> list[str]:
    """Return a Markdown table, one text line a row."""
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in [headings, *lines]]
    drawn = [f"| {' | '.join(line)} |" for line in escaped]
    return [drawn[0], "|" + "---|" * len(headings), *drawn[1:]]


def cell(value: Any, spec: str = "") -> str:
    """Return one value as text. `spec` is a format spec for numbers; texts stay as they are.

    None gives an empty cell, a truth value "yes" or "no". A mapping of names to shares gives its
    largest entries in percent, a list its values joined by " / ".
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        largest = sorted(value.items(), key=lambda item: -abs(item[1]))[:MOST_SHARES]
        return ", ".join(f"{name} {share:+.0%}" for name, share in largest)
    if isinstance(value, list):
        return " / ".join(cell(one, spec) for one in value)
    return str(value) if isinstance(value, str) else format(value, spec)


def headings(table: Document, rows: list[Row]) -> list[str]:
    """Return the headings of a table; a pivoted one has one for each value of the pivot's field."""
    titles = [column["title"] for column in _columns(table)]
    titles += [table["pivot"]["title"].format(value) for value in _pivot_values(table, rows)]
    return [*titles, "note"] if _has_notes(rows) else titles


def lines(table: Document, rows: list[Row]) -> list[tuple[list[str], Row]]:
    """Return the text cells of every line with the (first) row that it shows."""
    found = _pivoted(table, rows) if table.get("pivot") else [(_left(table, row), row) for row in rows]
    return [([*cells, row.get("note", "")], row) for cells, row in found] if _has_notes(rows) else found


def _pivoted(table: Document, rows: list[Row]) -> list[tuple[list[str], Row]]:
    """One line for the rows that agree in the columns beside the pivot, note and run."""
    pivot = table["pivot"]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        same = (*_left(table, row), row.get("note"), row.get("commit"), row.get("date"))
        groups.setdefault(same, []).append(row)
    found = []
    for members in groups.values():
        by_value = {str(row[pivot["field"]]): row for row in members}
        cells = [_pivot_cell(pivot, by_value.get(str(value))) for value in _pivot_values(table, rows)]
        found.append(([*_left(table, members[0]), *cells], members[0]))
    return found


def _left(table: Document, row: Row) -> list[str]:
    return [cell(row.get(column["field"]), column["format"]) for column in _columns(table)]


def _columns(table: Document) -> list[Document]:
    """The columns shown as such: a pivoted table shows the others within its cells."""
    pivot = table.get("pivot")
    return [column for column in table["columns"] if not pivot or column["field"] in pivot["beside"]]


def _pivot_values(table: Document, rows: list[Row]) -> list[Any]:
    pivot = table.get("pivot")
    return list(dict.fromkeys(row[pivot["field"]] for row in rows)) if pivot else []


def _pivot_cell(pivot: Document, row: Row | None) -> str:
    try:
        return str(pivot["cell"].format(**row)) if row is not None else ""
    except (KeyError, TypeError):  # a figure that this row lacks
        return ""


def _has_notes(rows: list[Row]) -> bool:
    return any(row.get("note") for row in rows)
