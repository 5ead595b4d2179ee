"""`distill model list|rename|copy|tag|note|import|export` as a user calls them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distill_control.cli.main import main

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_model: Path) -> Run:
    """Run `distill model ...` in a library with the models rain and wind; return JSON, or the error."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "models").mkdir(parents=True)
    for name in ("rain", "wind"):
        shutil.copyfile(tiny_model, tmp_path / "home" / "models" / f"{name}.distillgan")
    monkeypatch.chdir(tmp_path)

    def run(*words: object, code: int = 0) -> Any:
        assert main(["model", *map(str, words), "--json"]) == code, capsys.readouterr().err
        said = capsys.readouterr()
        return json.loads(said.out) if code == 0 else said.err.strip().splitlines()[-1]

    return run


def names(listed: dict[str, Any]) -> list[str]:
    return [row["name"] for row in listed["models"]]


def test_a_long_list_is_cut_and_says_so(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "list", "--limit", "1"]) == 0
    assert "1 of 3: --limit 0 shows all" in capsys.readouterr().out
    assert len(run("list")["models"]) == 3
    assert len(run("list", "--limit", "2")["models"]) == 2


def test_models_are_listed_searched_and_sorted(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("tag", "rain", "Feld", "nass")
    run("note", "rain", "im März aufgenommen")
    run("copy", "wind", "sturm")
    listed = run("list")
    assert names(listed) == ["rain", "sturm", "wind", "starter"]
    (rain,) = (row for row in listed["models"] if row["name"] == "rain")
    assert rain["own_vocoders"]["vocos"]["log_mel"] == 0.5
    assert rain["plays_through"]["vocoder"] == "vocos"
    assert names(run("list", "--search", "MÄRZ feld")) == names(run("list", "--tag", "nass"))
    assert names(run("list", "--search", "nothing at all")) == []
    assert names(run("list", "--sort", "size"))[-1] != names(run("list", "--sort", "name"))[-1]
    assert main(["model", "list"]) == 0
    text = capsys.readouterr().out
    assert "vocos 50" in text
    run("tag", "rain", "Feld", "--remove")
    assert run("tag", "rain")["tags"] == ["nass"]
    assert run("note", "rain", "")["note"] == ""


def test_notes_follow_a_model_that_is_renamed(run: Run) -> None:
    run("tag", "rain", "wet")
    run("rename", "rain", "regen")
    assert run("tag", "regen")["tags"] == ["wet"]
    assert "exists already" in run("rename", "regen", "wind", code=1)


def test_an_export_is_slim_credited_and_comes_back_verified(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run("export", "rain", "-o", "rain-out.distillgan", "--license", "CC0-1.0", "--credits", "Anna\n及び Bo")
    data = (tmp_path / "rain-out.distillgan").read_bytes()
    assert made["sha256"] == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "rain-out.distillgan.sha256").read_text() == f"{made['sha256']}  rain-out.distillgan\n"
    assert run("import", "rain-out.distillgan", "--name", "guest")["name"] == "guest"
    assert main(["model", "info", "guest"]) == 0
    text = capsys.readouterr().out
    assert "CC0-1.0" in text
    assert "Anna 及び Bo" in text
    told = run("info", "guest")
    assert (told["license"], told["credits"]) == ("CC0-1.0", "Anna 及び Bo")
    assert "exists already" in run("import", "rain-out.distillgan", "--name", "guest", code=1)
    assert "exists already" in run("export", "rain", "-o", "rain-out.distillgan", code=1)
    spoiled = bytearray(data)
    spoiled[len(data) // 2] ^= 1
    (tmp_path / "spoiled.distillgan").write_bytes(spoiled)
    assert "not imported" in run("import", "spoiled.distillgan", code=1)
    assert "no such model file" in run("import", "nowhere.distillgan", code=1)
    assert names(run("list"))[:-1] == ["guest", "rain", "wind"]
