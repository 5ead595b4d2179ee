"""Processes that torchrun starts train what one process trains; what trains in one process refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from distill_control.cli.main import main
from distill_engine import train
from distill_engine.errors import ConfigError
from distill_engine.modelfile import ModelFile
from distill_engine.system.torchrun import place_in_group
from support_ports import free_ports
from support_skeleton import skeleton_model

SCRIPT = """
import sys
from distill_control.cli.main import main
from distill_engine import train
from distill_engine.training.vocoder import file_entry
file_entry.export_runtime = lambda *_: {"runtime/vocoder/vocos.onnx": b"graph"}  # takes most of a short training
sys.exit(main(sys.argv[1:]))
"""
OPTIONS = ["--epochs", "1", "--batch-size", "4", "--width", "0.03"]


def agent(endpoint: str, folder: Path, sounds: Path) -> subprocess.Popen[str]:
    """One machine of two: torchrun with one process, which has a model file of its own."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", endpoint, "--rdzv-id", "test", "--local-addr", "127.0.0.1"]
    script = folder / "distill.py"
    script.write_text(SCRIPT)
    command = [str(script), "train-vocoder", str(folder / "m.distillgan"), str(sounds), *OPTIONS]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DISTILL_HOME": str(folder)}
    return subprocess.Popen(
        [*torchrun, *meeting, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def weights(path: Path) -> dict[str, np.ndarray]:
    """The last weights of the training in a model file."""
    with ModelFile.open(path) as file:
        part = file.read_part("training/vocoder/vocos")
    return {name: array for name, array in part.items() if name.startswith(("generator.", "average."))}


@pytest.fixture
def _one_thread() -> Iterator[None]:
    """Three trainings at once are fastest with a thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_one_thread", "without_export")
def test_two_machines_train_what_one_process_trains_and_only_the_first_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    folders = [tmp_path / name for name in ("alone", "a", "b")]
    for folder in folders:
        folder.mkdir()
        shutil.copy(model, folder)
    endpoint = f"127.0.0.1:{free_ports(1)}"
    agents = [agent(endpoint, folder, tmp_path / "sounds") for folder in folders[1:]]
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "alone"))
    assert main(["train-vocoder", str(folders[0] / "m.distillgan"), str(tmp_path / "sounds"), *OPTIONS]) == 0
    said = [process.communicate(timeout=400)[0] for process in agents]
    assert [process.returncode for process in agents] == [0, 0], said
    second, first = sorted(range(2), key=lambda i: "2 processes" in said[i])
    lines = [line for line in said[second].splitlines() if "distill" not in line.lower() or "m.distillgan" in line]
    assert "process 2 of 2: the first process reports and writes the model file" in lines
    assert "saved" not in said[second]
    assert "ready" not in said[second]
    assert (folders[1 + second] / "m.distillgan").read_bytes() == model.read_bytes()
    alone, together = weights(folders[0] / "m.distillgan"), weights(folders[1 + first] / "m.distillgan")
    assert alone
    assert alone.keys() == together.keys()
    for name, array in alone.items():
        assert np.allclose(array, together[name], atol=2e-4), name


@pytest.mark.parametrize("rank", ["0", "1"])
@pytest.mark.parametrize(
    "words",
    [
        ["train", ".", "-o", "m.distillgan"],
        ["train", ".", "-o", "m.distillgan", "--with-vocoder"],
        ["train", ".", "-o", "m.distillgan", "--family", "rvq"],
        ["train", ".", "-o", "m.distillgan", "--resume"],
        ["codes", "fit", "starter"],
    ],
    ids=" ".join,
)
def test_what_trains_in_one_process_says_so_in_each_of_several_and_writes_nothing(
    words: list[str], rank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(words) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(said) <= 1, said
    if rank == "0":
        assert "works in one process, and torchrun started 2" in said[0]
        assert "without torchrun" in said[0]
    assert not list(tmp_path.iterdir())


def test_a_program_that_torchrun_starts_several_times_trains_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"distill_engine\.train works in one process"):
        train(tmp_path, tmp_path / "m.distillgan")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("places", [("x", "2"), ("2", "2"), ("0", "0"), ("-1", "2"), ("0", "")])
def test_an_environment_that_torchrun_would_not_set_is_refused(
    places: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", places[0])
    monkeypatch.setenv("WORLD_SIZE", places[1])
    with pytest.raises(ConfigError, match="unset both"):
        place_in_group()
