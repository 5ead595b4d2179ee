"""Result files follow one schema, are written whole, and keep the rows that a run did not measure."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import results
from harness.repository import RESULTS
from harness.results import ResultsError

Make = Callable[..., dict[str, Any]]
DATE = "2026-11-20T08:00:00+00:00"


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_result_file_has_commit_date_and_machine(path: Path) -> None:
    document = results.read(path)
    assert document["name"] == path.stem
    assert document["machine"]["cpu"]
    assert document["rows"]
    for row in document["rows"]:
        facts = results.facts(document, row)
        assert len(facts["commit"]) >= 7
        assert facts["date"] >= "2026"
        assert facts["command"]
    assert results.dumped(document) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"schema": 2}, "schema 2"),
        ({"machine": "here"}, "'machine'"),
        ({"date": "yesterday"}, "'yesterday' is not"),
        ({"date": "2026-11-20T08:00:00"}, "with an offset"),
        ({"tables": [{"name": "times"}]}, "caption"),
        ({"rows": [{"table": "others", "ms": 1}]}, "unknown table"),
        ({"rows": [{"table": "times", "seconds": 1}]}, "without a figure"),
        ({"rows": [{"table": "times", "ms": 1, "carried": True, "date": DATE}]}, "lacks its commit"),
    ],
)
def test_a_document_that_breaks_the_schema_is_refused(document: Make, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ResultsError, match=reason):
        results.check(document(**fields), "small.json")


def test_a_document_survives_writing(tmp_path: Path, document: Make) -> None:
    path = tmp_path / "results" / "small.json"
    results.write(path, document())
    assert results.read(path) == document()
    assert [one.name for one in path.parent.iterdir()] == ["small.json"]


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, document: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small.json"
    results.write(path, document())
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        results.write(path, document(title="Other"))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["small.json"]


def test_a_number_that_json_lacks_is_refused_before_anything_is_written(tmp_path: Path, document: Make) -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.write(tmp_path / "small.json", document({"what": "gain", "ms": float("nan")}))
    assert not list(tmp_path.iterdir())


def test_rows_that_a_run_did_not_measure_are_carried_with_their_facts(document: Make) -> None:
    old = document({"what": "gain", "ms": 1.0}, {"what": "hop", "ms": 2.0}, commit="7654321", date=DATE)
    new = document({"what": "gain", "ms": 3.0}, command="run --quick")
    rows = results.merged(new, old)["rows"]
    assert rows[0] == {"table": "times", "what": "gain", "ms": 3.0}
    own = {"carried": True, "commit": "7654321", "date": DATE, "command": "run"}
    assert rows[1] == {"table": "times", "what": "hop", "ms": 2.0, **own}


def test_a_row_that_is_carried_twice_keeps_its_first_facts(document: Make) -> None:
    first = document({"what": "hop", "ms": 2.0}, commit="7654321", date=DATE)
    second = results.merged(document({"what": "gain", "ms": 3.0}), first)
    third = results.merged(document({"what": "gain", "ms": 4.0}, commit="9999999"), second)
    assert [row for row in third["rows"] if row["what"] == "hop"] == [second["rows"][1]]


def test_a_table_without_a_key_is_replaced_as_a_whole(document: Make) -> None:
    table = document()["tables"][0] | {"key": []}
    new = document({"what": "gain", "ms": 3.0}, tables=[table])
    assert results.merged(new, document())["rows"] == new["rows"]
