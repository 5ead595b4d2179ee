"""The view of a training, and what it says at the end."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from distill_control.cli.support.analysis_view import AnalysisView
from distill_control.cli.support.train_report import report
from distill_control.cli.support.train_view import TrainingView, clock, curve
from distill_engine.analysis.model_prober import AnalysisProgress
from distill_engine.modelfile import Manifest, save_model
from distill_engine.training.events import (
    Finished,
    Planned,
    PlannedPart,
    Preview,
    Progress,
    Saved,
    Started,
    Validated,
    Warned,
)
from distill_engine.training.latent.closed_form import VERDICT
from distill_engine.training.verdict import Verdict

FORM = {"event", "stage", "done", "total", "unit", "eta_seconds", "text"}
EVENTS = (
    Planned((PlannedPart("skeleton", None, "plays"), PlannedPart("correction", 90.0, "comes nearer"))),
    Started("model", 11, 30.4, 3, ("preset balanced",)),
    Progress("learning", 2, 40, 0.5, 1.5, 123.0, {"mel": 0.9, "bottleneck": 0.1}),
    Validated(2, 40, {"mel": 0.824}, True, Verdict.IMPROVING),
    Saved(Path("birds.distillgan"), 2),
    Preview(2, Path("preview.wav")),
    Warned("be patient"),
    Finished(True, 4, 80, 62.0, 3.0),
)


def test_a_log_gets_a_line_an_event_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingView(clip_count=12) as view:
        for event in EVENTS:
            view(event)
    assert capsys.readouterr().err.splitlines() == [
        "plan:",
        "  skeleton: plays",
        "  correction, at most 1:30: comes nearer",
        "model: learning from 11 of 12 sounds, 30 s; 1 is kept aside to judge by (preset balanced)",
        "epoch 2, step 40: on sounds kept aside mel 0.824: still improving, 2:03 left",
        "checkpoint in birds.distillgan at epoch 2",
        "preview of epoch 2: preview.wav",
        "note: be patient",
        "model: 80 steps in 1:02, 3.0 s of audio per second",
    ]


def test_programs_get_every_event_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingView(as_json=True) as view:
        for event in EVENTS:
            view(event)
    rows = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [row["event"] for row in rows] == [
        *("planned", "started", "progress", "validated", "saved", "preview", "warned", "finished"),
    ]
    assert rows[0]["parts"][1] == {"name": "correction", "seconds": 90.0, "brings": "comes nearer"}
    assert rows[1]["clips"] == 11
    assert all(row.keys() >= FORM for row in rows)
    assert (rows[2]["done"], rows[2]["total"], rows[2]["eta_seconds"]) == (0.5, 1.0, 123.0)
    assert rows[6]["text"] == rows[6]["message"] == "be patient"


def test_the_display_holds_every_figure_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=60, force_terminal=True, color_system=None)
    monkeypatch.setattr("distill_control.cli.support.train_view.console_err", lambda: console)
    with TrainingView(clip_count=12) as view:
        for event in EVENTS[1:4]:
            view(event)
    shown = " ".join(screen.getvalue().split())
    for text in (
        "epoch 2 step 40",
        "2:03 left",
        "mel 0.900 bottleneck 0.100",
        "kept aside: mel 0.824",
        "still improving",
    ):
        assert text in shown


def test_curve_and_clock() -> None:
    assert curve([1.0]) == ""
    assert curve([1.0, 2.0, 3.0]) == "▁▅█"
    assert len(curve([float(n) for n in range(1000)], 48)) == 48
    assert (clock(5.9), clock(3723)) == ("0:05", "1:02:03")


@pytest.mark.parametrize(("log_mel", "advised"), [(0.15, True), (0.12, False)])
def test_a_vocoder_that_is_still_the_shipped_one_is_said_with_the_way_on(
    log_mel: float, advised: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"log_mel": log_mel, "mr_stft": 0.6, "base_log_mel": 0.15, "base_mr_stft": 0.6}
    path = tmp_path / "birds.distillgan"
    save_model(path, Manifest("birds", vocoders={"vocos": {"validation": figures, "reason": "as measured"}}), {})
    args = argparse.Namespace(json=False, kind="vocos", corpus=Path("my sounds"))
    assert report(args, path) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "vocos: as measured" in out
    assert ("the shipped one plays" in out) == advised
    assert (f"distill train-vocoder {path} 'my sounds' --resume --minutes 20" in out) == advised


@pytest.mark.parametrize(
    ("row", "says", "advised"),
    [
        ({"gain": 0.0121, "kept": True, "enough": False}, "0.012 nat nearer", True),
        ({"gain": 0.0121, "kept": True, "enough": True}, "longer training would not help", False),
        ({"gain": 0.001, "kept": False, "enough": True}, "the skeleton alone plays", False),
        (
            {"best_log_mel": 0.4, "enough": False},
            "the codes of sounds kept aside are 0.400 nat from the original",
            True,
        ),
        ({"verdict": VERDICT}, "gives each spectrum back", False),
    ],
)
def test_the_end_says_whether_more_training_would_help(
    row: dict[str, Any], says: str, advised: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "birds.distillgan"
    family = "rvq" if "codes" in says else "vae"
    save_model(path, Manifest("birds", family=family, training={"model": row | {"completed": True}}), {})
    args = argparse.Namespace(json=False, kind="vocos", corpus=Path("my sounds"), with_vocoder=False)
    assert report(args, path) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert says in out
    assert (f"distill train 'my sounds' -o {path} --resume --minutes 2" in out) == advised


def test_an_analysis_shows_its_progress_in_a_log_and_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        with AnalysisView(as_json=as_json) as view:
            for done in (1, 2, 3):
                view(AnalysisProgress("measuring", done, 3))
            view(AnalysisProgress("done", 1, 1))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["measuring: 1 of 3", "done: 1 of 1"]
    first, *others = map(json.loads, lines[2:])
    assert first.keys() == FORM
    assert (first["event"], first["stage"], first["done"], first["total"]) == ("progress", "measuring", 1, 3)
    assert [row["stage"] for row in others] == ["measuring", "done"], "five a second at most, and always the last"
