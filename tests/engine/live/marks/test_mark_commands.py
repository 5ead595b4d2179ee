"""Marks as a player places, moves, saves and loads them while a model plays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import support_skeleton
from distill_engine.errors import ControlError, PresetError
from distill_engine.library.marks import MarkStore
from distill_engine.live.marks.mark_commands import MarkCommands
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.vocabulary.table import MOST_MARKS


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    folder = tmp_path_factory.mktemp("marks")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    return prepare_instrument(path)


class Player:
    """A synth with its marks, and what was sent of them."""

    def __init__(self, instrument: Instrument) -> None:
        self.synth = Synth(instrument, seed=1)
        self.sent: list[dict[str, Any]] = []
        self.commands = MarkCommands(self.synth, lambda action: action(), self.sent.append)  # type: ignore[arg-type]

    def __call__(self, command: str, *arguments: object) -> None:
        self.commands.slow[f"marks/{command}"](*arguments)

    @property
    def marks(self) -> list[list[Any]]:
        found: list[list[Any]] = [message for message in self.sent if message["event"] == "marks"][-1]["marks"]
        return found

    @property
    def name(self) -> str:
        return str([message for message in self.sent if message["event"] == "setting"][-1]["value"])


@pytest.fixture
def player(instrument: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    return Player(instrument)


def test_a_clip_a_moment_and_controls_are_placed_moved_named_and_taken_away(player):
    player("clip", "tone2.wav", 0.5, -0.5, 0.5)
    player.synth.render(60)
    player("moment", 0.2, 0.5, 0.5)
    player.synth.set("/distill/control/1", 0.7)
    player("controls", 0.0, -0.5)
    assert player.marks == [
        ["tone2", -0.5, 0.5, "clip"],
        ["moment", 0.5, 0.5, "moment"],
        ["controls", 0.0, -0.5, "controls"],
    ]
    plane = player.synth.marks.plane
    assert plane.held.tolist() == [[1, 1, 0], [0, 1, 1]]
    latent_map = player.synth.instrument.latent_map
    assert plane.latents[:, 0].tolist() in latent_map.latents[:, latent_map.clips == 2].T.tolist()
    assert plane.controls[1].tolist() == [0.0, 0.0, 0.7]
    player("move", 1, 0.9, -0.9)
    player("name", 1, "dusk")
    player("remove", 0)
    assert player.marks == [["dusk", 0.9, -0.9, "moment"], ["controls", 0.0, -0.5, "controls"]]
    player("clear")
    assert player.marks == []
    assert player.synth.marks.plane is None


def test_a_moment_is_what_sounded_then(player):
    player.synth.select_source("hold", 0.0)
    player.synth.render(200)
    player("moment", 0.0, 0.0, 0.0)
    heard = player.synth.codes.heard(32 / player.synth.frame_rate)
    assert player.synth.marks.plane.latents[:, 0] == pytest.approx(heard[:16].mean(axis=1), abs=1e-5)
    with pytest.raises(ControlError, match=r"only 2\.3 s have played"):
        player("moment", 9.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("clip", ("nowhere", 0.0, 0.0, 0.0), "the map shows no sound of the name 'nowhere'"),
        ("move", (3, 0.0, 0.0), "there is no mark 3; there are none yet"),
        ("save", ("dawn",), "there are no marks to save"),
        ("load", ("dawn",), "there are no marks 'dawn' for the model tones; there are: none yet"),
        ("moment", (0.0, 0.0, 0.0), "nothing has played yet"),
    ],
)
def test_what_cannot_be_done_says_why(player, command, arguments, reason):
    with pytest.raises((ControlError, PresetError), match=reason):
        player(command, *arguments)


def test_there_are_fifty_at_most(player):
    for number in range(MOST_MARKS):
        player("clip", "tone1", 0.0, *np.random.default_rng(number).uniform(-1, 1, 2))
    with pytest.raises(ControlError, match="there are 50 marks already: take one away first"):
        player("clip", "tone1", 0.0, 0.0, 0.0)
    player("save", "many")
    player("clear")
    player("load", "many")
    assert len(player.marks) == MOST_MARKS


def test_saved_marks_come_back_with_their_names_in_any_script(player):
    player("clip", "tone1", 0.0, 0.2, 0.3)
    player("clip", "tone3", 0.0, -0.2, 0.3)
    player("save", "Abend im Wald 夕")
    before = player.synth.marks.plane
    assert player.name == "Abend im Wald 夕"
    player("remove", 1)
    player("load", "abend im wald 夕")
    assert np.array_equal(player.synth.marks.plane.latents, before.latents)
    player("rename", "Abend im Wald 夕", "later")
    assert player.name == "later"
    assert [marks.name for marks in MarkStore().of_model("tones")] == ["later"]
    player("delete", "later")
    assert MarkStore().all() == []
    assert len(player.marks) == 2
    for name in ("", "../x", "a/b", ".hidden", "x" * 65, "a\nb"):
        with pytest.raises(PresetError, match="the name of saved marks cannot be"):
            player("save", name)


def test_marks_of_another_training_are_refused_with_the_reason(player):
    player("clip", "tone1", 0.0, 0.2, 0.3)
    player("save", "dawn")
    (marks,) = MarkStore().all()
    path = MarkStore().path(marks)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"space": "another"}))
    with pytest.raises(ControlError, match="placed in an earlier training of tones"):
        player("load", "dawn")


def test_another_model_puts_the_marks_aside_until_the_first_plays_again(player, instrument, tiny_model):
    player("clip", "tone1", 0.0, 0.2, 0.3)
    player.synth.swap(prepare_instrument(tiny_model, "vocos"), 0.0)
    player.commands.follow_model()
    assert player.marks == []
    player.synth.swap(instrument, 0.0)
    player.commands.follow_model()
    assert player.marks == [["tone1", 0.2, 0.3, "clip"]]
    assert player.synth.marks.plane is not None


def test_a_moment_of_a_model_without_a_path_is_refused(instrument: Instrument, player: Player) -> None:
    pathless = replace(instrument)
    pathless.__dict__["search"] = None
    player = Player(pathless)
    player.synth.render(60)
    with pytest.raises(ControlError, match="holds no path"):
        player("moment", 0.2, 0.5, 0.5)
    player("controls", 0.0, -0.5)
    assert [kind for *_, kind in player.marks] == ["controls"]
