"""A model file that is replaced while it plays fades in; a take keeps the version that it was played with."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

sys.path.insert(0, str(Path(__file__).parents[2]))

import support_skeleton
from distill_control.cli.main import main as distill
from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.live import following
from distill_engine.live.capacity import realtime_check
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import FitRequest
from distill_engine.live.commands import LiveCommands, LoadOptions
from distill_engine.live.following import Following
from distill_engine.live.played_versions import PlayedVersions
from distill_engine.modelfile import Manifest, ModelFile, update_model
from distill_engine.rendering import model_trim
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth

HOP, PATIENCE_SECONDS = 512, 60.0


@pytest.fixture(scope="module")
def first_version(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("following")
    return support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")[0].read_bytes()


@pytest.fixture
def model(first_version: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(realtime_check, "real_time_factor", lambda *arguments: 0.1)  # however busy the machine is
    path = tmp_path / "tones.distillgan"
    path.write_bytes(first_version)
    return path


class _Still:
    """A performer that does not run: calls are done at once."""

    running, recorder = False, None

    def raise_latency_for(self, extra: float, lasting: float) -> None:
        """Do nothing."""

    def call(self, action: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(action())
        return future


class _Playing:
    """A synth that plays a model file, with its commands and what they said."""

    def __init__(self, model: Path) -> None:
        versions, request = PlayedVersions(), FitRequest("base", block=1, threads=1)
        pool, fit = versions.load(model, request)
        self.first = pool.instrument
        self.synth = Synth(pool, seed=1, block=2)
        self.sent: list[dict[str, Any]] = []
        doubles: Any = _Still(), self.sent.append, None
        still, send, capture = doubles
        budget = Budget(self.synth, {0: (self.first, fit.factor)})
        options = LoadOptions(request, budget, True, versions)
        self.commands = LiveCommands(still, self.synth, options, send, lambda instrument: None, capture)

    def until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not what():
            assert time.monotonic() < deadline, self.sent
            time.sleep(0.01)

    def said(self, text: str) -> bool:
        return any(text in message.get("text", "") for message in self.sent)


@pytest.fixture
def playing(model: Path) -> Iterator[_Playing]:
    made = _Playing(model)
    yield made
    made.commands.stop()


@pytest.mark.parametrize("source", ["walk", "input"])
def test_the_player_goes_on_at_the_same_place(model: Path, source: str) -> None:
    old = prepare_instrument(model)
    support_skeleton.next_version(model)
    new = prepare_instrument(model)
    assert old.model_digest != new.model_digest
    x = (0.2 * np.random.default_rng(0).standard_normal(300 * HOP)).astype(np.float32)
    one, two = (Synth(old, seed=1, source=source) for _ in range(2))
    for synth in (one, two):
        synth.set("/distill/source/own", 1.0)
        synth.render(100, x[: 100 * HOP])
    two.swap(new, 0.2)
    for synth in (one, two):
        synth.render(100, x[100 * HOP : 200 * HOP])
    assert two.instrument.model_digest == new.model_digest
    states = [synth._mixer.main.sources.state() for synth in (one, two)]
    assert np.array_equal(states[0].last, states[1].last)  # type: ignore[arg-type]
    assert states[0].sources[source].keys() == states[1].sources[source].keys()


def test_what_is_loaded_after_the_end_is_not_held(model: Path) -> None:
    versions, request = PlayedVersions(), FitRequest("base", block=1, threads=1)
    pool, _ = versions.load(model, request)
    (held,) = versions._files.values()
    versions.close()
    assert held._file.closed
    assert versions.load(model, request)[0].instrument.digest == pool.instrument.digest
    assert versions._files == {}


def test_a_new_version_is_followed_when_that_was_asked_for(model: Path, playing: _Playing) -> None:
    follower = playing.commands.follower
    assert follower.state is Following.OFF
    support_skeleton.next_version(model)
    follower.look()
    assert playing.synth.instrument is playing.first
    playing.commands.handle({"id": 1, "command": "follow", "arguments": [1]})
    playing.until(lambda: playing.synth.instrument is not playing.first)
    assert follower.state is Following.ON
    playing.until(lambda: playing.commands.swaps == 1)
    os.utime(model)  # touched, but the same
    playing.until(lambda: follower._seen is not None and follower._seen[3] == model.stat().st_mtime_ns)
    assert playing.commands.swaps == 1


def test_codes_that_a_training_adds_at_its_end_are_followed(model: Path, playing: _Playing) -> None:
    assert "codes" not in playing.first.source_names
    playing.commands.handle({"id": 1, "command": "follow", "arguments": [1]})
    route = stored_route(model)
    assert route is not None
    store_codes(model, route)
    playing.until(lambda: "codes" in playing.synth.instrument.source_names)
    assert playing.synth.instrument.digest == playing.first.digest


def test_a_damaged_version_is_named_once_and_the_old_one_plays_on(model: Path, playing: _Playing) -> None:
    whole = model.read_bytes()
    model.write_bytes(whole[:5000])
    playing.commands.follower.switch(True)
    playing.until(lambda: playing.said("the version before plays on"))
    playing.commands.follower.look()
    assert sum("not followed" in message.get("text", "") for message in playing.sent) == 1
    assert str(model) in next(message["text"] for message in playing.sent if "not followed" in message.get("text", ""))
    assert playing.synth.instrument is playing.first
    model.write_bytes(whole)
    support_skeleton.next_version(model)
    playing.until(lambda: playing.synth.instrument is not playing.first)


def test_a_take_waits_for_its_end_and_keeps_its_version(model: Path, playing: _Playing, tmp_path: Path) -> None:
    commands, take = playing.commands, tmp_path / "a.take"
    commands.recordings.start(take)
    commands.follower.switch(True)
    support_skeleton.next_version(model)
    playing.until(lambda: commands.follower.state is Following.WAITS)
    live = np.concatenate([playing.synth.render(2) for _ in range(60)], axis=1)
    assert playing.synth.instrument is playing.first
    commands.recordings.stop()
    playing.until(lambda: playing.synth.instrument is not playing.first)
    assert sum("waits until the take ends" in message.get("text", "") for message in playing.sent) == 1
    sound = tmp_path / "a.wav"
    assert distill(["render", str(model), "--take", str(take), "-o", str(sound), "--bit-depth", "32f"]) == 0
    rendered = soundfile.read(sound, dtype="float32")[0].T
    assert np.abs(live).max() > 1e-3
    assert np.abs(rendered - live).max() <= 1e-5


def test_a_take_begun_after_the_file_was_replaced_keeps_what_plays(
    model: Path, playing: _Playing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    support_skeleton.next_version(model)
    playing.commands.recordings.start(tmp_path / "b.take")
    live = playing.synth.render(2)
    playing.commands.recordings.stop()
    sound = tmp_path / "b.wav"
    command = ["render", str(model), "--take", str(tmp_path / "b.take"), "-o", str(sound), "--bit-depth", "32f"]
    assert distill(command) == 0
    assert "has changed since this take" in capsys.readouterr().err
    assert np.abs(soundfile.read(sound, dtype="float32")[0].T - live).max() <= 1e-5
    (tmp_path / "b.take").unlink()
    playing.commands.recordings.start(tmp_path / "c.take")
    playing.synth.render(2)
    assert len(list((tmp_path / "home" / "versions").iterdir())) == 1


def test_takes_of_two_levels_and_two_codes_each_keep_their_own(model: Path, tmp_path: Path) -> None:
    """Networks and analysis are the same in all three versions; what plays is not."""

    def louder(old: Manifest) -> Manifest:
        return replace(old, analysis={**old.analysis, "trim_db": old.analysis["trim_db"] + 6.0})

    def code() -> None:
        route = stored_route(model)
        assert route is not None
        store_codes(model, route)

    live = {}
    changes: dict[str, Callable[[], object]] = {
        "first": lambda: None,
        "louder": lambda: update_model(model, manifest=louder),
        "coded": code,
    }
    for name, change in changes.items():
        change()
        playing = _Playing(model)
        playing.commands.recordings.start(tmp_path / f"{name}.take")
        live[name] = np.concatenate([playing.synth.render(2) for _ in range(20)], axis=1)
        playing.commands.recordings.stop()
        playing.commands.stop()
    assert len(list((tmp_path / "home" / "versions").iterdir())) == 3
    for name, played in live.items():
        sound = tmp_path / f"{name}.wav"
        take = str(tmp_path / f"{name}.take")
        assert distill(["render", str(model), "--take", take, "-o", str(sound), "--bit-depth", "32f"]) == 0
        assert np.abs(soundfile.read(sound, dtype="float32")[0].T - played).max() <= 1e-5
    assert np.abs(live["first"] - live["louder"]).max() > 1e-2


def test_another_level_is_followed(model: Path, playing: _Playing) -> None:
    playing.commands.follower.switch(True)
    update_model(model, manifest=lambda old: replace(old, analysis={**old.analysis, "trim_db": -3.0}))
    playing.until(lambda: playing.synth.instrument is not playing.first)
    assert playing.synth.instrument.trim == pytest.approx(10 ** (-3 / 20))


def test_an_analysis_is_never_in_the_file_without_its_level(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_trim, "_PERFORMANCE_SECONDS", 0.5)
    with ModelFile.open(model) as file:
        table, arrays = dict(file.manifest.analysis), file.read_part("analysis")
    seen = []
    measured = model_trim.measured_trim_db

    def measure(path: Path, *arguments: Any) -> float:
        with ModelFile.open(model) as file:
            seen.append((path == model, file.manifest.analysis["trim_db"]))
        return measured(path, *arguments) + 1.0

    monkeypatch.setattr(model_trim, "measured_trim_db", measure)
    written = model_trim.update_trimmed(model, {**table, "seed": 5}, {"analysis": arrays})
    assert seen == [(False, table["trim_db"])]
    assert written.analysis["seed"] == 5
    with ModelFile.open(model) as file:
        assert file.manifest.analysis == written.analysis
