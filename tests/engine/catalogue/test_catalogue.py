"""The library's models: facts that are kept, files that are renamed, copied and taken in."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from distill_engine.catalogue import facts
from distill_engine.catalogue.facts import find_digest, model_facts
from distill_engine.catalogue.files import copy_model, import_model, rename_model
from distill_engine.errors import LibraryError
from distill_engine.library.model_notes import write_notes
from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.system import atomic_write


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with two models, whose folder is returned."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("rain", "wind"):
        save_model(folder / f"{name}.distillgan", Manifest(name, training={"model": {"verdict": name}}), {})
    return folder


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note which files are read from now on."""
    read, seen = facts._read, list[Path]()
    monkeypatch.setattr(facts, "_read", lambda path: (seen.append(path), read(path))[1])
    return seen


def test_a_file_is_read_once_and_again_when_it_has_changed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = model_facts()
    assert [row["name"] for row in first] == ["rain", "wind", "starter"]
    assert [row["built_in"] for row in first] == [False, False, True]
    seen = reads(monkeypatch)
    assert model_facts() == first
    assert seen == []
    path = models / "rain.distillgan"
    update_model(path, manifest=Manifest("rain", training={"model": {"verdict": "converged"}}))
    assert model_facts()[0]["training"]["verdict"] == "converged"
    assert seen == [path]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 1, "models": {"a": 3}}', '{"version": 9, "models": {}}', "{" * 9999]
)
def test_a_damaged_cache_is_made_anew(models: Path, tmp_path: Path, text: str) -> None:
    first = model_facts()
    cache = tmp_path / "cache" / "models.json"
    cache.write_text(text)
    assert model_facts() == first
    assert len(json.loads(cache.read_text())["models"]) == 3


def test_damaged_files_have_their_sentence_and_gone_ones_leave_the_cache(models: Path, tmp_path: Path) -> None:
    (models / "broken.distillgan").write_bytes(b"PK")
    assert "too short" in model_facts()[0]["fault"]
    (models / "broken.distillgan").unlink()
    (models / "other.distillgan").write_bytes(b"PK")
    model_facts()
    kept = json.loads((tmp_path / "cache" / "models.json").read_text())["models"]
    assert str(models / "broken.distillgan") not in kept


def test_notes_and_tags_come_with_the_facts(models: Path) -> None:
    with ModelFile.open(models / "rain.distillgan") as file:
        write_notes(file.digest, ["field"], "wet")
        assert find_digest(file.digest[:16]) == models / "rain.distillgan"
    assert (model_facts()[0]["tags"], model_facts()[0]["note"]) == (("field",), "wet")
    assert find_digest("") is None


def test_models_are_renamed_and_copied_and_nothing_is_overwritten(models: Path) -> None:
    assert rename_model("rain", "night/夜") == models / "night" / "夜.distillgan"
    assert copy_model("night/夜", "rain").read_bytes() == (models / "night" / "夜.distillgan").read_bytes()
    assert copy_model("starter", "mine").exists()
    for act in (rename_model, copy_model):
        with pytest.raises(LibraryError, match="exists already"):
            act("rain", "wind")
        with pytest.raises(LibraryError, match="not allowed: give a name inside") as refused:
            act("rain", "../out")
        assert "--allow-paths" not in str(refused.value)  # which these commands do not have
    with pytest.raises(LibraryError, match="make a copy"):
        rename_model("starter", "b")
    assert not [path for path in models.iterdir() if path.name.startswith(".")]


def test_a_disk_without_hard_links_has_a_library_too(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source))

    monkeypatch.setattr(os, "link", refuse)
    assert rename_model("rain", "snow").exists()
    assert copy_model("snow", "hail").read_bytes() == (models / "snow.distillgan").read_bytes()
    with pytest.raises(LibraryError, match="exists already"):
        rename_model("snow", "wind")
    assert sorted(path.stem for path in models.iterdir()) == ["hail", "snow", "wind"]


def test_a_file_joins_the_library_only_when_it_is_verified(models: Path, tmp_path: Path) -> None:
    given = Path(shutil.copyfile(models / "rain.distillgan", tmp_path / "given.distillgan"))

    def refuse(path: Path) -> None:
        raise LibraryError("a fault")

    with pytest.raises(LibraryError, match="a fault"):
        import_model(given, None, refuse)
    (tmp_path / "given.distillgan.sha256").write_text("0" * 64 + "  given.distillgan\n")
    with pytest.raises(LibraryError, match="SHA-256"):
        import_model(given, None, lambda path: None)
    (tmp_path / "given.distillgan.sha256").unlink()
    assert import_model(given, "hail", lambda path: None) == models / "hail.distillgan"
    with pytest.raises(LibraryError, match="exists already"):
        import_model(given, "hail", lambda path: None)
    assert sorted(path.name for path in models.iterdir()) == ["hail.distillgan", "rain.distillgan", "wind.distillgan"]


@pytest.mark.parametrize(
    "beside", ["0" * 64, f"{'0' * 64} *given\n" + "x" * 5000, "\ufeff0"], ids=["wrong", "long", "marked"]
)
def test_a_checksum_beside_a_file_counts_by_its_first_word(models: Path, tmp_path: Path, beside: str) -> None:
    given = Path(shutil.copyfile(models / "rain.distillgan", tmp_path / "given.distillgan"))
    (tmp_path / "given.distillgan.sha256").write_text(beside, "utf-8")
    if beside.startswith("0"):
        with pytest.raises(LibraryError, match="SHA-256"):
            import_model(given, None, lambda path: None)
    else:
        assert import_model(given, None, lambda path: None).exists()


def test_a_model_is_on_the_disk_before_it_has_its_name(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = list[tuple[int, bool]]()

    def sync(descriptor: int) -> None:
        flushed.append((os.fstat(descriptor).st_size, (models / "snow.distillgan").exists()))

    monkeypatch.setattr(atomic_write, "sync_file", sync)
    copied = copy_model("rain", "snow")
    assert flushed == [(copied.stat().st_size, False)]
