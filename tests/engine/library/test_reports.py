"""An unexpected error is one line and a report without secrets and private paths."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from distill_engine.errors import PresetError
from distill_engine.library import reports
from distill_engine.library.reports import line_on, report, reported_threads, shortened


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


def _fail(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_a_report_names_the_place_and_holds_no_secret_and_no_private_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "my-own-token-1234")
    monkeypatch.setattr("sys.argv", ["/home/anna/bin/distill", "render", "/home/anna/secret client/a.wav"])
    line = report(_fail("my-own-token-1234 of 'https://me:pw12@host/x' in /home/anna/secret client/take"), "a test")
    assert line.startswith("a test: unexpected ValueError: ")
    assert "\n" not in line
    (path,) = (tmp_path / "home" / "reports").iterdir()
    assert f"$DISTILL_HOME/reports/{path.name}" in line
    text = path.read_text()
    for word in ("in _fail", "test_reports.py", "Python 3.", "numpy", "[HF_TOKEN]", "secret client/a.wav"):
        assert word in text, word
    for word in ("my-own-token-1234", "pw12", "anna", str(tmp_path), str(Path(__file__).parents[2])):
        assert word not in text, word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/anna/x/y.wav: no", ".../x/y.wav: no"),
        ("/home/anna: no", "~: no"),
        ("/tmp/y.wav is", "/tmp/y.wav is"),
        ("/distill/control/gain/x", "/distill/control/gain/x"),
        (r"'C:\Users\anna\My sounds\a.wav'", "'.../My sounds/a.wav'"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: [secret]"),
        ("https://host/a?token=abc&x=1", "https://host/a?token=[secret]&x=1"),
        ("3/4 of a/b", "3/4 of a/b"),
    ],
)
def test_secrets_and_paths_are_shortened(text: str, expected: str) -> None:
    assert shortened(text, {}) == expected


def test_one_error_is_one_file_and_the_oldest_reports_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "home" / "reports"
    for _ in range(3):
        error = _fail("again")
        report(error, "a test")
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(reports, "REPORTS_KEPT", 3)
    for number in range(5):
        report(error, f"another {number}")
    assert len(list(folder.iterdir())) == 3


def test_where_no_report_can_be_written_the_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "file"))
    line = report(_fail("a\x1b[2J\nb"))
    assert line.startswith("unexpected ValueError: a\\x1b[2J b (no report could be written: ")


def test_an_expected_error_has_its_own_words_and_no_report(tmp_path: Path) -> None:
    assert line_on(PresetError("there is no preset 7")) == "there is no preset 7"
    assert not (tmp_path / "home").exists()


def test_a_thread_that_fails_is_said_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def fail() -> None:
        raise KeyError("x")

    before = threading.excepthook
    with reported_threads(said.append):
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
    assert said[0].startswith("thread worker: unexpected KeyError: 'x' (please send in the report")
    assert capfd.readouterr().err == ""
    assert threading.excepthook is before


def test_a_report_is_written_again_after_a_while(tmp_path: Path) -> None:
    error = _fail("again")
    report(error)
    (path,) = (tmp_path / "home" / "reports").iterdir()
    path.write_text("old")
    report(error)
    assert path.read_text() == "old"
    os.utime(path, (time.time() - 100, time.time() - 100))
    report(error)
    assert "in _fail" in path.read_text()
