"""`distill compare` of sounds and entries: equally loud, measured, blind."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import main

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json in an empty folder; return what it printed, or its error line."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    noise = 0.1 * np.random.default_rng(0).standard_normal((44100, 2))
    soundfile.write("loud.wav", noise, 44100)
    soundfile.write("soft.flac", 0.25 * noise[:22050, 0], 44100)

    def run(*words: object, code: int = 0) -> Any:
        assert main([*map(str, words), "--json"]) == code, capsys.readouterr().err
        said = capsys.readouterr()
        return json.loads(said.out) if code == 0 else said.err.strip().splitlines()[-1]

    return run


def held(page: str) -> list[dict[str, Any]]:
    """Return the sounds that a page holds."""
    found = re.search(r'id="sounds">(.*?)</script>', Path(page).read_text("utf-8"), re.DOTALL)
    assert found
    sounds: list[dict[str, Any]] = json.loads(found[1])
    return sounds


def test_files_are_brought_to_the_loudness_of_the_softest(run: Run) -> None:
    made = run("compare", "loud.wav", "soft.flac", "-o", "page")
    loud, soft = held(made["page"])
    assert soft["gain_db"] == 0.0
    assert loud["gain_db"] == pytest.approx(-15.05, abs=0.3)  # a quarter, and one channel less
    first, second = made["vocoders"]
    assert "MR-STFT from loud.wav" in second
    assert "MR-STFT from loud.wav" not in first
    text = Path(made["page"]).read_text("utf-8")
    assert "http" not in re.sub(r'"data": ".*?"', "", text)


def test_the_same_sound_has_no_distance(run: Run) -> None:
    shutil.copyfile("loud.wav", "again.wav")
    second = run("compare", "loud.wav", "again.wav", "-o", "page")["vocoders"][1]
    assert (second["SNR (dB) from loud.wav"], second["log-mel L1 (nat) from loud.wav"]) == (150.0, 0.0)


def test_entries_and_their_performance_through_other_vocoders(run: Run, tiny_model: Path) -> None:
    run("render", tiny_model, "-o", "one.wav", "--duration", 0.5, "--seed", 4)
    run("render", tiny_model, "-o", "two.wav", "--duration", 0.5, "--seed", 5)
    assert [one["name"] for one in held(run("compare", "one", "two", "--blind", "-o", "page")["page"])] == [
        "one",
        "two",
    ]
    assert "if (true) blind(true)" in Path("page/index.html").read_text("utf-8")
    made = run("compare", "one", "--vocoders", "vocos,hifigan", "-o", "through")
    assert [one["name"] for one in held(made["page"])] == ["vocos", "hifigan"]
    assert np.array_equal(soundfile.read("through/vocos.wav")[0], soundfile.read("one.wav")[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loud.wav"], "give 2 to 9 sounds"),
        (["loud.wav", "nothing"], "no render 'nothing'"),
        (["loud.wav", "text.txt"], "text.txt"),
        (["nothing", "--vocoders", "vocos"], "no model 'nothing'"),
        (["loud.wav", "soft.flac", "--vocoders", "vocos"], "takes one model or entry"),
        (["loud.wav", "six.wav"], "has 6 channels"),
    ],
)
def test_what_cannot_be_compared_is_one_line(run: Run, words: list[str], message: str) -> None:
    Path("text.txt").write_text("no sound")
    soundfile.write("six.wav", np.zeros((100, 6)), 44100)
    assert message in run("compare", *words, "-o", "page", code=1)
    assert not Path("page/index.html").exists()


@pytest.mark.browser
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="the system has no folder in which nobody can make one")
@pytest.mark.parametrize(
    "words",
    [
        ["compare", "loud.wav", "soft.flac", "-o", "/proc/nowhere"],
        ["patches", "/proc/nowhere"],
        ["render", "starter", "--stems", "--duration", "1", "-o", "/proc/nowhere"],
    ],
    ids=lambda words: words[0],
)
def test_a_folder_that_cannot_be_made_is_one_line(run: Run, words: list[str]) -> None:
    said = run(*words, code=1)
    assert "/proc/nowhere: cannot be created" in said
    assert "report" not in said


def test_the_page_plays_switches_and_counts_blind_votes(run: Run, chromium: Any) -> None:
    made = run("compare", "loud.wav", "soft.flac", "-o", "page")
    page = chromium.page(Path(made["page"]).as_uri())
    page.click("#play")
    page.until("state.nodes !== null")
    assert page.run("state.nodes.map((one) => one.source.buffer.duration)") == [1, 1]  # both on one clock
    page.run("turn(1)")
    page.until("Math.abs(state.nodes[1].gain.gain.value - 1) < 0.01 && state.nodes[0].gain.gain.value < 0.01")
    page.run("turn(0)")
    page.until("Math.abs(20 * Math.log10(state.nodes[0].gain.gain.value) - sounds[0].gain_db) < 0.2")
    page.click("#blind")
    assert (
        page.run("document.body.innerText.includes('loud.wav') || document.body.innerText.includes('MR-STFT')") is False
    )
    for _ in range(5):
        page.run("vote(state.order.indexOf(1))")
    assert page.run("find('tally').textContent").startswith("5 votes")
    page.click("#blind")
    assert page.run("find('tally').textContent") == "best in blind votes: loud.wav 0, soft.flac 5"
    assert page.complaints() == []
