"""`distill demo` ends with what to do next."""

from pathlib import Path

import pytest

from distill_control.cli import demo, main
from distill_engine.system import extras


@pytest.fixture(autouse=True)
def rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "has_device", lambda: False)
    monkeypatch.setattr(demo, "SECONDS", 0.5)


def test_people_are_shown_the_next_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "-o", str(tmp_path / "demo.wav")]) == 0
    out, err = capfd.readouterr()
    assert err.endswith(demo.NEXT_STEPS + "\n")
    assert "distill-engine" in demo.NEXT_STEPS
    assert "next:" not in out


def test_programs_are_not(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "--json", "-o", str(tmp_path / "demo.wav")]) == 0
    assert "next:" not in capfd.readouterr().err


def test_the_commands_shown_are_ones_that_exist() -> None:
    commands = [line.split("#")[0].split() for line in demo.NEXT_STEPS.splitlines() if line.startswith("  distill ")]
    for words in commands:
        main.build_parser().parse_args(words[1:])
    assert len(commands) == 2


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("/home/me/.cache/uv/archive-v0/x", "uv tool install distill-audio"),  # uvx: gone when the demo ends
        ("/home/me/.local/share/uv/tools/distill-audio", "uv tool install 'distill-audio[train]'"),
    ],
)
def test_after_uvx_the_player_is_installed_first(prefix: str, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.prefix", prefix)
    monkeypatch.setattr("shutil.which", lambda name: f"{prefix}/bin/{name}")
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert demo.next_steps().splitlines()[1].strip() == first
