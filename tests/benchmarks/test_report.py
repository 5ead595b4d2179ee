"""RESULTS.md and the figures of documents are what the results give, and a change is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

import report
from harness import results
from harness.repository import ROOT


def run(tree: Path, *arguments: str) -> int:
    return report.main(["--root", str(tree), *arguments])


def test_the_repository_holds_what_its_results_give() -> None:
    assert run(ROOT, "--check") == 0


def test_a_report_holds_claim_table_and_facts(tree: Path) -> None:
    assert run(tree) == 0
    text = (tree / "benchmarks" / "RESULTS.md").read_text()
    assert "| Delay | 24.4 ms | ≤ 25 ms | met | `run` | 2026-11-22, 1234567 | A |" in text
    assert "- **A**: a processor, 2 cores" in text
    assert "| gain | 24.4 |\n| hop | 3.0 |" in text


def test_figures_stand_in_readme_and_documentation(tree: Path) -> None:
    run(tree)
    assert (tree / "README.md").read_text() == "It takes <!-- figure: delay -->24.4 ms<!-- /figure -->.\n"
    assert "24.4 ms" in (tree / "docs" / "play" / "live.md").read_text()


def test_a_report_is_deterministic(tree: Path) -> None:
    run(tree)
    first = {path: path.read_text() for path in tree.rglob("*.md")}
    run(tree)
    assert {path: path.read_text() for path in tree.rglob("*.md")} == first
    assert run(tree, "--check") == 0


@pytest.mark.parametrize("name", ["README.md", "benchmarks/RESULTS.md", "docs/play/live.md"])
def test_a_changed_figure_fails_the_check_and_stays(tree: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(tree)
    changed = (tree / name).read_text().replace("24.4", "14.4")
    (tree / name).write_text(changed)
    assert run(tree, "--check") == 1
    assert (tree / name).read_text() == changed
    assert name in capsys.readouterr().out


def test_a_missing_report_fails_the_check(tree: Path) -> None:
    run(tree)
    (tree / "benchmarks" / "RESULTS.md").unlink()
    assert run(tree, "--check") == 1


def test_a_new_measurement_fails_the_check_until_the_report_is_written(tree: Path) -> None:
    run(tree)
    path = tree / "benchmarks" / "results" / "small.json"
    document = results.read(path)
    document["rows"][0]["ms"] = 31.5
    results.write(path, document)
    assert run(tree, "--check") == 1
    assert run(tree) == 0
    assert "31.5 ms | ≤ 25 ms | **missed**" in (tree / "benchmarks" / "RESULTS.md").read_text()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("README.md", "<!-- figure: speed -->1<!-- /figure -->", "README.md:1: no claim is named 'speed'"),
        ("README.md", "one\n<!-- figure: delay -->", "README.md:2"),
        ("benchmarks/results/small.json", "{}", "small.json: 'schema' is missing"),
        ("benchmarks/claims.toml", "[[claim]]\nname = 'x'", "claims.toml: claim x"),
    ],
)
def test_a_fault_is_one_line(tree: Path, name: str, text: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / name).write_text(text)
    assert run(tree) == 1
    printed = capsys.readouterr().err
    assert reason in printed
    assert printed.count("\n") == 1


def test_a_claim_for_markers_only_stays_out_of_the_headline(tree: Path) -> None:
    path = tree / "benchmarks" / "claims.toml"
    path.write_text(path.read_text() + "headline = false\n")
    run(tree)
    assert "| Delay |" not in (tree / "benchmarks" / "RESULTS.md").read_text()
    assert "24.4 ms" in (tree / "README.md").read_text()


def test_rows_of_several_runs_show_their_dates(tree: Path) -> None:
    path = tree / "benchmarks" / "results" / "small.json"
    document = results.read(path)
    document["rows"][1] |= {"carried": True, "commit": "7654321", "date": "2026-11-20T08:00:00+00:00"}
    results.write(path, document)
    run(tree)
    text = (tree / "benchmarks" / "RESULTS.md").read_text()
    assert "| hop | 3.0 | 2026-11-20, 7654321, carried |" in text
    assert "| gain | 24.4 | 2026-11-22, 1234567 |" in text
