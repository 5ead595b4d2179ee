"""A benchmark collects rows, prints its tables and writes its file, once it has ended well."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import results
from harness.benchmark import Benchmark, Column, Pivot, Table
from harness.machine import FIELDS, describe, machine
from harness.repository import command_line

COLUMNS = (Column("what", "what"), Column("ms", "ms", ".1f"))
BENCHMARK = Benchmark("small", "Small", [Table("times", "Times.", COLUMNS, key=("what",))])


def run(file: Path, *arguments: str, **rows: float) -> None:
    options = BENCHMARK.parser("").parse_args(["--json", str(file), *arguments])
    with BENCHMARK.run(options) as running:
        for what, ms in rows.items():
            running.row("times", what=what, ms=ms)


def test_a_run_writes_rows_and_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks/small.py", "--quick", "--json", "x.json", "--no-write"])
    run(tmp_path / "small.json", gain=24.4)
    document = results.read(tmp_path / "small.json")
    assert document["rows"] == [{"table": "times", "what": "gain", "ms": 24.4}]
    assert document["command"].endswith("small.py --quick")
    assert set(document["machine"]) == set(FIELDS)


def test_a_run_prints_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "small.json", "--no-write", gain=24.44)
    assert "| what | ms |\n|---|---|\n| gain | 24.4 |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_second_run_keeps_what_it_did_not_measure(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    run(file, gain=1.0, hop=2.0)
    run(file, gain=3.0)
    rows = {row["what"]: row for row in results.read(file)["rows"]}
    assert rows["gain"]["ms"] == 3.0
    assert rows["hop"]["carried"] is True
    run(file, "--replace", gain=4.0)
    assert [row["ms"] for row in results.read(file)["rows"]] == [4.0]


def fail(file: Path) -> None:
    """A run that measures one row, and then fails."""
    with BENCHMARK.run(BENCHMARK.parser("").parse_args(["--json", str(file)])) as running:
        running.row("times", what="gain", ms=1.0)
        raise RuntimeError("the device is gone")


def test_a_run_that_fails_or_measures_nothing_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    with pytest.raises(RuntimeError, match="device"):
        fail(file)
    run(file)
    assert not file.exists()


def test_a_damaged_result_file_ends_the_run_before_it_measures(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text("{")
    with pytest.raises(SystemExit, match=r"small\.json.*--replace"):
        run(file, gain=1.0)
    assert file.read_text() == "{"
    run(file, "--replace", gain=1.0)
    assert results.read(file)["rows"]


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    options = BENCHMARK.parser("").parse_args(["--json", str(tmp_path / "small.json")])
    with pytest.raises(KeyError, match="others"), BENCHMARK.run(options) as running:
        running.row("others", ms=1.0)


@pytest.mark.parametrize(
    ("value", "written"),
    [(np.float32(0.5), 0.5), (np.int64(3), 3), (float("nan"), None), (np.bool_(True), True), ((1, 2), [1, 2])],
)
def test_figures_become_plain_json(tmp_path: Path, value: Any, written: Any) -> None:
    run(tmp_path / "small.json", gain=value)
    assert json.loads((tmp_path / "small.json").read_text())["rows"][0]["ms"] == written


def test_a_pivoted_table_has_a_column_for_each_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = (Column("what", "what"), Column("block", "block", "d"), Column("ms", "ms", ".1f"))
    table = Table("hops", "Hops.", columns, pivot=Pivot("block", "block {}", "{ms:.1f} ms", ("what",)))
    benchmark = Benchmark("small", "Small", [table])
    with benchmark.run(benchmark.parser("").parse_args(["--no-write"])) as running:
        for what, block, ms in (("vocos", 1, 3.0), ("vocos", 2, 4.6), ("hifigan", 2, 4.2)):
            running.row("hops", what=what, block=block, ms=ms)
    printed = capsys.readouterr().out
    assert "| what | block 1 | block 2 |" in printed
    assert "| vocos | 3.0 ms | 4.6 ms |" in printed
    assert "| hifigan |  | 4.2 ms |" in printed


def test_a_machine_is_described_in_one_line_and_without_torch() -> None:
    described = describe(machine())
    assert "cores" in described
    assert "Python 3." in described
    assert "\n" not in described


def test_a_command_holds_no_path_of_this_machine(tmp_path: Path) -> None:
    from harness.repository import ROOT

    script = str(ROOT / "benchmarks" / "live.py")
    assert command_line(script, ["--model", str(tmp_path / "m.distillgan")]) == (
        "python benchmarks/live.py --model m.distillgan"
    )
