"""What a command's row says of its runs, which words it gets, and whose program runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import waiting
from harness.benchmark import HISTORY
from waiting import FILES, OUT, Program, Waited, figures, measure, program_of, waited_for

RENDER = Waited("distill render", ("render",), 60.0, ("render", "-s"), 6.0)
ECHO = """#!{python}
import os, sys
with open({log!r}, "a") as log:
    print(os.environ.get("DISTILL_HOME"), os.environ.get("PYTHONPATH"), os.environ.get({history!r}), *sys.argv[1:], file=log)
sys.exit("no" in sys.argv)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose `distill` writes what it was given into `log`, and fails for the word no."""
    program = tmp_path / "checkout" / ".venv" / "bin" / "distill"
    program.parent.mkdir(parents=True)
    program.write_text(ECHO.format(python=sys.executable, log=str(tmp_path / "log"), history=HISTORY))
    program.chmod(0o755)
    return tmp_path / "checkout"


def test_a_row_has_the_rate_of_all_and_that_without_the_start() -> None:
    found = figures(RENDER, ours=[3.0, 2.6, 3.4], short=[1.2, 1.2, 1.0], theirs=[])
    assert (found["runs"], found["median_s"], found["max_s"], found["start_s"]) == (3, 3.0, 3.4, 1.2)
    assert found["factor"] == 20.0
    assert found["net_factor"] == pytest.approx(54.0 / 1.8)
    assert "peer_s" not in found


def test_a_peer_is_compared_run_by_run() -> None:
    found = figures(RENDER, ours=[1.0, 2.0, 4.0], short=[], theirs=[3.0, 2.0, 8.0])
    assert found == {
        "runs": 3, "median_s": 2.0, "max_s": 4.0,
        "peer_s": 3.0, "peer_ratio": 2.0, "peer_slowest": 1.0, "peer_fastest": 3.0,
    }  # fmt: skip


def test_a_start_as_long_as_the_whole_gives_no_net_rate() -> None:
    assert "net_factor" not in figures(RENDER, ours=[1.0], short=[1.1], theirs=[])


@pytest.mark.parametrize("name", ["render", "resynth", "compare", "check"])
def test_long_and_short_form_work_on_as_many_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LENGTHS", {name: 20.0})
    waited = waited_for(name, tmp_path, quick=True)
    assert (waited.sound_s, waited.short_s) == pytest.approx((4.0, 0.4))
    assert len(waited.words) == len(waited.short_words)
    assert waited.words != waited.short_words
    if name in FILES:
        assert [len(list(folder.iterdir())) for folder in tmp_path.iterdir()] == [FILES[name]] * 2
    assert (name == "check") == all(OUT not in word for word in waited.words)


def test_each_run_has_a_library_of_its_own_and_the_checkouts_packages(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HISTORY, "off")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    program = program_of(checkout, checkout / ".venv" / "bin")
    for _ in range(2):
        assert program.seconds(["render", "-o", f"{OUT}/x.wav"]) > 0
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert len({home for home, *_ in lines}) == 2
    for home, packages, history, *words in lines:
        assert packages.split(os.pathsep)[0] == str(checkout / "engine")
        assert "/elsewhere" not in packages
        assert history == "None"
        assert words == ["render", "-o", home.removesuffix("home") + "x.wav"]
        assert not Path(home).parent.exists()


def test_a_command_that_fails_ends_the_run(checkout: Path) -> None:
    with pytest.raises(SystemExit, match="no: exit code 1"):
        program_of(checkout, checkout / ".venv" / "bin").seconds(["no"])


def test_a_checkout_without_its_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="install the checkout"):
        program_of(tmp_path, tmp_path / ".venv" / "bin")


def test_commands_take_turns_and_the_first_run_is_not_counted() -> None:
    ran: list[str] = []

    class Timed(Program):
        def seconds(self, words: object) -> float:
            ran.append(f"{self.packages} {len(tuple(words))}")  # type: ignore[arg-type]
            return float(len(ran))

    found = measure(RENDER, Timed(Path(), "ours"), Timed(Path(), "peer"), runs=2)
    assert ran == ["ours 2", "peer 1", "ours 1", "ours 1", "peer 1", "ours 2", "ours 2", "peer 1", "ours 1"]
    assert (found["runs"], found["median_s"], found["start_s"], found["peer_s"]) == (2, 6.5, 6.5, 6.5)
