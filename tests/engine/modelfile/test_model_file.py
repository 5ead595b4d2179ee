"""What is saved comes back; what is damaged, foreign, too old or too new is refused in one line."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model, update_model


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "weight": rng.standard_normal((3, 4)).astype(np.float32),
        "half": rng.standard_normal(5).astype(np.float16),
        "step": np.array(7, np.int64),
        "mask": np.array([True, False]),
        "empty": np.zeros((0, 2), np.float64),
        "rng": np.arange(9, dtype=np.uint8),
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "birds.distillgan"
    training = Part({"moment": np.full(3, np.inf)}, {"epoch": "4"})
    parts: dict[str, Any] = {"model": arrays(), "vocoder/hifigan": arrays(1), "training/model": training}
    save_model(path, Manifest("birds", "vae", extra={"later": [1]}), parts, {"runtime/decoder.onnx": b"graph"})
    return path


def load(path: Path) -> None:
    with ModelFile.open(path) as file:
        for part in file.parts:
            file.read(part)


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_arrays_come_back_as_they_were(model: Path) -> None:
    with ModelFile.open(model) as file:
        assert file.parts == {"model", "vocoder/hifigan", "training/model"}
        assert file.graphs == {"runtime/decoder.onnx"}
        back = file.read_part("model")
        for name, array in arrays().items():
            assert back[name].dtype == array.dtype
            assert back[name].shape == array.shape
            assert np.array_equal(back[name], array)
            assert back[name].flags.writeable
        assert dict(file.read("training/model").metadata) == {"epoch": "4"}
        assert np.isinf(file.read_part("training/model")["moment"]).all()
        assert file.read_graph("runtime/decoder.onnx") == b"graph"
        assert file.is_canonical()


def test_other_programs_read_the_archive(model: Path) -> None:
    with zipfile.ZipFile(model) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "manifest.json"
        assert all(row.compress_type == zipfile.ZIP_STORED for row in archive.infolist())
        back = safetensors.numpy.load(archive.read("model.safetensors"))
    assert np.array_equal(back["weight"], arrays()["weight"])


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    manifest = Manifest("x", "vae", created="2026-01-01T00:00:00+00:00")
    for name in ("a", "b"):
        save_model(tmp_path / name, manifest, {"model": arrays()})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_unknown_keys_of_the_manifest_are_kept(model: Path) -> None:
    update_model(model, manifest=lambda manifest: manifest)
    with ModelFile.open(model) as file:
        assert file.manifest.extra == {"later": [1]}


def test_numbers_that_are_not_finite_become_null_in_the_manifest(tmp_path: Path) -> None:
    training = {"loss": np.float32("nan"), "losses": np.array([1.0, np.inf]), "best": (1, 2)}
    save_model(tmp_path / "m", Manifest(training=training), {})
    with ModelFile.open(tmp_path / "m") as file:
        assert file.manifest.training == {"loss": None, "losses": [1.0, None], "best": [1, 2]}


def test_update_changes_only_what_it_names(model: Path) -> None:
    with ModelFile.open(model) as file:
        before = file.digest
        untouched = file.raw(file.member("vocoder/hifigan"), 0, file.member("vocoder/hifigan").size)
    update_model(
        model, parts={"training/model": None, "analysis": {"map": np.ones(2)}}, graphs={"runtime/encoder.onnx": b"e"}
    )
    with ModelFile.open(model) as file:
        assert file.parts == {"model", "vocoder/hifigan", "analysis"}
        assert file.graphs == {"runtime/decoder.onnx", "runtime/encoder.onnx"}
        assert file.raw(file.member("vocoder/hifigan"), 0, file.member("vocoder/hifigan").size) == untouched
        assert file.digest == before
        assert file.is_canonical()
    update_model(model, parts={"model": arrays(5)})
    with ModelFile.open(model) as file:
        assert file.digest != before


def test_a_damaged_part_stays_detectable_through_an_update(model: Path) -> None:
    with ModelFile.open(model) as file:
        member = file.member("vocoder/hifigan")
    data = bytearray(model.read_bytes())
    data[member.end - 1] ^= 1
    model.write_bytes(data)
    update_model(model, parts={"analysis": {"map": np.ones(2)}})
    with ModelFile.open(model) as file, pytest.raises(ModelFileError, match="digest differs"):
        file.read("vocoder/hifigan")


def test_an_open_file_is_read_on_as_it_was(model: Path) -> None:
    with ModelFile.open(model) as file:
        update_model(model, parts={"model": arrays(9)})
        assert np.array_equal(file.read_part("model")["weight"], arrays()["weight"])


def test_a_renamed_file_loads(model: Path, tmp_path: Path) -> None:
    for name in ("other.wav", "no_suffix", "old.distill", "ünï códe.zip"):
        other = model.rename(tmp_path / name)
        with ModelFile.open(other) as file:
            assert file.manifest.name == "birds"
        model = other


def test_a_link_is_followed_on_saving(model: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.distillgan"
    link.symlink_to(model)
    update_model(link, parts={"training/model": None})
    assert link.is_symlink()
    with ModelFile.open(model) as file:
        assert "training/model" not in file.parts


def test_permissions_survive_an_update(model: Path) -> None:
    model.chmod(0o640)
    update_model(model, parts={"training/model": None})
    assert model.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["../evil", "/evil", "a//b", ".hidden", "", "x" * 200, "runtime/decoder.onnx", "ä"])
def test_names_of_parts_are_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelFileError, match="not a name"):
        save_model(tmp_path / "m", Manifest(), {name: arrays()})
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model.read_bytes()
    with pytest.raises(ModelFileError, match="not finite"):
        update_model(model, parts={"model": {"weight": np.array([1.0, np.nan])}})
    assert model.read_bytes() == before
    monkeypatch.setattr("distill_engine.modelfile.writer.check_finite", lambda *_: None)
    update_model(model, parts={"model": {"weight": np.array([1.0, np.inf], np.float16)}})
    assert "not finite" in refusal(model)


@pytest.mark.parametrize(
    "array", [np.array(["text"]), np.array([1j]), np.array([object()])], ids=["text", "complex", "objects"]
)
def test_arrays_that_are_not_numbers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ModelFileError, match="cannot be stored"):
        save_model(tmp_path / "m", Manifest(), {"model": {"x": array}})


NAMES = [
    ("birds", "birds"),
    ("two\xa0birds", "two birds"),
    ("a \N{WOMAN}\u200d\N{MICROPHONE} singing", "a \N{WOMAN}\N{MICROPHONE} singing"),
    ("caf\udce9", "caf\\udce9"),
    ("\x1b[31mred\n", "[31mred "),
    ("n" * 300, "n" * 256),
]


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_a_model_is_saved_under_any_name(tmp_path: Path, given: str, kept: str) -> None:
    path = tmp_path / "m.distillgan"
    assert save_model(path, Manifest(given), {"model": arrays()}).name == kept
    update_model(path, manifest=lambda manifest: replace(manifest, name=given))
    with ModelFile.open(path) as file:
        assert file.manifest.name == kept


def test_names_of_files_that_are_not_utf8_are_written_out(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    manifest = Manifest("m", corpus={"validation": [name]}, analysis={name: Path(name)})
    save_model(tmp_path / "m", manifest, {"model": arrays()})
    with ModelFile.open(tmp_path / "m") as file:
        assert file.manifest.corpus == {"validation": ["caf\\udce9.wav"]}
        assert file.manifest.analysis == {"caf\\udce9.wav": "caf\\udce9.wav"}


def test_absent_parts_are_named(model: Path) -> None:
    with ModelFile.open(model) as file:
        with pytest.raises(ModelFileError, match="has no part 'prior' .present: model, training/model"):
            file.read("prior")
        with pytest.raises(ModelFileError, match="has no graph"):
            file.read_graph("runtime/encoder.onnx")


def test_reading_after_closing_is_an_error(model: Path) -> None:
    with ModelFile.open(model) as file:
        pass
    with pytest.raises(ModelFileError):
        file.read("model")


def rewrite(path: Path, change: object) -> None:
    """Replace the manifest by `change(manifest)`, keeping the archive well formed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = change(json.loads(members["manifest.json"]))  # type: ignore[operator]
    members["manifest.json"] = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m | {"version": 2}, "format version 2, this Distill reads 1: update"),
        (lambda m: m | {"version": True}, "unknown"),
        (lambda m: m | {"version": "1"}, "unknown"),
        (lambda m: m | {"format": "other"}, "v1 model: retrain with `distill train`"),
        (lambda m: [m], "v1 model"),
        (lambda m: m | {"name": "\x1b[31mred"}, "plain text"),
        (lambda m: m | {"name": 5}, "plain text"),
        (lambda m: m | {"training": {"seconds": int("9" * 400)}}, "of 400 digits is too large"),
        (lambda m: m | {"model": []}, "not a table"),
        (lambda m: m | {"vocoders": {"hifigan": 3}}, "vocoder 'hifigan'"),
        (lambda m: m | {"vocoders": {"hifigan": {"epochs": "many"}}}, "vocoder 'hifigan'"),
        (lambda m: m | {"vocoders": {"hifigan": {"config": {"initial_channels": 1 << 30}}}}, "initial_channels"),
        (lambda m: m | {"vocoders": {"hifigan": {"config": {"upsample_rates": 5}}}}, "upsample_rates"),
        (lambda m: m | {"vocoders": {"hifigan": {"config": {"resblock_kernels": [-3] * 3}}}}, "resblock_kernels"),
        (lambda m: m | {"vocoders": {"vocos": {"config": {"frames_per_hop": 0}}}}, "vocos"),
        (lambda m: m | {"model": {"latent_dim": "16"}}, "latent_dim"),
        (lambda m: m | {"model": {"decoder_channels": 1 << 40}}, "decoder_channels"),
        (lambda m: m | {"model": {"decoder_channels": 1024, "decoder_blocks": 4096}}, "not in the file"),
        (lambda m: m | {"model": {"surprise": 1}}, "surprise"),
        (lambda m: m | {"analysis": {"controls": 7}}, "controls are not a list"),
        (lambda m: m | {"analysis": {"controls": [{"name": "a"}] * 33}}, "controls are not a list of up to 32"),
        (lambda m: m | {"analysis": {"controls": [{"name": 7}]}}, "no usable name"),
        (lambda m: m | {"analysis": {"controls": [{"name": "x" * 100_000}]}}, "100000 characters"),
        (lambda m: m | {"analysis": {"controls": [{"name": 'x"+__import__("os")+"'}]}}, "it holds '\"'"),
        (lambda m: m | {"analysis": {"controls": [{"name": "two words"}]}}, "a space"),
        (lambda m: m | {"analysis": {"controls": [{"name": "a\x1b[2J"}]}}, "\\x1b"),
        (lambda m: m | {"mel": {"hop": -512}}, "hop"),
        (lambda m: m | {"mel": {"surprise": 1}}, "surprise"),
        (lambda m: m | {"parts": {}}, "not listed"),
        (lambda m: m | {"parts": m["parts"] | {"prior": {"sha256": "0" * 64, "bytes": 1}}}, "missing"),
        (lambda m: m | {"parts": m["parts"] | {"model": {"sha256": "0" * 64, "bytes": 9}}}, "the manifest says 9"),
        (lambda m: m | {"parts": m["parts"] | {"model": m["parts"]["model"] | {"sha256": "0" * 64}}}, "digest differs"),
        (lambda m: m | {"parts": m["parts"] | {"../x": {"sha256": "0" * 64, "bytes": 1}}}, "described wrongly"),
        (lambda m: m | {"parts": 4}, "no parts"),
        (lambda m: b'{"format":"distillgan","version":NaN}', "not valid JSON"),
        (lambda m: b'{"format":"distillgan","format":"distillgan"}', "not valid JSON"),
        (lambda m: b"[" * 100_000, "not valid JSON"),
        (lambda m: b'{"version":' + b"9" * 10_000 + b"}", "not valid JSON"),
        (lambda m: b"\xff\xfe", "not valid JSON"),
    ],
)
def test_a_manifest_that_lies_is_refused(model: Path, change: object, reason: str) -> None:
    rewrite(model, change)
    assert reason in refusal(model)


def test_names_are_read_in_one_form_in_which_they_are_found(model: Path) -> None:
    composed, decomposed = "\u00e9tude", "e\u0301tude"
    rows = [{"name": decomposed, "unit": "Hz"}, {"name": "plain"}]
    with ModelFile.open(model) as file:
        written = replace(file.manifest, name=decomposed, analysis={"controls": rows, "seconds": 1.0})
    read = Manifest.from_json(written.to_json(), "m")
    assert read.name == composed
    assert read.analysis == {"controls": [{"name": composed, "unit": "Hz"}, {"name": "plain"}], "seconds": 1.0}


def test_old_models_are_recognised(tmp_path: Path) -> None:
    old = tmp_path / "old.distill"
    for content in (b"anything", pickle.dumps({"a": 1}), b"\x89HDF\r\n"):
        old.write_bytes(content)
        assert "v1 model: retrain with `distill train`" in refusal(old)
    for suffix in ("x.sda", "x.distillgan"):
        with zipfile.ZipFile(tmp_path / suffix, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("metadata.json", "{}")
            archive.writestr("model.pt", b"x")
        assert "v1 model: retrain with `distill train`" in refusal(tmp_path / suffix)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["DISTILL_TEST_BOMB"],)


def test_pickles_are_named_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_TEST_BOMB", str(tmp_path / "exploded"))
    path = tmp_path / "m.distillgan"
    for protocol in range(2, 6):
        path.write_bytes(pickle.dumps(Bomb(), protocol))
        assert "pickle" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    assert "pickled" in refusal(path)
    assert not (tmp_path / "exploded").exists()


def test_other_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    for content, what in (
        (b"", "empty"),
        (b"RIFF....WAVE", "WAV"),
        (b"fLaC", "FLAC"),
        (b"hello", "is a text"),
        (b"\x01" * 99, "does not begin as a model file does"),
        (b"PK\x03\x04", "too short"),
        (b"PK\x03\x04" * 20, "not a whole"),
    ):
        path.write_bytes(content)
        assert what in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "no manifest" in refusal(path)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    assert "no such model file" in refusal(tmp_path / "absent")
    assert "is not a file" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be opened" in refusal(tmp_path / "loop")


POSITION = {"step": 7, "completed": True}


@pytest.mark.parametrize(
    ("checkpoint", "begun"),
    [
        (json.dumps({"position": POSITION, "recent": float("nan")}), POSITION),
        ('{"position": {"step": 1e999, "completed": true}}', None),
        ('{"position": {"step": -1, "completed": true}}', None),
        ('{"position": {"step": 1, "completed": 3}}', None),
        ('{"position": ' + "[" * 100_000, None),
        ('{"position": 3}', None),
        ("[]", None),
    ],
    ids=["whole", "infinite", "negative", "wrong type", "deep", "number", "list"],
)
def test_a_training_whose_position_cannot_be_read_is_left_out(
    tmp_path: Path, checkpoint: str, begun: dict[str, Any] | None
) -> None:
    path = tmp_path / "m.distillgan"
    save_model(path, Manifest("m"), {"training/model": Part({}, {"checkpoint": checkpoint})})
    with ModelFile.open(path) as file:
        assert file.begun() == ({} if begun is None else {"training/model": begun})
