"""Foreign files: nothing waits for a pipe, nothing is mapped, and one damaged file spoils no other."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_control.midi.maps.mapfile import read_text
from distill_control.workshop.jobs import JobStore
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.catalogue import origin
from distill_engine.catalogue.facts import model_facts
from distill_engine.catalogue.files import import_model
from distill_engine.dataset.discovery import find_files
from distill_engine.errors import DistillError
from distill_engine.library.history.recipe_tags import read_own_tags
from distill_engine.library.history.trash import Trash
from distill_engine.library.model_notes import read_notes
from distill_engine.library.presetformat import read_preset
from distill_engine.library.presets import PresetStore
from distill_engine.library.renders import RenderStore
from distill_engine.modelfile import Manifest as ModelManifest
from distill_engine.modelfile import ModelFile, save_model
from distill_engine.modelfile.code_file import load_codes
from distill_engine.rendering.batches.manifest import Manifest
from distill_engine.system.regular_files import NotRegularError, open_regular, read_regular, sha256_of
from distill_engine.takes.take_file import read_take
from distill_engine.vocoders.weights.convert import read_checkpoint, read_json
from distill_engine.vocoders.weights.records import read_record

ENTRY = "20260101-000000-abcdef"
DIGEST = "ab" * 32


def read_history_entry(path: Path) -> object:
    """Read the pipe as the table of the history's only entry."""
    store = RenderStore(path.parent)
    store.folder(ENTRY).mkdir()
    path.rename(store.folder(ENTRY) / "render.json")
    return store.get(ENTRY)


def read_trash_item(path: Path) -> object:
    trash = Trash(path.parent)
    (trash.root / ENTRY).mkdir()
    path.rename(trash.root / ENTRY / "trash.json")
    return trash.restore(trash.find("last"))


def read_model_notes(path: Path) -> object:
    path.rename(path.with_name(f"{DIGEST}.json"))
    return read_notes(DIGEST, path.parent)


def read_corpus_file(path: Path) -> object:
    path.rename(path.with_name("corpus.toml"))
    return find_files(path.parent)


def read_manifest(path: Path) -> object:
    path.rename(path.with_name("manifest.jsonl"))
    return Manifest(path.parent)


def read_weights(path: Path) -> object:
    path.rename(path.with_name("record.json"))
    return read_record(path.parent)


def read_job(path: Path) -> object:
    identity = "20260101-000000-check-abcdef"
    (path.parent / identity).mkdir()
    path.rename(path.parent / identity / "job.json")
    return JobStore(path.parent).get(identity)


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
READERS: list[Callable[[Path], object]] = [
    read_audio,
    audio_info,
    read_preset,
    read_take,
    read_text,
    read_json,
    read_checkpoint,
    load_codes,
    ModelFile.open,
    read_history_entry,
    read_trash_item,
    read_model_notes,
    read_corpus_file,
    read_manifest,
    read_weights,
    read_job,
]


def test_a_regular_file_is_read_whole_or_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"contents")
    assert read_regular(tmp_path / "file") == b"contents"
    assert read_regular(tmp_path / "file", 3) == b"con"


def test_what_is_no_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(NotRegularError):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    with pytest.raises(OSError, match="null"):
        open_regular(f"{tmp_path}/nul\0")


@needs_pipes
def test_a_file_that_has_nothing_to_read_now_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "kmsg")  # as files of /proc do that say that they are regular
    monkeypatch.setattr("distill_engine.system.regular_files.stat.S_ISREG", lambda mode: True)
    writer = os.open(tmp_path / "kmsg", os.O_RDWR)
    for limit in (4, -1):
        with pytest.raises(OSError, match="nothing to read"):
            read_regular(tmp_path / "kmsg", limit)
    os.close(writer)


@needs_pipes
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_no_reader_waits_for_a_pipe(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DistillError, match="not a file") as caught:
        read(tmp_path / "pipe")
    assert "\n" not in str(caught.value)


@needs_pipes
def test_sums_and_lists_do_not_wait_either(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    os.mkfifo(tmp_path / "model" / "pipe.preset.json")
    store = PresetStore(tmp_path)
    assert store.all() == []
    assert "not a file" in store.damaged()[0].reason
    with pytest.raises(NotRegularError):
        sha256_of(tmp_path / "model" / "pipe.preset.json")


@needs_pipes
def test_what_a_pipe_only_adds_to_is_as_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    for folder in ("models", "recordings", "cache"):
        (tmp_path / folder).mkdir()
    save_model(tmp_path / "rain.distillgan", ModelManifest("rain"), {})
    (tmp_path / "recordings" / "b.take").write_bytes(b"take")
    for name in ("rain.distillgan.sha256", "recordings/a.take", "cache/models.json"):
        os.mkfifo(tmp_path / name)
    assert import_model(tmp_path / "rain.distillgan", None, lambda path: None).exists()
    assert [row["name"] for row in model_facts()][:1] == ["rain"]
    assert origin._take(hashlib.sha256(b"take").hexdigest()) == tmp_path / "recordings" / "b.take"
    with pytest.raises(NotRegularError):
        read_own_tags(tmp_path / "recordings" / "a.take")


def test_weights_are_not_mapped(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save

    values = torch.arange(1000.0)
    (tmp_path / "a.safetensors").write_bytes(save({"x": values}))
    torch.save({"generator": {"x": values}}, tmp_path / "a.pt")
    for name in ("a.safetensors", "a.pt"):
        read = read_checkpoint(tmp_path / name)["x"]
        with open(tmp_path / name, "r+b") as file:  # another process overwrites it in place, then shortens it
            file.write(bytes(os.path.getsize(tmp_path / name)))
            file.truncate(10)
        np.testing.assert_array_equal(read.numpy(), values.numpy())
