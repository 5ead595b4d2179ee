"""`distill analyse` and `distill model map` as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_control.cli.analyse import _target
from distill_control.cli.main import main
from distill_engine.analysis.analyse import AnalysisConfig
from distill_engine.library.assets import starter_path
from distill_engine.modelfile import ModelFile, update_model
from measures.synthetic import harmonic


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


def test_the_same_networks_on_another_corpus_blend_in_latent_space(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = AnalysisConfig(
        probes=24, bases=1, positions=3, moving_bases=1, moving_positions=3, moving_hops=30, characters=1
    )
    monkeypatch.setattr("distill_engine.analysis.analyse.AnalysisConfig", lambda: few)
    monkeypatch.setattr("distill_engine.rendering.model_trim._PERFORMANCE_SECONDS", 2.0)
    monkeypatch.setattr("distill_engine.analysis.static_controls.SELECTIVITY", (0.0,))
    model = Path(shutil.copy(tiny_model, tmp_path / "copy.distillgan"))
    before, sounds, other = model.read_bytes(), tmp_path / "sounds", tmp_path / "other.distillgan"
    sounds.mkdir()
    rng = np.random.default_rng(4)
    for index in range(3):
        soundfile.write(sounds / f"{index}.wav", harmonic(rng, 44100), 44100)
    assert main(["analyse", str(model), str(sounds), "-o", str(other), "--json"]) == 0
    assert model.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("*.distillgan")) == ["copy.distillgan", "other.distillgan"]
    with ModelFile.open(other) as file:
        assert file.manifest.name == "other"
        assert file.manifest.analysis["clips"] == ["0.wav", "1.wav", "2.wav"]
    capsys.readouterr()
    words = ["render", str(model), "-o", str(tmp_path / "out.wav"), "--duration", "0.5", "--blend", f"{other}=0.5"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["blend_space"] == "latents"
    assert main(["analyse", str(model), str(sounds), "-o", str(other)]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "saying"), [("new.wav", "NAME.distillgan"), ("none/new.distillgan", "does not exist")]
)
def test_a_copy_that_cannot_be_written_is_refused_before_the_work(
    model: Path, tmp_path: Path, name: str, saying: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "a.wav", 0.1 * np.sin(np.arange(44100) / 9), 44100)
    assert main(["analyse", str(model), str(tmp_path / "sounds"), "-o", str(tmp_path / name)]) == 1
    assert saying in capsys.readouterr().err


def test_two_runs_for_one_output_do_not_share_a_copy(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "new.distillgan"
    with _target(model, output) as first:
        with _target(model, output) as second:
            assert first != second
            assert first.read_bytes() == second.read_bytes()
        assert output.exists()
    with ModelFile.open(output) as file:
        assert file.manifest.name == "new"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
