"""`distill train` and `distill train-vocoder` over files that hold a training already: what goes on, what stays, what is said."""

from __future__ import annotations

import argparse
import io
import json
import math
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_control.cli import train
from distill_control.cli.main import main
from distill_control.cli.support import train_start, train_time
from distill_engine.dataset.corpus import Corpus, load_corpus
from distill_engine.modelfile import Manifest, ModelFile, update_model
from distill_engine.modelfile.verify import check_fit
from distill_engine.models.model_config import ModelConfig, skeleton_config
from distill_engine.system.listeners import ignore
from distill_engine.training import loop
from distill_engine.training.events import Finished
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.settings import CodeShape
from distill_engine.training.latent.train_model import train_model
from distill_engine.training.storage import read_checkpoint
from distill_engine.training.vocoder import train_vocoder as train_vocoder_module
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import copy_synthesis
from distill_engine.training.vocoder.train_vocoder import VocoderOptions, train_vocoder
from distill_engine.vocoders.registry import build_vocoder
from support_vocoders import SMALL_VOCOS

SMALL_MODEL = ModelConfig(encoder_channels=16, encoder_blocks=2, decoder_channels=16, decoder_blocks=1, expansion=2)
VOCODER = "training/vocoder/vocos"

pytestmark = pytest.mark.usefixtures("without_export")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder, t = tmp_path / "sounds", np.arange(22050) / 44100
    folder.mkdir()
    for pitch in (110, 220, 330, 440, 550):
        soundfile.write(folder / f"{pitch}.wav", 0.3 * np.sin(2 * np.pi * pitch * t) * np.exp(-3 * t), 44100)
    return folder


def stop_after(steps: int | None) -> Callable[[], bool]:
    left = iter(range(steps if steps is not None else 1 << 30))
    return lambda: next(left, None) is None


def model(corpus: Corpus, path: Path, steps: int | None = None, **options: Any) -> Finished:
    chosen = ModelOptions(**{"config": SMALL_MODEL, "epochs": 2, "device": "cpu", **options})
    return train_model(corpus, path, chosen, listen=ignore, stopped=stop_after(steps))


def vocoder(corpus: Corpus, path: Path, steps: int | None = None, **options: Any) -> Finished:
    settings = VocoderSettings(batch_size=1, segment_frames=16, width=0.03)
    chosen = VocoderOptions(
        **{"settings": settings, "config": SMALL_VOCOS, "epochs": 1, "device": "cpu", "warm_start": False, **options}
    )
    return train_vocoder(corpus, path, chosen, listen=ignore, stopped=stop_after(steps))


def position(path: Path, part: str) -> dict[str, Any]:
    found = read_checkpoint(path, part)
    assert found is not None
    where: dict[str, Any] = found[0].metadata["position"]
    return where


def test_a_vocoder_stopped_after_its_model_goes_on_and_the_model_stays(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    assert not vocoder(corpus, path, 3).completed
    with ModelFile.open(path) as file:
        before, entry = position(path, "training/model"), file.manifest.parts["training/model"]
    words = ["train", str(sounds), "-o", str(path), "--with-vocoder", "--no-analysis", "--resume", "--minutes", "0.05"]
    assert main(words) == 0
    assert "resumed" in capsys.readouterr().err
    with ModelFile.open(path) as file:
        assert file.manifest.parts["training/model"] == entry
        assert file.manifest.vocoders["vocos"]["config"] == {**SMALL_VOCOS, "rise": 512, "oscillators": 0.6}
        assert file.manifest.vocoders["vocos"]["completed"]
        assert file.begun() == {
            part: {"step": position(path, part)["step"], "completed": True} for part in ("training/model", VOCODER)
        }
    assert before["completed"]
    assert position(path, VOCODER)["completed"]
    assert position(path, VOCODER)["step"] > 3


def test_a_training_is_completed_only_where_what_it_came_to_was_written(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the last checkpoint and the graphs leaves a training to resume."""
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for run, module, part in (
        (model, "latent", "training/model"),
        (vocoder, "vocoder", VOCODER),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(f"distill_engine.training.{module}.file_entry.export_runtime", killed)
            with pytest.raises(KeyboardInterrupt):
                run(corpus, path)
        assert not position(path, part)["completed"]
        steps = position(path, part)["step"]
        assert run(corpus, path, resume=True).steps == steps
        assert position(path, part)["completed"]


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "no\n"])
def test_only_a_word_typed_resumes_or_starts_fresh(
    sounds: Path, tmp_path: Path, typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path, 1)
    before = path.read_bytes()
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    assert main(["train", str(sounds), "-o", str(path), "--epochs", "1"]) == 3
    assert "stays as it is" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(("typed", "resume"), [("resume\n", True), ("r\n", True), ("Fresh\n", False), ("f\n", False)])
def test_resume_and_fresh_are_what_is_typed(
    sounds: Path, tmp_path: Path, typed: str, resume: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.distillgan"
    model(load_corpus(sounds), path, 1)
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    args = argparse.Namespace(resume=False, fresh=False)
    assert train_start.resume_or_fresh(args, "training/model", path) is resume


def test_a_stop_before_the_first_step_of_a_fresh_training_changes_nothing(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    before = path.read_bytes()

    @contextmanager
    def asked() -> Iterator[Callable[[], bool]]:
        yield lambda: True

    monkeypatch.setattr(train, "stop_requested", asked)
    assert main(["train", str(sounds), "-o", str(path), "--fresh", "--epochs", "1"]) == 3
    assert "before anything was written" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_a_fresh_training_replaces_a_finished_model_with_holds_a_model(sounds: Path, tmp_path: Path) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    assert not model(corpus, path, 1, fresh=True).completed
    with ModelFile.open(path) as file:
        assert "model" in file.parts
        assert not check_fit(file)


@pytest.mark.parametrize("resume", [False, True])
def test_a_vocoder_plays_on_and_keeps_its_figures_until_the_next_is_finished(
    sounds: Path, tmp_path: Path, resume: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    steps = vocoder(corpus, path).steps
    with ModelFile.open(path) as file:
        row, entry = file.manifest.vocoders["vocos"], file.manifest.parts["vocoder/vocos"]
    assert (row["completed"], row["steps"], row["validation"]["log_mel"] > 0) == (True, steps, True)
    again = {"resume": resume, "epochs": 3}
    assert not vocoder(corpus, path, 2, checkpoint_seconds=0.0, **again).completed
    with ModelFile.open(path) as file:
        assert file.manifest.vocoders["vocos"] == row
        assert file.manifest.parts["vocoder/vocos"] == entry
    assert main(["train-vocoder", str(path), str(sounds), "--epochs", "3"]) == 1
    assert "--resume or --fresh" in capsys.readouterr().err
    assert main(["train-vocoder", str(path), str(sounds), "--epochs", "3", "--resume"]) == 0
    with ModelFile.open(path) as file:
        assert file.manifest.vocoders["vocos"]["steps"] == 3 * steps


def test_a_vocoder_that_is_still_the_shipped_one_goes_on_without_a_question(sounds: Path, tmp_path: Path) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    steps = vocoder(corpus, path).steps

    def untouched(manifest: Manifest) -> Manifest:
        row = manifest.vocoders["vocos"]
        figures = row["validation"]
        base = {"base_log_mel": figures["log_mel"], "base_mr_stft": figures["mr_stft"]}
        return replace(manifest, vocoders={"vocos": {**row, "validation": figures | base}})

    update_model(path, manifest=untouched)
    assert main(["train-vocoder", str(path), str(sounds), "--epochs", "2"]) == 0
    assert position(path, VOCODER)["step"] == 2 * steps


def test_a_resumed_training_goes_on_with_seed_shape_and_length_of_its_own(sounds: Path, tmp_path: Path) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds, seed=5)
    steps = model(corpus, tmp_path / "whole.distillgan", seed=5, epochs=3).steps
    model(corpus, path, 1, seed=5, epochs=3)
    assert main(["train", str(sounds), "-o", str(path), "--resume", "--no-analysis"]) == 0
    assert position(path, "training/model")["step"] == steps
    settings = VocoderSettings(batch_size=1, segment_frames=16, width=0.03, seed=5)
    steps = vocoder(corpus, tmp_path / "whole.distillgan", settings=settings).steps
    vocoder(corpus, path, 1, settings=settings)
    assert main(["train-vocoder", str(path), str(sounds), "--resume"]) == 0
    assert position(path, VOCODER)["step"] == steps


def test_another_seed_or_corpus_than_its_own_is_refused_before_anything_is_trained(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path, 1)
    vocoder(corpus, path, 1)
    before = path.read_bytes()
    training = ["train", str(sounds), "-o", str(path), "--with-vocoder", "--resume"]
    vocoding = ["train-vocoder", str(path), str(sounds), "--resume"]
    for words in (training, vocoding):
        assert main([*words, "--seed", "5"]) == 1
        assert "begun with --seed 0" in capsys.readouterr().err
        for option, value in (("--lr", "0.5"), ("--batch-size", "9"), ("--width", "0.5")):
            assert main([*words, option, value]) == 1
            assert f"leave {option} {value} out" in capsys.readouterr().err
    (sounds / "110.wav").unlink()
    for words, way_out in ((training, "`distill train --fresh`"), (vocoding, "`distill train-vocoder --fresh`")):
        assert main(words) == 1
        assert way_out in capsys.readouterr().err
    assert path.read_bytes() == before


def test_another_family_or_shape_of_codes_than_its_own_is_refused(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path, 3, config=skeleton_config(16, family="rvq"), codes=CodeShape(2, 64, 16))
    before = path.read_bytes()
    for words, way_out in (
        (["--family", "vae"], "of family rvq: leave --family vae out"),
        (["--levels", "3"], "begun with --levels 2: leave --levels 3 out"),
        (["--code-dim", "8"], "begun with --code-dim 16: leave --code-dim 8 out"),
    ):
        assert main(["train", str(sounds), "-o", str(path), "--resume", *words]) == 1
        assert way_out in capsys.readouterr().err
    assert path.read_bytes() == before


def test_an_analysis_of_other_weights_goes_when_a_resumed_model_is_finished(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)
    update_model(
        path, manifest=lambda old: replace(old, analysis={"trim_db": 1.0}), parts={"analysis": {"a": np.ones(2)}}
    )
    model(corpus, path, resume=True)
    with ModelFile.open(path) as file:
        assert "analysis" in file.parts  # the weights are the same
        assert file.manifest.analysis
    model(corpus, path, 3, epochs=9, resume=True)
    with ModelFile.open(path) as file:
        assert "analysis" in file.parts  # the weights of before play on
    assert main(["train", str(sounds), "-o", str(path), "--resume", "--no-analysis", "--epochs", "9"]) == 0
    with ModelFile.open(path) as file:
        assert "analysis" not in file.parts
        assert not file.manifest.analysis
    assert "no controls yet" in capsys.readouterr().out


def test_a_stopped_analysis_and_a_second_ctrl_c_say_what_the_file_holds(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, corpus = tmp_path / "m.distillgan", load_corpus(sounds)
    model(corpus, path)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    words = ["train", str(sounds), "-o", str(path), "--resume"]
    monkeypatch.setattr("distill_control.cli.analyse.analyse_model", stopped)
    assert main(words) == 3
    assert "is trained and saved; `distill analyse" in capsys.readouterr().err
    monkeypatch.setattr("distill_engine.training.latent.train_model.train_model", stopped)
    assert main([*words, "--epochs", "9"]) == 3
    assert "holds what its last checkpoint saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("latent_dim", "family", "minutes", "analysis", "with_vocoder", "model", "vocoder"),
    [
        (96, "vae", None, 30.0, False, None, None),
        (96, "vae", 1, 100.0, False, 138.0 - 20.0, None),  # the analysis gets a third at most
        (128, "rvq", 1, 100.0, False, 138.0 - 20.0, None),
        (128, "vae", 1, 100.0, False, 138.0 - 60.0, None),  # nothing is trained: it gets all
        (96, "vae", 4, 30.0, False, 318.0 - 30.0, None),
        (96, "rvq", 6, 30.0, True, 254.0, 408.0),  # half each
        (128, "vae", 6, 30.0, True, 100.0, 408.0),  # all but the analysis
        (96, "vae", 12, 30.0, True, 160.0, 768.0),  # a minute, and the rest
        (96, "vae", 12, 0.0, True, 160.0, 798.0),
    ],
)
def test_the_minutes_are_those_of_the_whole_command(
    latent_dim: int,
    family: str,
    minutes: float | None,
    analysis: float,
    with_vocoder: bool,
    model: float | None,
    vocoder: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_time, "time", types.SimpleNamespace(monotonic=lambda: 100.0))
    args = argparse.Namespace(minutes=minutes, with_vocoder=with_vocoder, output="m", corpus="c")
    config = skeleton_config(latent_dim, family=family)
    trains = not config.closed_form
    times = train_time.divide(args, 90.0, analysis, with_vocoder=with_vocoder, model_trains=trains)
    assert times.model == pytest.approx(model)
    if with_vocoder:
        assert times.vocoder == pytest.approx(vocoder)
    assert times.analysis == (None if minutes is None else 90.0 + 60 * minutes)
    parts = train_time.planned(args, config, times, model=True, with_vocoder=with_vocoder)
    assert [part.name for part in parts] == [
        "skeleton",
        *{(96, "vae"): ["correction"], (96, "rvq"): ["correction and codes"], (128, "rvq"): ["codes"]}.get(
            (latent_dim, family), []
        ),
        *(["vocoder"] if with_vocoder else []),
        *(["controls"] if analysis else []),
    ]
    enough = 5 if trains else 2
    assert (f"fewer places than with --minutes {enough}" in parts[-1].brings) == (analysis == 100.0)


@pytest.mark.parametrize(("minutes", "left_out"), [(4.9, True), (5, False), (None, False)])
def test_a_vocoder_gets_nothing_below_five_minutes_and_that_is_said(minutes: float | None, left_out: bool) -> None:
    said: list[Any] = []
    args = argparse.Namespace(minutes=minutes, output="m", corpus="c")
    assert train_time.leaves_vocoder_out(args, said.append) is left_out
    assert [("--minutes 5 or more" in event.message) for event in said] == [True] * left_out


def test_a_vocoder_trains_for_what_is_left_when_it_begins_and_keeps_time_for_its_end(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, budgets, folder = [100.0], [], "distill_engine.training"

    class Loop(loop.TrainingLoop):
        def __init__(self, task: Any, budget: loop.Budget, *rest: Any, **more: Any) -> None:
            budgets.append(budget)
            super().__init__(task, loop.Budget(epochs=1), *rest, **more)

    def during(seconds: float, do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*arguments: Any) -> Any:
            now[0] += seconds
            return do(*arguments)

        return done

    for module in ("vocoder.train_vocoder", "loop"):
        monkeypatch.setattr(f"{folder}.{module}.time", types.SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(f"{folder}.setup.TrainingLoop", Loop)
    monkeypatch.setattr(f"{folder}.vocoder.train_vocoder._task", during(30, train_vocoder_module._task))
    monkeypatch.setattr(f"{folder}.vocoder.train_vocoder.copy_synthesis", during(7, copy_synthesis))
    monkeypatch.setattr(
        f"{folder}.vocoder.train_vocoder.base_network", lambda kind, config: build_vocoder(kind, config).eval()
    )
    left = 170.0 - 30 - 7 - 2 * 7 - train_vocoder_module.EXPORT_SECONDS
    for deadline, seconds in ((270.0, left), (now[0], 1.0)):
        now[0] = 100.0
        vocoder(load_corpus(sounds), tmp_path / "m.distillgan", 0, epochs=None, deadline=deadline)
        assert budgets.pop() == loop.Budget(seconds=seconds)


def test_a_checkpoint_that_cannot_be_read_is_one_line(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.distillgan"
    model(load_corpus(sounds), path, 1)
    with ModelFile.open(path) as file:
        whole = file.read("training/model")
    metadata, about = (json.loads(whole.metadata[name]) for name in ("checkpoint", "about"))
    damages: list[tuple[object, object]] = [
        ({**metadata, "position": {**metadata["position"], "step": "7"}}, about),
        ({**metadata, "position": {**metadata["position"], "seconds": math.inf}}, about),
        ({**metadata, "position": {**metadata["position"], "history": [3]}}, about),
        ({**metadata, "position": {}}, about),
        ([], about),
        (metadata, {**about, "settings": []}),
        (metadata, {**about, "seconds": "x"}),
        (metadata, 3),
    ]
    texts = [tuple(map(json.dumps, damage)) for damage in damages]
    texts += [("[" * 100_000, json.dumps(about)), ('{"position": {"step": 1e999}}', json.dumps(about))]
    for checkpoint, beside in texts:
        part = replace(whole, metadata={"checkpoint": checkpoint, "about": beside})
        update_model(path, parts={"training/model": part})
        assert main(["train", str(sounds), "-o", str(path), "--resume"]) == 1
        said = capsys.readouterr().err.strip().splitlines()
        assert said[-1].endswith("the checkpoint in it cannot be read: start again with --fresh"), (checkpoint, beside)
        assert "Traceback" not in "".join(said)
