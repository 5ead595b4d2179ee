"""`distill train` and `distill train-vocoder` as a user types them: real processes, real files, real Ctrl-C and other signals."""

from __future__ import annotations

import argparse
import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import COMMANDS, build_parser, main, overview
from distill_engine.modelfile import ModelFile

DISTILL = [sys.executable, "-m", "distill_control.cli.main"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    t = np.arange(33075) / 44100
    for index, pitch in enumerate((110, 220, 330, 440, 550)):
        tone = 0.3 * np.sin(2 * np.pi * pitch * t) * np.exp(-3 * t) + 0.02 * rng.standard_normal(len(t))
        soundfile.write(folder / f"tone{index}.wav", tone, 44100)
    return folder


def distill(*words: object, home: Path, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DISTILL_HOME": str(home)}
    return subprocess.run(
        [*DISTILL, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def trained(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    path = folder / "m.distillgan"
    done = distill("train", sounds, "-o", path, "--no-analysis", "--json", home=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["training"]["model"]["completed"]
    events = [json.loads(line)["event"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert events[0] == "planned"
    assert events[-2:] == ["saved", "finished"]
    return path


def test_a_trained_model_renders(trained: Path, tmp_path: Path) -> None:
    done = distill("render", trained, "-o", tmp_path / "out.wav", "--duration", 1, home=tmp_path)
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 44100
    assert len(samples) == 44100
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 1e-4


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_saves_a_checkpoint_and_resume_continues_it(
    sounds: Path,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "m.distillgan"
    words = [*DISTILL, "train", str(sounds), "-o", str(path), "--family", "rvq", "--epochs", "2000", "--no-analysis"]
    words += ["--json"]
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )
    assert process.stderr is not None
    for line in process.stderr:
        if '"progress"' in line:
            break
    time.sleep(0.5)
    process.send_signal(number)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 3
    assert "Checkpoint saved at epoch" in rest
    with ModelFile.open(path) as file:
        assert "training/model" in file.parts
        steps = int(file.manifest.training["model"]["steps"])
    assert steps >= 1
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    assert main(["train", str(sounds), "-o", str(path), "--epochs", "3"]) == 1
    assert "--resume or --fresh" in capsys.readouterr().err
    again = ["train", str(sounds), "-o", str(path), "--epochs", str(steps + 1), "--no-analysis", "--resume"]
    assert main(again) == 0, capsys.readouterr().err
    with ModelFile.open(path) as file:
        assert int(file.manifest.training["model"]["steps"]) > steps


def test_a_vocoder_is_trained_into_the_model_and_not_replaced_unasked(
    sounds: Path,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("train-vocoder", trained, sounds, "--epochs", 2, "--batch-size", 2, "--width", 0.03)
    done = distill(*words, home=tmp_path)
    assert done.returncode == 0, done.stderr
    with ModelFile.open(trained) as file:
        row = file.manifest.vocoders["vocos"]
        assert {"model", "vocoder/vocos"} <= file.parts
        assert "runtime/vocoder/vocos.onnx" in file.graphs
    assert row["validation"]["log_mel"] > 0
    assert row["reason"] in " ".join(done.stdout.split())
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    untouched = "not improved" in row["reason"]  # the shipped vocoder's weights: a training simply goes on
    assert main([str(word) for word in words]) == (0 if untouched else 1)
    assert ("--force" in capsys.readouterr().err) != untouched


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("train", "{tmp}/nowhere", "-o", "{tmp}/m.distillgan"), "nowhere"),
        (("train", "{tmp}/empty", "-o", "{tmp}/m.distillgan"), "no sound files"),
        (("train", "{sounds}", "-o", "{tmp}/m.wav"), ".distillgan"),
        (("train", "{sounds}", "-o", "{tmp}/none/m.distillgan"), "does not exist"),
        (("train", "{sounds}", "-o", "{tmp}/m.distillgan", "--resume"), "no checkpoint"),
        (("train", "{sounds}", "-o", "{tmp}/m.distillgan", "--device", "cuda"), "not available"),
        (
            ("train", "{sounds}", "-o", "{tmp}/m.distillgan", "--levels", "2"),
            "--levels is for --family rvq: leave it out",
        ),
        (("train-vocoder", "{tmp}/none.distillgan", "{sounds}"), "none.distillgan"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(
    words: tuple[str, ...],
    saying: str,
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    assert main([word.format(tmp=tmp_path, sounds=sounds) for word in words]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert saying in lines[0]


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from distill_control.cli.main import build_parser; build_parser();"
        "print([m for m in ('torch','numpy','rich','onnxruntime','matplotlib','huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_list_of_commands_imports_none_of_them() -> None:
    script = "import sys; from distill_control.cli.main import overview; text = overview().format_help();"
    script += "print([m for m in sys.modules if m.startswith('distill_')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stdout)
    assert "distill_control.cli.main" in loaded
    assert not [m for m in loaded if m.startswith(("distill_control.cli.r", "distill_engine.vocabulary"))]


def commands_of(parser: argparse.ArgumentParser) -> list[str]:
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return [*action.choices]


def test_every_command_is_in_the_list_and_has_a_module() -> None:
    assert commands_of(overview()) == commands_of(build_parser()) == [*COMMANDS]
