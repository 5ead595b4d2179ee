"""`distill train --add` and `--remove`: the list of sounds changes, the rest goes on; what is missing is named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine.analysis.stretches.skeleton import NAMES
from distill_engine.dataset.corpus import load_corpus
from distill_engine.dataset.listing import SoundList
from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.library.marks import Mark, MarkSet, MarkStore
from distill_engine.library.presetformat import Preset
from distill_engine.library.presets import PresetStore
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import skeleton_config
from distill_engine.system.listeners import ignore
from distill_engine.training.latent import relisting
from distill_engine.training.latent.carried_presets import Meaning
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.train_model import train_model
from distill_engine.training.storage import read_checkpoint
from support_skeleton import SMALL_SKELETON, write_tones

pytestmark = pytest.mark.usefixtures("without_export")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    return write_tones(tmp_path / "sounds", count=4, seconds=0.6)


@pytest.fixture
def model(sounds: Path, tmp_path: Path) -> Path:
    path = tmp_path / "m.distillgan"
    train_model(load_corpus(sounds), path, ModelOptions(SMALL_SKELETON, epochs=2, device="cpu"), listen=ignore)
    return path


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    path = tmp_path / "more" / "noise.wav"
    path.parent.mkdir()
    soundfile.write(path, 0.2 * np.random.default_rng(0).standard_normal(20000), 44100)
    return path


def train(sounds: Path, path: Path, *words: object) -> int:
    more = ("--epochs", "1", "--no-analysis", "--device", "cpu")
    return main(["train", str(sounds), "-o", str(path), *map(str, words), *more])


def parts(path: Path) -> tuple[dict[str, Any], dict[str, Any], SoundList, dict[str, Any]]:
    with ModelFile.open(path) as file:
        listing = SoundList.from_summary(file.manifest.corpus)
        return file.read_part("model"), file.read_part("analysis"), listing, dict(file.manifest.analysis)


def test_an_added_sound_joins_the_path_and_what_was_trained_goes_on(
    sounds: Path, model: Path, noise: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relisting, "LEAST_REFIT_GAIN", 10.0)
    before, path, first, _ = parts(model)
    stored = read_checkpoint(model, "training/model")
    assert stored is not None
    assert train(sounds, model, "--add", noise) == 0
    assert "its list of sounds has changed" in capsys.readouterr().err
    after, longer, second, table = parts(model)
    assert all(np.array_equal(before[name], after[name]) for name in NAMES)
    assert longer["corpus_latents"].shape[1] > path["corpus_latents"].shape[1]
    assert table["clips"][-1] == "../more/noise.wav"
    assert second.trained == first.digests - first.held_out
    assert not second.held_out & second.trained
    checkpoint = read_checkpoint(model, "training/model")
    assert checkpoint is not None
    assert checkpoint.checkpoint.metadata["steps"] > stored.checkpoint.metadata["steps"]
    assert train(sounds, model, "--resume") == 0  # the list is the file's now
    assert parts(model)[2] == second


def test_a_removed_sound_leaves_the_path_and_that_weights_keep_it_is_said(
    sounds: Path, model: Path, noise: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relisting, "LEAST_REFIT_GAIN", 10.0)
    assert train(sounds, model, "--add", noise) == 0
    capsys.readouterr()
    assert train(sounds, model, "--remove", "tone0.wav", noise) == 0
    assert "weights keep what they took" in capsys.readouterr().err
    assert {sound.name for sound in parts(model)[2].sounds} == {"tone1.wav", "tone2.wav", "tone3.wav"}
    shutil.copy(noise, sounds / "new.wav")
    assert train(sounds, model, "--resume") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "left out: new.wav (not in the model's list of sounds" in said


def test_a_better_skeleton_is_turned_to_the_old_one_and_the_correction_starts_anew(
    sounds: Path, model: Path, noise: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relisting, "LEAST_REFIT_GAIN", -1.0)
    old = parts(model)[0]
    assert train(sounds, model, "--add", noise) == 0
    assert "the correction starts anew" in " ".join(capsys.readouterr().err.split())
    new = parts(model)[0]
    assert not np.array_equal(old["basis"], new["basis"])
    agreement = new["basis"].T @ old["basis"]
    assert np.allclose(agreement, agreement.T, atol=1e-4)  # turned as near as an orthogonal turn can
    assert np.linalg.eigvalsh(agreement).min() > -1e-4


def mel_of(preset: Preset, model: Path) -> np.ndarray:
    """Return what a preset's latents add to the mel [bands]."""
    part = parts(model)[0]
    offsets = np.array([float(preset.values[f"/distill/latent/{index}"]) for index in range(len(part["spread"]))])
    return np.asarray(part["basis"] @ (part["spread"][:, 0] * offsets))


def distance_to(sound: np.ndarray, made: Meaning, x: float, y: float) -> float:
    """Return how far the place on a map is from a mel [bands], in sigma."""
    assert made.latent_map is not None
    return float(np.linalg.norm(made.latent_map.latent_at(x, y) - made.skeleton.encode(sound[:, None])[:, 0]))


@pytest.fixture(params=[True, False])
def refit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a changed list gets a new skeleton, however little is gained."""
    new: bool = request.param
    monkeypatch.setattr(relisting, "LEAST_REFIT_GAIN", -1.0 if new else 10.0)
    return new


def test_presets_keep_their_sound_when_the_list_changes(
    sounds: Path,
    model: Path,
    noise: Path,
    capsys: pytest.CaptureFixture[str],
    refit: bool,
) -> None:
    before = Meaning.of_file(model, SMALL_SKELETON)
    assert before.latent_map is not None
    region = 5
    x, y = (float(value) for value in before.latent_map.points[:, region])
    values = {f"/distill/latent/{index}": 0.0 for index in range(64)} | {"/distill/latent/2": 1.5}
    values |= {"/distill/map/x": x, "/distill/map/y": y, "/distill/control/brightness": 0.5}
    store = PresetStore()
    store.save("mine", "m", before.digest, values, before.skeleton.digest)
    foreign = store.save("foreign", "m", "another", values, "another")
    added = mel_of(store.find("mine", "m"), model)
    assert train(sounds, model, "--add", noise) == 0
    said, after = " ".join(capsys.readouterr().err.split()), Meaning.of_file(model, SMALL_SKELETON)
    mine = store.find("mine", "m")
    assert ("1 preset was carried over" in said) is (mine.values != values)
    assert (mine.values != values) or not refit
    assert mine.skeleton == after.skeleton.digest
    assert (after.skeleton.digest == before.skeleton.digest) is not refit
    assert mine.values["/distill/control/brightness"] == 0.5
    assert np.linalg.norm(mel_of(mine, model) - added) < 0.15 * np.linalg.norm(added)
    assert store.find("foreign", "m") == foreign
    assert after.latent_map is not None
    sound = before.skeleton.decode(before.latent_map.latent_at(x, y)[:, None])[:, 0]
    carried = distance_to(sound, after, float(mine.values["/distill/map/x"]), float(mine.values["/distill/map/y"]))
    assert carried <= distance_to(sound, after, x, y) + 1e-9
    assert carried <= min(distance_to(sound, after, *place) for place in after.latent_map.points.T) + 1e-6


def test_marks_keep_their_sound_when_the_skeleton_changes(
    sounds: Path,
    model: Path,
    noise: Path,
    capsys: pytest.CaptureFixture[str],
    refit: bool,
) -> None:
    before = Meaning.of_file(model, SMALL_SKELETON)
    assert before.latent_map is not None
    place = tuple(before.latent_map.latent_at(0.2, 0.1).tolist())
    marks = (Mark("a", "clip", 0.0, 0.0, place), Mark("b", "controls", 0.5, 0.5, (), {"brightness": 0.5}))
    store = MarkStore()
    mine = store.save(MarkSet("mine", "m", before.digest, before.skeleton.digest, marks))
    foreign = store.save(MarkSet("foreign", "m", before.digest, "another", marks))
    assert train(sounds, model, "--add", noise) == 0
    said, after = " ".join(capsys.readouterr().err.split()), Meaning.of_file(model, SMALL_SKELETON)
    found = store.find("mine", "m")
    assert ("1 set of marks was carried over" in said) is refit
    assert (found != mine) is refit
    assert found.space == after.skeleton.digest
    assert found.marks[1] == mine.marks[1]
    assert store.find("foreign", "m") == foreign
    mels = [
        made.skeleton.decode(np.array(mark.latent)[:, None])
        for made, mark in ((before, mine.marks[0]), (after, found.marks[0]))
    ]
    assert np.abs(mels[0] - mels[1]).mean() < 0.1


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--remove", "nothing.wav"), "nothing.wav is not in the model's list"),
        (("--remove", "tone0.wav", "tone1.wav", "tone2.wav", "tone3.wav"), "no sound would be left"),
        (("--add", "{sounds}/tone0.wav"), "in the model's list of sounds already"),
        (("--add", "{sounds}/none.wav"), "cannot be added"),
        (("--add", "{sounds}/tone0.wav", "--fresh"), "--fresh takes what is in the folder"),
    ],
)
def test_a_change_that_cannot_be_made_is_one_line_and_changes_nothing(
    sounds: Path, model: Path, words: tuple[str, ...], saying: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    assert train(sounds, model, *(word.format(sounds=sounds) for word in words)) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert saying in lines[0]
    assert model.read_bytes() == before


@pytest.mark.parametrize(("name", "copy"), [("aaa.flac", "tone0.wav"), ("zzz.flac", "zzz.flac")])
def test_a_copy_in_another_format_is_not_added_and_the_way_out_is_named(
    sounds: Path, model: Path, name: str, copy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    samples, rate = soundfile.read(sounds / "tone0.wav")
    soundfile.write(sounds / name, 0.5 * samples, rate)
    assert train(sounds, model, "--add", sounds / name) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{copy} is a duplicate of" in line
    assert line.endswith("so leave the other out of --add; nothing is changed")
    assert model.read_bytes() == before


def test_a_sound_that_is_gone_changed_or_unreadable_is_named_and_nothing_is_lost(
    sounds: Path, model: Path, noise: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    (sounds / "tone0.wav").unlink()
    shutil.copy(noise, sounds / "tone1.wav")
    (sounds / "tone2.wav").write_bytes(b"RIFF damaged")
    assert train(sounds, model, "--resume") == 1
    said = capsys.readouterr().err
    for text in ("tone0.wav is gone", "tone1.wav is another sound now", "tone2.wav cannot be used now", "--remove"):
        assert text in said
    assert model.read_bytes() == before
    assert train(sounds, model, "--remove", "tone0.wav", "tone1.wav", "tone2.wav") == 0
    assert [sound.name for sound in parts(model)[2].sounds] == ["tone3.wav"]


def test_codes_of_a_sound_that_is_removed_leave_the_file(sounds: Path, tmp_path: Path) -> None:
    path = tmp_path / "whole.distillgan"
    train_model(load_corpus(sounds), path, ModelOptions(skeleton_config()), listen=ignore)
    route = stored_route(path)
    assert route is not None
    store_codes(path, route)
    assert main(["train", str(sounds), "-o", str(path), "--remove", "tone0.wav", "--no-analysis"]) == 0
    with ModelFile.open(path) as file:
        assert "codes" not in file.parts
        assert not file.manifest.codes


def test_sounds_join_a_slimmed_model_of_all_components(sounds: Path, noise: Path, tmp_path: Path) -> None:
    path = tmp_path / "whole.distillgan"
    train_model(load_corpus(sounds), path, ModelOptions(skeleton_config()), listen=ignore)
    before = parts(path)[0]
    assert main(["model", "slim", str(path)]) == 0
    assert main(["train", str(sounds), "-o", str(path), "--add", str(noise), "--no-analysis"]) == 0
    after, _, listing, _ = parts(path)
    assert all(np.array_equal(before[name], after[name]) for name in NAMES)
    assert len(listing.sounds) == 5


def test_another_number_of_latents_is_refused_before_the_plan(
    sounds: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    assert train(sounds, model, "--resume", "--latent-dim", 128) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "leave --latent-dim 128 out, or --fresh" in line
    assert model.read_bytes() == before
