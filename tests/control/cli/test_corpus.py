"""`distill corpus check`: a table for people, JSON for programs, an exit code for scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from distill_control.cli.corpus import register, run_check
from distill_control.cli.support.guard import guarded
from distill_control.cli.support.output import common_parser
from distill_engine.audio.encoding import write_audio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sounds = tmp_path / "sounds"
    (sounds / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(5):
        write_audio(sounds / "deep" / f"tone [b]{index}.wav", 0.2 * rng.standard_normal((2, 20000)), 48000)
    write_audio(sounds / "silent.flac", np.zeros(9000), 44100)
    (sounds / "bell\x07\x1b[31m.txt").write_text("words")
    return sounds


def check(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), common_parser())
    args = parser.parse_args(["corpus", "check", *arguments])
    assert args.run is run_check
    return guarded(lambda: run_check(args))


def test_the_table_names_every_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    assert check([str(folder)]) == 0
    out = capsys.readouterr().out
    for index in range(5):
        assert f"deep/tone [b]{index}.wav" in out, "names are not markup"
    assert "48000" in out
    assert "silent" in out
    assert "not a sound file" in out
    assert "5 of 7 files usable, 2.1 s (0 with a warning, 2 skipped)" in out
    assert "\x07" not in out
    assert "\x1b[31m." not in out, "control codes in names do not reach the terminal"
    assert "bell\\x07\\x1b[31m.txt" in out


def test_json_is_one_document_on_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([str(folder), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["usable"] == 5
    assert {file["verdict"] for file in data["files"]} == {"ok", "skipped"}
    assert set(data["files"][1]) >= {"name", "duration", "rate", "channels", "rms_db", "peak_db", "verdict", "reason"}


def test_nothing_usable_fails_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: ")
    assert check([str(tmp_path)]) == 1
    assert "it holds no sound files" in capsys.readouterr().err
    (tmp_path / "words.wav").write_text("words")
    assert check([str(tmp_path), "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["usable"] == 0
    assert captured.err.splitlines()[-1].startswith("error: ")
    assert captured.err.count("error: ") == 1


def test_checking_a_corpus_loads_no_torch(folder: Path) -> None:
    code = (
        "import sys, argparse; from distill_control.cli.corpus import register;"
        "from distill_control.cli.support.output import common_parser;"
        "p = argparse.ArgumentParser(); register(p.add_subparsers(), common_parser());"
        f"a = p.parse_args(['corpus', 'check', {str(folder)!r}, '--json']); a.run(a);"
        "sys.exit(bool({'torch', 'matplotlib', 'onnxruntime', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_programs_get_the_progress_as_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([str(folder), "--json"]) == 0
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (last["event"], last["stage"], last["unit"]) == ("progress", "reading", "files")
    assert last["done"] == last["total"] == 7
