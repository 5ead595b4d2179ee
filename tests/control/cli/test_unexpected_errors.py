"""An unexpected error in a command is one line and a report, wherever it happens; never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distill_control.cli import engine
from distill_control.cli import main as entry
from distill_control.cli.support import doctor_checks
from distill_control.cli.support.guard import guarded


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DISTILL_DEBUG", raising=False)


def _raise(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("odd\nvalue"), "error: unexpected ValueError: odd value (please send in the report"),
        (RecursionError("deep"), "error: unexpected RecursionError: deep (please send in the report"),
        (OSError(5, "Input/output error", "a.wav"), "error: input/output error (a.wav): check the path"),
        (
            OSError(28, "No space left on device", "a.wav"),
            "error: the disk is full: free some space or write elsewhere (a.wav)\n",
        ),
        (OSError(28, "No space left on device"), "error: the disk is full: free some space or write elsewhere\n"),
        (
            PermissionError(13, "Permission denied", "/x/a.wav"),
            "error: permission denied: /x/a.wav: give another path\n",
        ),
        (MemoryError(), "error: out of memory"),
        (KeyboardInterrupt(), "cancelled: stopped by the user"),
    ],
)
def test_every_error_is_one_line(error: BaseException, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: _raise(error)) in (1, 3)
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1


def test_a_name_that_the_system_does_not_take_is_blamed_and_makes_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "x" * 300
    for command in (["render", "starter", "-o", f"{name}.wav"], ["model", "info", name], ["corpus", "check", name]):
        assert entry.main(command) == 1
        said = capsys.readouterr().err.strip()
        assert said.startswith("error: ")
        assert "\n" not in said
        assert "report" not in said, command
    assert not (tmp_path / "home" / "reports").exists()


@pytest.mark.parametrize("main", [entry.main, engine.main])
def test_an_error_while_the_options_are_read_is_one_line_too(
    main: Callable[[list[str]], int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "overview", lambda: _raise(TypeError("odd")))
    monkeypatch.setattr(engine, "parser", lambda: _raise(TypeError("odd")))
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: unexpected TypeError: odd (please send in the report $DISTILL_HOME/reports/")
    assert said.count("\n") == 1


def test_a_check_of_doctor_that_fails_does_not_stop_those_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {"odd": lambda: _raise(TypeError("odd")), "good": lambda: iter([("good", "fine", "")])}
    monkeypatch.setattr(doctor_checks, "CHECKS", checks)
    odd, good = doctor_checks.examine()
    assert (odd.grade, good.grade) == ("fault", "good")
    assert "unexpected TypeError: odd (please send in the report" in odd.found
