"""Wrong arguments: the cause comes first, names what is wrong, and says what is right."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_control.cli import engine
from distill_control.cli.main import COMMANDS, build_parser, main
from distill_engine.errors import ConfigError
from distill_engine.library.presets import PresetStore
from distill_engine.live.settings import EngineSettings


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


RENDER = ["render", "starter", "-o", "a.wav"]


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
        (["train", "sounds", "-o", "m.distillgan", "--lr", "5"], "5 is out of range: give a rate up to 1"),
        (["train", "sounds", "-o", "m.distillgan", "--width", "1e9"], "1e9 is out of range: give a number up to 4"),
        (["train", "sounds", "-o", "m.distillgan", "--batch-size", "99999"], "99999 is out of range"),
        (["train", "sounds", "-o", "m.distillgan", "--latent-dim", "4"], "4 is out of range: give 8 to 128"),
        (
            ["train", "sounds", "-o", "m.distillgan", "--family", "rvq", "--levels", "5"],
            "5 is out of range: give 2, 3 or 4",
        ),
        (
            ["train", "sounds", "-o", "m.distillgan", "--family", "rvq", "--codes", "0"],
            "0 is out of range: give 64, 128 or 25",
        ),
        (["train", "sounds", "-o", "m.distillgan", "--levels", "abc"], "'abc' is not a whole number: give 2, 3 or 4"),
        (["codes", "fit", "m", "--levels", "abc"], "'abc' is not a whole number: give 2, 3 or 4"),
        (["codes", "fit", "m", "--levels", "5"], "5 is out of range: give 2, 3 or 4"),
        (["codes", "fit", "m", "--codes", "abc"], "'abc' is not a whole number: give 64, 128 or 256"),
        (["codes", "fit", "m", "--codes", "100"], "100 is out of range: give 64, 128 or 256"),
        (["codes", "decode", "m", "c", "-o", "a.wav", "--level", "abc"], "'abc' is not a level: give 0 to 3"),
        (["codes", "decode", "m", "c", "-o", "a.wav", "--level", "-1"], "-1 is out of range: give 0 to 3"),
        (["codes", "blend", "m", "a", "b", "abc", "-o", "c"], "'abc' is not a number: give 0 to 1"),
        (["codes", "blend", "m", "a", "b", "2", "-o", "c"], "2 is out of range: give 0 to 1"),
        ([*RENDER, "--outputs", "abc"], "'abc' is not a whole number: give 2, 4, 6 or 8"),
        ([*RENDER, "--outputs", "3"], "3 is out of range: give 2, 4, 6 or 8"),
        (["preset", "move", "x", "9" * 5000], "is not a whole number: give 0 to 9999"),
        ([*RENDER, "--latent", "9" * 5000 + "=1"], "is not I=VALUE with the number of a latent dimension"),
        (["train", "sounds", "-o", "m.distillgan", "--code-dim", "200"], "200 is out of range: give 8 to 128"),
        (["train", "sounds", "-o", "m.distillgan", "--epochs", "1" + "0" * 30], "is out of range: give a whole number"),
        (["train", "sounds", "-o", "m.distillgan", "--minutes", "inf"], "inf is out of range: give a number of min"),
        ([*RENDER, "--sample-rate", "many"], "'many' is not a sample rate: give 8000 to 192000"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["train-prior", "m.distillgan", "--minutes", "2"], "no prior to train, it is counted from a model's codes"),
        (["train", "sounds", "-o", "m.distillgan", "--with-prior"], "--with-prior: leave it out; every model"),
        (["train_prior", "m.distillgan"], "no prior to train"),
        (["train_vocoder", "m.distillgan"], "did you mean: distill train-vocoder"),
        (["rendr", "m.distillgan"], "'rendr' is no command; did you mean: distill render"),
        (["midi", "learn", "control/brightness"], "a playing engine takes it: distill send /distill/midi/learn"),
        (["control/brightness", "0.5"], "takes it: distill send /distill/control/brightness"),
        ([*RENDER, "--seed", "18446744073709551616"], "is out of range: give 0 to 2147483647"),
        ([*RENDER, "--seed", "-1"], "-1 is out of range: give 0 to 2147483647"),
        ([*RENDER, "--gain", "1000"], "1000 is out of range: give -90 to 12 dB"),
        ([*RENDER, "--gain", "nan"], "nan is out of range: give -90 to 12 dB"),
        ([*RENDER, "--gain", "loud"], "'loud' is not a number: give -90 to 12 dB"),
        ([*RENDER, "--width", "5"], "5 is out of range: give 0 to 1"),
        ([*RENDER, "--duration", "1e12"], "1e12 is out of range: give a number of seconds up to 86400"),
        ([*RENDER, "--duration", "nan"], "nan is not above 0: give a number of seconds"),
        (["compare", "starter", "--vocoders", "vocos", "-o", "c", "--duration", "-3"], "-3 is not above 0"),
        (["compare", "starter", "--vocoders", "vocos", "-o", "c", "--source", "x"], "invalid choice: 'x'"),
        (["monitor", "--seconds", "nan"], "nan is not above 0: give a number of seconds"),
        (["monitor", "--port", "0"], "0 is out of range: give 1 to 65535"),
        (["send", "gain", "0", "--port", "99999"], "99999 is out of range: give 1 to 65535"),
        (["send", "gain", "0", "--wait", "-1"], "-1 is not above 0"),
        (["patches", "p", "--listen", "70000"], "70000 is out of range: give 1 to 65535"),
        (["preset", "move", "x", "-1"], "-1 is out of range: give 0 to 9999"),
        (["train", "sounds", "-o", "m.distillgan", "--seed", "-1"], "-1 is out of range: give 0 to"),
        (["train-vocoder", "m.distillgan", "sounds", "--seed", "1.5"], "'1.5' is not a whole number: give 0 to"),
        (["analyse", "starter", "sounds", "--seed", "-4"], "-4 is out of range: give 0 to"),
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
    assert lines[0] == "error: argument --osc-port: 'many' is not a port: give 0 to 65535"
    assert lines[2].startswith("usage: distill-engine")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model", "info", "{model}", "--plots", "{notes}"], "notes.txt is a file: name a folder with --plots"),
        (["model", "map", "{model}", "-o", "{tmp}/a.xyz"], "a picture ends in .png, .svg or .pdf"),
        (["model", "info", "{notes}"], "notes.txt is a text, not a .distillgan model"),
        (["render", "{notes}", "-o", "{tmp}/a.wav"], "notes.txt is a text, not a .distillgan model"),
        (["compare", "{model}", "--vocoders", "vocos", "-o", "{notes}"], "notes.txt is a file: name a folder with -o"),
        (
            ["compare", "{model}", "--vocoders", "vocos", "-o", "{notes}/in"],
            "notes.txt is a file: name a folder with -o",
        ),
        (["patches", "{notes}"], "notes.txt is a file: name a folder"),
        (["preset", "list", "--model", "nope"], "there is no model 'nope'; there are: rain, starter"),
        (["render", "{model}", "-o", "{tmp}/none/a.wav"], "none does not exist: create it, or choose another with -o"),
        (["train", "{tmp}", "-o", "{tmp}/none/m.distillgan"], "none does not exist: create it, or choose another"),
        (["train", "{tmp}", "-o", "{notes}/m.distillgan"], "notes.txt is a file: name a folder with -o"),
        (["model", "map", "{model}", "-o", "{notes}/a.png"], "notes.txt is a file: name a folder with -o"),
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--control", "brightness=7"], "control brightness 7 is out of range: give -1 to 1"),
        (["--control", "brightness=1.0000000001"], "control brightness 1.0000000001 is out of range: give -1 to 1"),
        (["--control", "brightness=nan"], "control brightness nan is out of range: give -1 to 1"),
        (["--latent", "1=100"], "latent 1 100 is out of range: give -4 to 4 sigma"),
        (["--set", "source/speed=100"], "/distill/source/speed 100 is out of range: give "),
        (["--set", "/distill/latent/3=-9"], "/distill/latent/3 -9 is out of range: give -4 to 4 sigma"),
        (["--format", "mp3", "--bit-depth", "32f"], "mp3 has no bit depth: leave --bit-depth out"),
    ],
)
def test_a_render_clips_nothing_and_names_the_range(
    words: list[str], message: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(tiny_model), "-o", str(tmp_path / "a.wav"), *words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--seconds", "nan"], "nan is not above 0: give a number of seconds"),
        (["--seconds", "-1"], "-1 is not above 0"),
        (["--seed", "99999999999"], "99999999999 is out of range: give 0 to 2147483647"),
        (["--threads", "100000"], "100000 is out of range: give 1 to 256"),
        (["--latency", "nan"], "nan is out of range: give 1 to 500 ms"),
        (["--sample-rate", "1"], "1 is out of range: give 8000 to 384000"),
        (["--osc-port", "70000"], "70000 is out of range: give 0 to 65535"),
        (["--oscquery-port", "-1"], "-1 is out of range: give 0 to 65535"),
    ],
)
def test_the_engine_names_the_range(words: list[str], cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        engine.main(words)
    assert stop.value.code == 2
    assert cause in capsys.readouterr().err.splitlines()[0]


@pytest.mark.parametrize("blocks", ["²", "9" * 5000, "03", "3", "-1", ""])
def test_a_number_of_hops_that_cannot_be_is_refused_in_one_line(
    blocks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=r"--block .*: give 1, 2, 4, 8 or auto") as refused:
        engine.engine_settings(engine.parser().parse_args(["--block", blocks]))
    assert len(str(refused.value)) < 100


def actions_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Every argument of a command and of the commands below it, with the command's name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)
        yield parser.prog, action


def test_every_number_of_a_command_line_has_a_range() -> None:
    """The types int and float alone say nothing of what is allowed, and `int` takes 5,000 digits for an accident."""
    found = [*actions_of(build_parser()), *actions_of(engine.parser())]
    assert len(found) > 200
    bare = [(command, action.dest) for command, action in found if action.type in (int, float)]
    assert not bare


@pytest.mark.parametrize(
    "settings",
    [{"seconds": float("nan")}, {"seconds": 0.0}, {"seed": -1}, {"threads": 0}, {"threads": 9999}, {"latency": 0.5}, {"latency": "quick"},
     {"block": 3}, {"sample_rate": 1}],
)  # fmt: skip
def test_the_engine_s_settings_are_checked_for_users_of_the_api_too(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="give|hops|above"):
        EngineSettings(Path("m.distillgan"), **settings)


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


def test_the_reference_names_every_command() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"`distill {name}" not in page]
    assert not missing
