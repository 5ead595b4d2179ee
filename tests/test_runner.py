"""The script that runs the tests counts both passes and fails when something did."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "tests.py"
SUITE = """
import pytest

def test_good(): pass

@pytest.mark.skip
def test_left_out(): pass

def test_bad(): assert False

@pytest.mark.realtime
def test_alone(): pass

@pytest.mark.realtime
@pytest.mark.listens
def test_listens(): pass
"""


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("runner", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_passes_are_counted_in_one_line(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    jack:\n    peer:\n    realtime:\n    listens:\n")
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "REPORTS", tmp_path / "build")
    monkeypatch.setattr(runner, "MOST_WORKERS", 1)
    monkeypatch.setattr(sys, "argv", ["tests.py"])
    assert runner.main() == 1
    *_, failure, last = capfd.readouterr().out.splitlines()
    assert failure == "FAILED test_suite::test_bad"
    assert last.startswith("3 passed, 1 failed, 1 skipped in ")


def test_a_pass_without_a_report_is_no_success(runner: ModuleType, tmp_path: Path) -> None:
    found, failed = runner.counts(tmp_path / "none.xml")
    assert found == Counter({runner.BROKEN: 1})
    assert failed == []
    assert "1 passes broken off" in runner.summary(found, ["types"], 1.0)
    assert "make types failed" in runner.summary(found, ["types"], 1.0)
