"""Write the table of addresses in `docs/reference/addresses.md` from the vocabulary.

python -m distill_control.client_patches.reference docs/reference/addresses.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from distill_engine.vocabulary.table import ROWS, Argument, Row

BEGIN, END = "<!-- addresses: begin -->", "<!-- addresses: end -->"


def reference_table() -> str:
    """Return all addresses as a Markdown table, in the vocabulary's order."""
    lines = ["| address | arguments | what it does |", "|---|---|---|"]
    lines += [f"| `{_address(row)}` | {_arguments(row)} | {row.description} |" for row in ROWS]
    return "\n".join(lines)


def _address(row: Row) -> str:
    return row.address.replace("{name}", "<name>").replace("{index}", "<i>")


def _arguments(row: Row) -> str:
    return ", ".join(f"{a.name}{_range(a)}" for a in row.arguments)


def _range(argument: Argument) -> str:
    if argument.choices:
        return " " + " ".join(argument.choices) + (" or an added one" if argument.open else "")
    if argument.minimum is None or argument.maximum is None:
        return ""
    unit = f" {argument.unit}" if argument.unit else ""
    return f" {argument.minimum:g} to {argument.maximum:g}{unit}"


def with_reference(text: str) -> str:
    """Return `text` with the table between its two marks.

    Raises ValueError where the marks are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{reference_table()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_reference(path.read_text()))
