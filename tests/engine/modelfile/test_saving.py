"""A save that fails, is killed or meets another one leaves a whole file, and nothing else."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.system import atomic_write
from distill_engine.system.atomic_write import TEMPORARY_SUFFIX, folder_lock

PARTS = {"model": {"w": np.ones(1000, np.float32)}}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.distillgan"
    save_model(path, Manifest("m"), PARTS)
    return path


def test_writers_that_compete_lose_nothing(tmp_path: Path) -> None:
    program = Path(__file__).with_name("competing.py")
    result = subprocess.run([sys.executable, program, tmp_path], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    report = json.loads(result.stdout)
    assert report["counted"] == report["expected"] == 60
    assert report["after"] == ["m.distillgan"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_error_of_the_disk_changes_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    before = model.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(ModelFileError, match=r"m\.distillgan: cannot be saved, ") as caught:
        update_model(model, parts=PARTS)
    assert "\n" not in str(caught.value)
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


FULL_DISK = """
import resource, signal, sys
import numpy as np
from distill_engine.errors import ModelFileError
from distill_engine.modelfile import update_model
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # a file of it that is cut off would be taken for whole
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    update_model(sys.argv[1], parts={"training/model": {"m": np.ones(50_000)}})
except ModelFileError as error:
    print(error)
"""


def test_a_disk_that_fills_up_in_mid_save_changes_nothing(model: Path) -> None:
    before = model.read_bytes()
    assert hasattr(resource, "RLIMIT_FSIZE")
    result = subprocess.run([sys.executable, "-c", FULL_DISK, model], capture_output=True, text=True, timeout=60)
    assert "free some space" in result.stdout, result.stderr
    assert result.stdout.count("\n") == 1
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


def test_an_interruption_leaves_no_temporary_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic_write, "sync_file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        update_model(model, parts=PARTS)
    assert os.listdir(model.parent) == [model.name]


def test_a_read_only_folder_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.open

    def read_only(path: Any, flags: int, *rest: int) -> int:
        if flags & os.O_CREAT:  # as the kernel answers; root may write anywhere, so the mode bits alone would not do
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return genuine(path, flags, *rest)

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(ModelFileError, match="no permission to write there: choose another folder"):
        update_model(model, parts=PARTS)


@pytest.mark.parametrize("place", ["absent/m.distillgan", "file/m.distillgan", "folder", "n" * 300])
def test_impossible_places_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelFileError, match="cannot be saved"):
        save_model(tmp_path / place, Manifest("m"), PARTS)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_updating_what_is_not_there_or_not_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such model file"):
        update_model(tmp_path / "m.distillgan", parts=PARTS)
    other = tmp_path / "notes.txt"
    other.write_text("precious")
    with pytest.raises(ModelFileError):
        update_model(other, parts=PARTS)
    assert other.read_text() == "precious"


def test_what_dead_writers_left_is_cleaned_up(model: Path) -> None:
    stale = model.with_name(f".other.distillgan.0123{TEMPORARY_SUFFIX}")
    stale.write_bytes(b"half")
    update_model(model, parts=PARTS)
    assert not stale.exists()


def test_without_locks_only_old_leftovers_are_cleaned_up(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_write, "try_lock", lambda descriptor: None)
    young, old = (model.with_name(f".{name}{TEMPORARY_SUFFIX}") for name in ("young", "old"))
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (0, time.time() - 2 * atomic_write.STALE_SECONDS))
    update_model(model, parts=PARTS)
    assert young.exists()
    assert not old.exists()


def test_a_folder_that_stays_locked_is_reported(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_write, "LOCK_SECONDS", 0.05)
    with (
        folder_lock(model.parent),
        pytest.raises(ModelFileError, match="another process has been saving in .*: wait for it or stop it"),
    ):
        update_model(model, parts=PARTS)


def test_a_failing_manifest_function_changes_nothing(model: Path) -> None:
    before = model.read_bytes()

    def fail(manifest: Manifest) -> Manifest:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        update_model(model, manifest=fail)
    assert model.read_bytes() == before
    with ModelFile.open(model) as file:
        assert file.manifest.name == "m"
