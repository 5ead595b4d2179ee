"""No network, no space, a folder that is closed: one clear line each, at once, and nothing is lost."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from distill_control.cli.main import main
from distill_control.client_patches import generate
from distill_engine.library.assets import starter_path
from distill_engine.rendering.batches.manifest import NAME
from distill_engine.rendering.exporting.sampler import PRESET_SUFFIXES
from support_rights import bound_by_modes
from support_skeleton import write_tones

BATCH = ["render", "starter", "--duration", "0.2", "--workers", "1"]
FREE_BYTES = 20_000  # a file may have these and no more; one of the batch has 53,000


@contextmanager
def little_space() -> Iterator[None]:
    """Let no file grow beyond FREE_BYTES, as where a disk or a quota is full.

    Python writes no bytecode meanwhile: it would keep the beginning of it as the whole.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (FREE_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = writes


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line on stderr, which is an error."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]


def test_a_batch_on_a_full_disk_says_how_far_it_came_and_goes_on_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, words = tmp_path / "out", [*BATCH, "-o", str(tmp_path / "out")]
    assert main([*words, "--count", "2"]) == 0
    before = {path.name: path.read_bytes() for path in folder.glob("*.wav")}
    capsys.readouterr()
    with little_space():
        assert main([*words, "--count", "4", "--skip-existing"]) == 1
    said = one_line(capsys)
    assert "starter-000002.wav could not be written" in said
    assert "2 of 4 files are done; the same command with --skip-existing goes on" in said
    assert {path.name: path.read_bytes() for path in folder.glob("*.wav")} == before
    presets = {f"starter{suffix}" for suffix in PRESET_SUFFIXES}
    assert {path.name for path in folder.iterdir()} == {NAME, *before, *presets}
    assert main([*words, "--count", "4", "--skip-existing"]) == 0
    assert before.items() <= {path.name: path.read_bytes() for path in folder.glob("*.wav")}.items()
    assert len((folder / NAME).read_text().splitlines()) == 4


@pytest.mark.parametrize(
    "words",
    [
        ["render", "starter", "--duration", "0.2", "-o", "out.wav"],
        ["resynth", "starter", "tones", "-o", "out", "--workers", "1"],
        ["export", "starter", "--to", "onnx", "-o", "out"],
        ["export", "starter", "--to", "nn", "-o", "out.ts"],
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_what_finds_no_space_says_so_and_leaves_no_part(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tones(tmp_path / "tones", count=1)
    with little_space():
        assert main(words) == 1
    assert "space" in one_line(capsys)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "tones"] == []


def commands(closed: Path, tones: Path) -> dict[str, list[str]]:
    """Commands that would write into a closed folder, by what they would write."""
    sound, model = str(tones / "tone0.wav"), str(closed / "mine.distillgan")
    return {
        "a render": ["render", "starter", "--duration", "0.1", "-o", f"{closed}/out.wav"],
        "a batch into a new folder": [*BATCH, "--count", "2", "-o", f"{closed}/out"],
        "a batch into the folder": [*BATCH, "--count", "2", "-o", str(closed)],
        "resynthesised sounds": ["resynth", "starter", str(tones), "-o", f"{closed}/out"],
        "a resynthesised sound": ["resynth", "starter", sound, "-o", f"{closed}/out.wav"],
        "graphs": ["export", "starter", "--to", "onnx", "-o", f"{closed}/out"],
        "a script": ["export", "starter", "--to", "nn", "-o", f"{closed}/out.ts"],
        "a model": ["train", str(tones), "-o", f"{closed}/out.distillgan", "--minutes", "0.1"],
        "a vocoder": ["train-vocoder", model, str(tones), "--minutes", "0.1"],
        "an analysis": ["analyse", model, str(tones)],
        "an analysed copy": ["analyse", model, str(tones), "-o", f"{closed}/out.distillgan"],
        "codes": ["codes", "encode", model, sound, "-o", f"{closed}/out.distillcodes"],
        "patches": ["patches", f"{closed}/out"],
        "a comparison": ["compare", "starter", "--vocoders", "vocos", "-o", f"{closed}/out"],
    }


def test_a_closed_folder_is_named_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, tones = tmp_path / "closed", write_tones(tmp_path / "tones", count=1)
    closed.mkdir()
    shutil.copy(starter_path(), closed / "mine.distillgan")
    before = (closed / "mine.distillgan").read_bytes()
    closed.chmod(0o555)
    for what, words in commands(closed, tones).items():
        capsys.readouterr()
        with bound_by_modes():
            assert main(words) == 1, what
        said = one_line(capsys)
        assert str(closed) in said, what
        assert ".distill-tmp" not in said, what
    closed.chmod(0o755)
    assert [path.name for path in closed.iterdir()] == ["mine.distillgan"]
    assert (closed / "mine.distillgan").read_bytes() == before


@pytest.mark.parametrize(
    "variables", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}], ids=["forbidden", "unreachable"]
)
def test_without_a_network_the_one_command_that_needs_it_says_what_to_do(
    variables: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "distill_control.cli.main", "vocoder", "download", "bigvgan"]
    environment = {**os.environ, "DISTILL_HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hub"), **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "the hub cannot be reached" in line
    assert "--weights" in line


def test_patches_that_find_no_space_are_whole_or_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, files = tmp_path / "patches", generate()
    assert main(["patches", str(folder)]) == 0
    long = next(path for path, data in files.items() if len(data) > FREE_BYTES)
    for path in files:
        (folder / path).write_bytes(b"old")
    capsys.readouterr()
    with little_space():
        assert main(["patches", str(folder), "--force"]) == 1
    assert f"{folder / long} could not be written: the file grew" in one_line(capsys)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found.keys() == files.keys()
    assert all(found[path] in (b"old", data) for path, data in files.items())


def test_a_page_that_finds_no_space_leaves_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tones, page = write_tones(tmp_path / "tones", count=2), tmp_path / "out" / "index.html"
    page.parent.mkdir()
    page.write_text("old")
    with little_space():
        assert main(["compare", *(str(tones / f"tone{n}.wav") for n in range(2)), "-o", str(page.parent)]) == 1
    assert f"{page} could not be written: the file grew" in one_line(capsys)
    assert [path.read_text() for path in page.parent.iterdir()] == ["old"]
