"""The result files, benchmarks/results/NAME.json: their schema, reading, merging and writing.

A file holds the facts of its last run and its rows:

    {"schema": 1, "name", "title", "commit", "date", "machine", "command", "conditions",
     "tables": [{"name", "caption", "key", "columns": [{"field", "title", "format"}], "pivot"}],
     "rows": [{"table", FIELD: VALUE, ...}]}

A row that an earlier run measured is marked `"carried": true` and has its own "commit" and "date",
and its own "command" and "machine" where they differ. A row may have a "note".
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from distill_engine.system.atomic_write import write_file

SCHEMA = 1
FACTS = ("commit", "date", "machine", "command")
RESERVED = ("table", "carried", "note", *FACTS)
_FIELDS = {"schema": int, "name": str, "title": str, "machine": dict, "command": str, "conditions": dict}
_FIELDS |= {"commit": str, "date": str, "tables": list, "rows": list}
Document = dict[str, Any]
Row = dict[str, Any]


class ResultsError(ValueError):
    """Report a result file that is not what the schema asks for."""


def read(path: Path) -> Document:
    """Read and check a result file. Raises ResultsError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ResultsError(f"{path.name}: {error}") from error
    return check(document, path.name)


def read_all(folder: Path) -> dict[str, Document]:
    """Read all result files of a folder, by name in alphabetical order. Raises ResultsError."""
    found = {path.stem: read(path) for path in sorted(folder.glob("*.json"))}
    for name, document in found.items():
        if document["name"] != name:
            raise ResultsError(f"{name}.json: it holds the results of {document['name']!r}")
    return found


def check(document: Any, where: str) -> Document:
    """Return the document if it follows the schema. Raises ResultsError, which names the fault."""
    if not isinstance(document, dict):
        raise ResultsError(f"{where}: not a JSON object")
    for field, kind in _FIELDS.items():
        if not isinstance(document.get(field), kind):
            raise ResultsError(f"{where}: {field!r} is missing or not of type {kind.__name__}")
    if document["schema"] != SCHEMA:
        raise ResultsError(f"{where}: schema {document['schema']}, this version reads {SCHEMA}")
    check_date(document["date"], where)
    tables = {}
    for table in document["tables"]:
        tables[_checked_table(table, where)["name"]] = table
    for row in document["rows"]:
        _check_row(row, tables, where)
    return document


def check_date(text: str, where: str) -> None:
    """Raise ResultsError unless the text is an ISO 8601 date and time with a UTC offset."""
    try:
        aware = datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise ResultsError(f"{where}: {text!r} is not an ISO 8601 date with an offset")


def _checked_table(table: Any, where: str) -> Document:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise ResultsError(f"{where}: a table without a name")
    named = f"{where}: table {table['name']!r}"
    if not isinstance(table.get("caption"), str) or not isinstance(table.get("key"), list):
        raise ResultsError(f"{named} lacks its caption or key")
    columns = table.get("columns")
    texts = ("field", "title", "format")
    if not isinstance(columns, list) or not columns:
        raise ResultsError(f"{named} has no columns")
    if not all(isinstance(column, dict) and all(isinstance(column.get(t), str) for t in texts) for column in columns):
        raise ResultsError(f"{named}: a column needs field, title and format")
    return table


def _check_row(row: Any, tables: Document, where: str) -> None:
    if not isinstance(row, dict) or row.get("table") not in tables:
        raise ResultsError(f"{where}: a row of an unknown table: {row!r}")
    if row.get("carried") is True:
        missing = [fact for fact in ("commit", "date") if not isinstance(row.get(fact), str)]
        if missing:
            raise ResultsError(f"{where}: a carried row lacks its {' and '.join(missing)}: {row!r}")
        check_date(row["date"], where)
    known = {column["field"] for column in tables[row["table"]]["columns"]}
    if not known & row.keys():
        raise ResultsError(f"{where}: a row without a figure of its table: {row!r}")


def facts(document: Document, row: Row) -> Document:
    """Return commit, date, machine and command of one row, and whether it was carried over."""
    found = {fact: row.get(fact, document[fact]) for fact in FACTS}
    return found | {"carried": row.get("carried", False)}


def merged(new: Document, old: Document | None) -> Document:
    """Return the new document with the old rows that its run did not measure, marked as carried.

    An old row gives way to the new ones that agree with it in all fields of the table's key; with
    an empty key, to any new row of its table. Rows of tables that are no more are dropped.
    """
    if old is None:
        return new
    keys = {table["name"]: tuple(table["key"]) for table in new["tables"]}
    measured = {_identity(row, keys) for row in new["rows"]}
    kept = [row for row in old["rows"] if row["table"] in keys and _identity(row, keys) not in measured]
    rows = [*new["rows"], *(_carried(row, old, new) for row in kept)]
    order = list(keys)
    return new | {"rows": sorted(rows, key=lambda row: order.index(row["table"]))}


def _identity(row: Row, keys: dict[str, tuple[str, ...]]) -> tuple[object, ...]:
    table = row["table"]
    return table, *(json.dumps(row.get(field)) for field in keys[table])


def _carried(row: Row, old: Document, new: Document) -> Row:
    own = facts(old, row)
    differing = {fact: own[fact] for fact in ("machine", "command") if own[fact] != new[fact]}
    plain = {field: value for field, value in row.items() if field not in (*FACTS, "carried")}
    return plain | {"carried": True, "commit": own["commit"], "date": own["date"], **differing}


def write(path: Path, document: Document) -> None:
    """Check and write a document. The old file stays whole until the new one is on the disk."""
    write_text(path, dumped(check(document, path.name)))


def dumped(document: Document) -> str:
    """Return the document as text: one fact, column or row a line, for readable diffs."""
    parts = [f' "{field}": {_value(field, value)}' for field, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(field: str, value: Any) -> str:
    if field == "rows":
        return _lines([_json(row) for row in value], 2)
    if field == "tables":
        return _lines([_table_text(table) for table in value], 2)
    return _json(value)


def _table_text(table: Document) -> str:
    columns = _lines([_json(column) for column in table["columns"]], 4)
    rest = [f'"{field}": {_json(value)}' for field, value in table.items() if field != "columns"]
    return "{" + ",\n   ".join([*rest, f'"columns": {columns}']) + "}"


def _lines(items: list[str], indent: int) -> str:
    margin = "\n" + " " * indent
    return f"[{margin}{(',' + margin).join(items)}\n{' ' * (indent - 1)}]" if items else "[]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole, and make its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text.encode("utf-8"))


def tables_of(document: Document) -> Iterable[tuple[Document, list[Row]]]:
    """Yield every table that has rows, with its rows."""
    for table in document["tables"]:
        rows = [row for row in document["rows"] if row["table"] == table["name"]]
        if rows:
            yield table, rows
