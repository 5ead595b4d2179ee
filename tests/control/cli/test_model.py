"""`distill model`: what it shows, what it checks, what it deletes, and what it never touches."""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distill_control.cli import model as command
from distill_control.cli.support.guard import guarded
from distill_control.cli.support.output import common_parser
from distill_engine.analysis.stretches.path import LEFT, NO_PATH
from distill_engine.library import assets
from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.rendering import model_trim
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.system.names import printable
from support_skeleton import skeleton_model

Distill = Callable[..., tuple[int, str, str]]


@pytest.fixture
def distill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Distill:
    """Runs `distill model ...`; gives the exit code, stdout and stderr."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    parser = argparse.ArgumentParser(prog="distill")
    command.register(parser.add_subparsers(required=True), common_parser())

    def run(*arguments: object) -> tuple[int, str, str]:
        args = parser.parse_args(["model", *map(str, arguments)])
        code = guarded(lambda: int(args.run(args)))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.distillgan"
    shutil.copyfile(tiny_model, path)
    return path


def describe(manifest: Manifest) -> Manifest:
    control = {
        "name": "brightness",
        "kind": "feature",
        "unit": "Hz",
        "description": "",
        "rho": 0.93,
        "rho_low": 0.8,
        "low": 100.0,
        "centre": 900.0,
        "high": 4000.0,
        "leakage": {},
        "safe": [-1.0, 1.0],
    }
    withheld = [{"feature": "density", "rho": 0.2, "reason": "density does not follow (rho 0.20)"}]
    vocos = {**manifest.vocoders["vocos"], "usable": False, "reason": "worse than the base"}
    return replace(
        manifest,
        corpus={"files": 40, "seconds": 150.0},
        training={
            "model": {"epochs": 12, "steps": 340, "seconds": 75.0, "best_log_mel": 0.4321, "verdict": "converged"}
        },
        vocoders={**manifest.vocoders, "vocos": vocos},
        analysis={"controls": [control], "withheld": withheld, "notes": []},
    )


def test_info_tells_people_what_a_model_is(distill: Distill, model: Path) -> None:
    update_model(model, manifest=describe)
    code, out, _ = distill("info", model)
    assert code == 0
    for text in (
        "vae",
        "8 latent dimensions",
        "40 files, 2 min 30 s",
        "12 epochs",
        "0.432 nat (3.8 dB)",
        "converged",
        "brightness",
        "0.93",
        "density does not follow",
        "worse than the base",
        "hifigan",
        "vocoder/vocos",
        "training state was dropped",
        "0.1 nat is 0.9 dB",
        "rank correlation",
        "(leakage)",
        "on sounds kept aside",
    ):
        assert text in out, text


def test_info_counts_one_in_the_singular(distill: Distill) -> None:
    _, out, _ = distill("info", "starter")
    assert "1 frame per latent" in " ".join(out.split())


def test_info_tells_programs_the_same(distill: Distill, model: Path) -> None:
    code, out, _ = distill("info", model, "--json")
    data = json.loads(out)
    assert code == 0
    assert data["family"] == "vae"
    assert data["bytes"] == model.stat().st_size
    assert data["plays_through"]["vocoder"] == "vocos"
    assert data["parts"]["model"]["bytes"] > 0
    assert data["resumable"] == []


def test_info_survives_a_manifest_full_of_nonsense(distill: Distill, model: Path) -> None:
    def spoil(manifest: Manifest) -> Manifest:
        return replace(
            manifest,
            corpus={"files": "\x1b[31m[bold]many", "seconds": {}},
            training={"model": {"epochs": [], "seconds": "x", "verdict": "\x1b]0;title\x07"}},
            vocoders={"vocos": {"validation": {"log_mel": "low"}, "reason": 5}},
            analysis={"controls": [{"name": "bright", "kind": "\x1b[2J"}], "withheld": 3, "features": None},
        )

    update_model(model, manifest=spoil)
    code, out, _ = distill("info", model)
    assert code == 0
    assert "\x1b[31m" not in out
    assert "\x1b]" not in out
    assert "[bold]many" in out
    assert "damaged" in out


@pytest.mark.parametrize("name", ["[/]", "[red]x", ":bomb:", "a\x1b[2Jb"])
def test_models_of_any_name_are_listed_and_described(distill: Distill, model: Path, tmp_path: Path, name: str) -> None:
    own = tmp_path / "home" / "models" / "x" / name.replace("/", "")
    own.parent.mkdir(parents=True)
    shutil.copyfile(model, own := own.with_name(f"{own.name}.distillgan"))
    if name.isprintable():
        update_model(own, manifest=lambda old: replace(old, name=name))
    code, out, _ = distill("list")
    assert code == 0
    assert f"x/{own.stem}".replace("\x1b", "\\x1b") in out
    code, described, _ = distill("info", own)
    assert code == 0
    assert printable(name if name.isprintable() else own.name) in described
    code, _, error = distill("info", f"no{name}")
    assert code == 1
    assert f"'no{printable(name)}'" in error
    assert "\x1b" not in out + described + error


def test_plots_need_an_analysis(distill: Distill, tmp_path: Path) -> None:
    save_model(tmp_path / "m.distillgan", Manifest("m"), {})
    code, _, err = distill("info", tmp_path / "m.distillgan", "--plots", tmp_path / "plots")
    assert code == 1
    assert err.count("\n") == 1
    assert "distill analyse" in err


def test_renew_writes_todays_graphs_into_an_old_file_and_keeps_the_rest(distill: Distill, tmp_path: Path) -> None:
    old = Path(__file__).parents[2] / "data" / "model-2" / "tones.distillgan"
    new = tmp_path / "renewed.distillgan"
    code, out, err = distill("renew", old, "-o", new, "--json")
    assert (code, err) == (0, "")
    changed = [graph["name"] for graph in json.loads(out)["graphs"] if graph["changed"]]
    assert "runtime/vocoder/vocos.onnx" in changed
    with ModelFile.open(old) as before, ModelFile.open(new) as after:
        same = {name for name, entry in before.manifest.parts.items() if after.manifest.parts[name] == entry}
        assert same == set(before.manifest.parts) - set(changed)
        assert "rise" not in before.manifest.vocoders["vocos"]["config"]
        config = after.manifest.vocoders["vocos"]["config"]
        assert (config["rise"], config["oscillators"]) == (256, 1.0)
    instruments = [prepare_instrument(path, "vocos") for path in (old, new)]
    assert [instrument.delay_samples for instrument in instruments] == [640, 384]
    a, b = (Synth(instrument, seed=1).render(64) for instrument in instruments)
    assert np.abs(a).max() > 1e-3
    assert abs(np.log(np.square(a).mean() / np.square(b).mean())) < 0.25  # 1 dB
    code, out, _ = distill("renew", new)
    assert code == 0
    assert "has today's graphs already" in out
    code, _, err = distill("renew", old, "-o", new)
    assert code == 1
    assert "exists already" in err
    assert distill("verify", new)[0] == 0


def test_renew_says_what_it_cannot_renew(distill: Distill, tmp_path: Path) -> None:
    save_model(tmp_path / "m.distillgan", Manifest("m"), {})
    code, _, err = distill("renew", tmp_path / "m.distillgan")
    assert code == 1
    assert "no graph to renew" in err
    code, _, err = distill("renew", assets.starter_path())
    assert code == 1
    assert "work on a copy" in err


def test_verify_passes_a_sound_model(distill: Distill, model: Path) -> None:
    code, out, err = distill("verify", model, "--json")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert data["ok"]
    names = {row["what"] for row in data["checks"]}
    assert {"archive", "part model", "graph runtime/decoder.onnx", "weights of graphs"} <= names
    assert any("torch" in name for name in names)


def test_verify_names_a_flipped_bit(distill: Distill, model: Path) -> None:
    with ModelFile.open(model) as file:
        position = file.member("vocoder/vocos").end - 3
    data = bytearray(model.read_bytes())
    data[position] ^= 4
    model.write_bytes(data)
    code, out, err = distill("verify", model)
    assert code == 1
    assert "part 'vocoder/vocos' is damaged" in out
    assert err.count("\n") == 1
    assert "1 of " in err


def test_verify_finds_weights_that_their_graph_does_not_belong_to(distill: Distill, model: Path) -> None:
    with ModelFile.open(model) as file:
        weights = file.read_part("vocoder/hifigan")
    inside = {name: value + 1 for name, value in weights.items() if value.dtype.kind == "f" and value.size < 1000}
    update_model(model, parts={"vocoder/hifigan": {**weights, **inside}})
    code, out, _ = distill("verify", model)
    assert code == 1
    assert "hifigan graph differs from its network" in out


def test_verify_finds_weights_of_another_shape(distill: Distill, model: Path) -> None:
    with ModelFile.open(model) as file:
        weights = file.read_part("model")
    large = max((name for name in weights if name.startswith("decoder")), key=lambda name: weights[name].size)
    update_model(model, parts={"model": {**weights, large: weights[large][:-1]}})
    code, out, _ = distill("verify", model)
    assert code == 1
    assert "has the shape" in out


def test_verify_finds_an_announced_vocoder_that_is_missing(distill: Distill, model: Path) -> None:
    update_model(model, parts={"vocoder/vocos": None}, graphs={"runtime/vocoder/vocos.onnx": None})
    code, out, _ = distill("verify", model)
    assert code == 1
    assert "vocoder 'vocos' is announced but its part is missing" in out


@pytest.mark.parametrize("action", ["info", "verify", "slim", "delete"])
def test_what_is_no_model_ends_in_one_line(distill: Distill, tmp_path: Path, action: str) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("precious, and long enough to be taken for something")
    for path in (notes, tmp_path / "absent.distillgan", tmp_path):
        code, out, err = distill(action, path)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert err.count("\n") == 1
    assert notes.read_text().startswith("precious")


def test_list_shows_names_and_faults(
    distill: Distill, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "assets_dir", lambda: tmp_path / "none")
    code, out, _ = distill("list")
    assert code == 0
    assert "No models in" in out
    library = tmp_path / "home" / "models"
    library.mkdir(parents=True)
    model.rename(library / "rain.distillgan")
    (library / "broken.distillgan").write_bytes(b"PK")
    code, out, _ = distill("list", "--json")
    rows = {row["name"]: row for row in json.loads(out)["models"]}
    assert rows["rain"]["fault"] is None
    assert rows["rain"]["vocoders"] == {"hifigan": True, "vocos": True}
    assert "too short" in rows["broken"]["fault"]
    code, out, _ = distill("list")
    assert "rain" in out
    assert "too short" in out
    assert distill("info", "rain")[0] == 0
    assert distill("list", tmp_path / "absent")[0] == 1


def test_list_shows_the_built_in_model(distill: Distill, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model.rename(model.parent / "starter.distillgan")
    monkeypatch.setattr(assets, "assets_dir", lambda: model.parent)
    code, out, _ = distill("list")
    assert code == 0
    assert "built in" in out
    for action in (("delete", "starter", "--yes"), ("slim", "starter")):
        code, _, err = distill(*action)
        assert code == 1
        assert "belongs to Distill itself" in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_delete_asks_on_a_terminal(distill: Distill, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert distill("delete", model)[0] == 1
    assert model.exists()
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    code, _, err = distill("delete", model)
    assert code == 3
    assert "[y/N]" in err
    assert model.exists()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert distill("delete", model)[0] == 0
    assert not model.exists()


def test_delete_removes_damaged_models_too(distill: Distill, tmp_path: Path) -> None:
    path = tmp_path / "broken.distillgan"
    path.write_bytes(b"PK")
    code, out, _ = distill("delete", path, "--yes", "--json")
    assert code == 0
    assert {**json.loads(out), "trash": ""} == {"deleted": str(path), "bytes": 2, "trash": ""}
    assert not path.exists()


@pytest.fixture
def resumable(model: Path) -> Path:
    state = {"moment": np.zeros(200_000, np.float32)}
    update_model(model, parts={"training/model": state, "training/vocoder/vocos": state})
    return model


def test_slim_drops_only_the_training_state(distill: Distill, resumable: Path) -> None:
    before = resumable.stat().st_size
    with ModelFile.open(resumable) as file:
        digest = file.digest
    code, out, _ = distill("slim", resumable)
    assert code == 0
    assert "->" in out
    assert "training/vocoder/vocos" in out
    assert resumable.stat().st_size < before - 1_500_000
    with ModelFile.open(resumable) as file:
        assert file.parts == {"model", "analysis", "vocoder/vocos", "vocoder/hifigan"}
        assert file.digest == digest
    assert distill("verify", resumable)[0] == 0
    code, out, _ = distill("slim", resumable, "--json")
    assert code == 0
    assert json.loads(out)["removed"] == []


def test_slim_can_write_a_copy_and_overwrites_nothing(distill: Distill, resumable: Path, tmp_path: Path) -> None:
    before = resumable.read_bytes()
    code, out, _ = distill("slim", resumable, "-o", tmp_path / "share.distillgan", "--json")
    assert code == 0
    assert json.loads(out)["after"] == (tmp_path / "share.distillgan").stat().st_size
    assert resumable.read_bytes() == before
    code, _, err = distill("slim", resumable, "-o", tmp_path / "share.distillgan")
    assert code == 1
    assert "exists already" in err


def test_slim_forget_takes_the_sounds_out_and_says_what_stays(
    distill: Distill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_trim, "_PERFORMANCE_SECONDS", 0.5)
    path, _ = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    assert "nearly holds its sounds" in distill("info", path)[1]
    assert "nearly holds its sounds" in distill("slim", path)[1]
    code, out, _ = distill("slim", path, "--forget", "-o", tmp_path / "share.distillgan")
    assert code == 0
    assert LEFT in out
    assert "nearly holds" not in distill("info", tmp_path / "share.distillgan")[1]
    with ModelFile.open(tmp_path / "share.distillgan") as file:
        arrays, names = file.read_part("analysis"), file.manifest.to_json()
    assert not [name for name in arrays if name.startswith(("corpus_", "path_", "map_"))]
    assert arrays["level_target"].shape == (1,)
    assert b"tone" not in names.split(b'"analysis"')[1]
    instrument = prepare_instrument(tmp_path / "share.distillgan")
    assert (instrument.default_source, instrument.notes) == ("drift", [NO_PATH])
    assert instrument.control_names
    synth = Synth(instrument)
    assert np.isfinite(synth.render(8)).all()
    assert [report.message for report in synth.take_reports()] == [NO_PATH]
    assert prepare_instrument(path).default_source == "walk"


def test_plots_show_what_the_first_latents_do(distill: Distill, tmp_path: Path) -> None:
    path, _ = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds", latent_dim=12)
    code, out, _ = distill("info", path, "--plots", tmp_path / "plots", "--json")
    assert code == 0
    drawn = [Path(name) for name in json.loads(out)["plots"]]
    assert drawn[0].name == "latents.png"
    assert all(picture.stat().st_size > 1000 for picture in drawn)
