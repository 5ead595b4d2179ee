"""The three programs: what they import, and Ctrl-C before that is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from distill_control import programs

SCRIPTS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_ctrl_c_while_a_program_is_imported_ends_in_one_line(
    script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    module, function = SCRIPTS[script].split(":")
    assert module == programs.__name__
    monkeypatch.setattr(programs, "import_module", interrupted)
    assert getattr(programs, function)() == 3
    assert capsys.readouterr().err == "cancelled: stopped before it began\n"


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_program_runs_its_command(
    script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [script, "--help"])
    with pytest.raises(SystemExit) as ended:
        getattr(programs, SCRIPTS[script].split(":")[1])()
    assert ended.value.code == 0
    assert "usage: distill" in capsys.readouterr().out
