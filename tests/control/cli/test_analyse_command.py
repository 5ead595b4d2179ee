"""`distill analyse` and `distill model map` as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from distill_control.cli.main import main
from distill_engine.library.assets import starter_path
from distill_engine.modelfile import update_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(starter_path(), tmp_path / "copy.distillgan"))


def test_the_map_is_drawn_beside_the_model(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "map", str(model), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert Path(result["picture"]).read_bytes().startswith(b"\x89PNG")
    assert result["regions"] > 0
    assert 0 <= result["stress"] < 1


def test_a_model_without_a_map_says_what_to_do(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update_model(model, parts={"analysis": None})
    assert main(["model", "map", str(model)]) == 1
    assert "run `distill analyse MODEL CORPUS`" in capsys.readouterr().err


def test_a_map_into_no_folder_is_one_line(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "map", str(model), "-o", str(model.parent / "none" / "map.png")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_an_empty_corpus_is_one_line(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["analyse", str(model), str(tmp_path / "empty")]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: ")
