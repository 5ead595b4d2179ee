"""Wrong arguments: the cause comes first, names what is wrong, and says what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_control.cli import engine
from distill_control.cli.main import main
from distill_engine.library.presets import PresetStore


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (
            ["train", "sounds", "-o", "m.distillgan", "--minutes", "four"],
            "'four' is not a number of minutes, such as 4",
        ),
        (["train", "sounds", "-o", "m.distillgan", "--minutes", "0"], "0 is not above 0: give a number of minutes"),
        (["train", "sounds", "-o", "m.distillgan", "--epochs", "1.5"], "'1.5' is not a whole number, such as 50"),
        (["train", "sounds", "-o", "m.distillgan", "--lr", "nan"], "nan is not above 0"),
        (["render", "starter", "-o", "a.wav", "--control", "loud"], "'loud' is not NAME=VALUE, such as"),
        (["render", "starter", "-o", "a.wav", "--take", "a.take", "--duration", "1"], "exclude each other"),
        (["nonsense"], "invalid choice: 'nonsense'"),
    ],
)
def test_a_usage_error_says_its_cause_before_the_usage(
    words: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    first, empty, *usage = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert cause in first
    assert empty == ""
    assert usage[0].startswith("usage: distill")


def test_the_engine_says_the_cause_first_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        engine.main(["--osc-port", "many"])
    assert stop.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: argument --osc-port: invalid int value: 'many'"
    assert lines[2].startswith("usage: distill-engine")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model", "info", "{model}", "--plots", "{notes}"], "notes.txt is a file: name a folder with --plots"),
        (["model", "map", "{model}", "-o", "{tmp}/a.xyz"], "a picture ends in .png, .svg or .pdf"),
        (["model", "info", "{notes}"], "notes.txt: is a text, not a .distillgan model"),
        (["render", "{notes}", "-o", "{tmp}/a.wav"], "notes.txt: is a text, not a .distillgan model"),
        (["compare", "{model}", "--vocoders", "vocos", "-o", "{notes}"], "notes.txt is a file: name a folder with -o"),
        (
            ["compare", "{model}", "--vocoders", "vocos", "-o", "{notes}/in"],
            "notes.txt is a file: name a folder with -o",
        ),
        (["patches", "{notes}"], "notes.txt is a file: name a folder"),
        (["preset", "list", "--model", "nope"], "there is no model 'nope'; there are: rain, starter"),
        (["render", "{model}", "-o", "{tmp}/none/a.wav"], "none does not exist: create it, or choose another with -o"),
        (["train", "{tmp}", "-o", "{tmp}/none/m.distillgan"], "none does not exist: create it, or choose another"),
    ],
)
def test_a_wrong_path_or_name_is_one_line_with_the_right_way_out(
    words: list[str], message: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Dear diary,\nthis is no model.\n")
    PresetStore().save("dawn", "rain", "abc", {"/distill/width": 0.5})
    assert main([word.format(model=tiny_model, notes=notes, tmp=tmp_path) for word in words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert notes.read_text().startswith("Dear diary")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_that_takes_no_file_is_named(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(tiny_model), "-o", "/proc/a.wav", "--duration", "0.1"]) == 1
    assert capsys.readouterr().err == "error: /proc cannot be written: choose another folder with -o\n"


def test_presets_of_a_model_are_found_by_its_name_and_its_file(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PresetStore().save("dawn", "rain", "abc", {"/distill/width": 0.5})
    for name in ("rain", "rain.distillgan", "starter", str(tiny_model)):
        assert main(["preset", "list", "--model", name]) == 0
        assert ("dawn" in capsys.readouterr().out) == name.startswith("rain")
