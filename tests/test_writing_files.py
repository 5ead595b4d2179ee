"""A power cut leaves a file's old contents or the new: what gets a name is on the disk before.

`system.atomic_write` flushes a file before its rename, and the folder after it. All else that gives
a file a name, or writes one, is named here with the reason why it may.
"""

from __future__ import annotations

import ast
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_control.midi.maps.mapwriter import save_text
from distill_engine.catalogue.files import copy_model, import_model, rename_model
from distill_engine.library.history.trash import Trash
from distill_engine.library.marks import Mark, MarkSet, MarkStore
from distill_engine.library.model_notes import write_notes
from distill_engine.library.presets import PresetStore
from distill_engine.library.renders import RenderStore
from distill_engine.library.versions import keep_version
from distill_engine.modelfile import Manifest, save_model, update_model
from distill_engine.system.atomic_write import write_file
from support_source import calls_of, files_with, has_mode

HELPER = "engine/distill_engine/system/atomic_write.py"
CODES, MARKS = "gives no file a name: a sequence of codes", "gives no file a name: the marks that play"
NAMING = {
    HELPER: "the helper itself",
    "control/distill_control/workshop/answers.py": "an upload, flushed before",
    "control/distill_control/workshop/jobs.py": "a folder of flushed files; flushes the folder above",
    "control/distill_control/workshop/keeping.py": "an upload, flushed when it was received",
    "control/distill_control/workshop/runner.py": "a lock, which is empty",
    "engine/distill_engine/catalogue/files.py": "a model file of the library, or a flushed copy",
    "engine/distill_engine/library/history/trash.py": "what is on the disk already; flushes the folder",
    "engine/distill_engine/library/renders.py": "a folder of flushed files; flushes the folder above",
    "engine/distill_engine/library/versions.py": "links to what is on the disk; flushes their folder",
    "engine/distill_engine/live/code_commands.py": CODES,
    "engine/distill_engine/live/marks/mark_commands.py": MARKS,
    "engine/distill_engine/rendering/score.py": CODES,
    "engine/distill_engine/rendering/take_player.py": MARKS,
    "engine/distill_engine/synthesis/code_sequences/editing.py": CODES,
    "engine/distill_engine/synthesis/sources/codes_source.py": CODES,
    "engine/distill_engine/vocoders/weights/download.py": "compared with its checksum, and fetched again",
    "engine/distill_engine/vocoders/weights/verifying.py": "sets a damaged file aside",
}
WRITING = {
    HELPER: "the helper itself",
    "control/distill_control/cli/analyse.py": "a temporary copy",
    "control/distill_control/client_patches/reference.py": "run while the documents are written",
    "control/distill_control/workshop/answers.py": "an upload, flushed before it has its name",
    "control/distill_control/workshop/runner.py": "what a job's command says",
    "engine/distill_engine/audio/encoding.py": "into the helper's file",
    "engine/distill_engine/audio_io/devices.py": "a temporary copy",
    "engine/distill_engine/audio_io/recording.py": "sound as it is played, flushed by the clock",
    "engine/distill_engine/library/history/trash.py": "copies that are flushed, to another disk",
    "engine/distill_engine/rendering/exporting/onnx_examples/play.py": "an example that runs without Distill",
    "engine/distill_engine/system/file_lock.py": "a lock",
    "engine/distill_engine/system/portable/files.py": "a lock",
    "engine/distill_engine/system/removed_files.py": "what was removed while it was recorded, flushed",
    "engine/distill_engine/takes/take_recorder.py": "a take as it is played, flushed by the clock",
    "engine/distill_engine/vocoders/weights/fetching.py": "compared with its checksum, and fetched again",
}


def namings(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what gives a file a name, or another one."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="replace" | "rename" | "renames" | "link"):
                yield node
            case ast.Attribute(value=ast.Name(id="shutil"), attr="move") | ast.Name(id="give_new_name"):
                yield node
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"))):
                continue
            case ast.Call(func=ast.Attribute(attr="replace" | "rename" | "hardlink_to"), args=[one], keywords=[]) if (
                not isinstance(one, ast.Starred)
            ):
                yield node


def writings(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that write a file, or open one for writing, with Python's own means."""
    for node in calls_of(tree):
        match node.func:
            case ast.Attribute(attr="write_bytes" | "write_text"):
                yield node
            case ast.Attribute(value=ast.Name(id="shutil"), attr="copy" | "copy2" | "copyfile" | "copytree"):
                yield node
            case ast.Attribute(value=ast.Name(id="os"), attr="open"):
                if "O_CREAT" in ast.dump(node) or "NEW_FILE" in ast.dump(node):
                    yield node
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.endswith(("open", "open_file", "SoundFile")):
                if has_mode(node, "wxa+"):
                    yield node


@pytest.mark.parametrize(("found_by", "allowed"), [(namings, NAMING), (writings, WRITING)])
def test_no_file_is_written_or_named_past_the_helper(
    found_by: Callable[[ast.AST], Iterator[ast.AST]], allowed: dict[str, str]
) -> None:
    found = files_with(found_by)
    assert found - allowed.keys() == set(), "use write_file or replacing"
    assert allowed.keys() - found == set(), "leave these out of the list"


@pytest.mark.parametrize(
    ("source", "naming", "writing"),
    [
        ("os.replace(a, b)", 1, 0),
        ("_becoming(path, os.replace)", 1, 0),
        ("os.link(a, b)", 1, 0),
        ("shutil.move(a, b)", 1, 0),
        ("run(give_new_name, a, b)", 1, 0),
        ("path.rename(target)", 1, 0),
        ("path.replace(target)", 1, 0),
        ("path.hardlink_to(target)", 1, 0),
        ("text.replace('a', 'b')", 0, 0),
        ("replace(entry, title='b')", 0, 0),
        ("store.rename('a', 'b')", 0, 0),
        ("store.rename(*names)", 0, 0),
        ("path.write_text('a')", 0, 1),
        ("shutil.copyfile(a, b)", 0, 1),
        ("open(path, 'wb')", 0, 1),
        ("path.open('a')", 0, 1),
        ("open(path, mode='r+b')", 0, 1),
        ("os.fdopen(descriptor, 'w')", 0, 1),
        ("os.open(path, os.O_RDWR | os.O_CREAT)", 0, 1),
        ("soundfile.SoundFile(descriptor, 'w', rate)", 0, 1),
        ("os.open(path, os.O_RDONLY)", 0, 0),
        ("open(path, 'rb')", 0, 0),
        ("ModelFile.open(path)", 0, 0),
    ],
)
def test_what_counts_as_naming_and_writing(source: str, naming: int, writing: int) -> None:
    tree = ast.parse(source)
    assert (len(list(namings(tree))), len(list(writings(tree)))) == (naming, writing)


class Disk:
    """Watches which files are flushed when they get a name, and which folders after it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.flushed: dict[tuple[int, int], tuple[int, int]] = {}
        self.named: list[Path] = []
        self.faults: list[str] = []
        self._unflushed: dict[tuple[int, int], Path] = {}
        real = os.fsync

        def fsync(descriptor: int) -> None:
            real(descriptor)
            key, written = _key(os.fstat(descriptor))
            self.flushed[key] = written
            self._unflushed.pop(key, None)

        patch.setattr(os, "fsync", fsync)
        for name in ("replace", "rename", "link"):
            patch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, real: Callable[..., None]) -> Callable[..., None]:
        def give_name(source: Any, target: Any, **options: Any) -> None:
            self._check(Path(source))
            real(source, target, **options)
            folder = Path(target).parent
            self._unflushed[_key(os.stat(folder))[0]] = folder
            self.named.append(Path(target))

        return give_name

    def _check(self, path: Path) -> None:
        for part in [path, *path.rglob("*")] if path.is_dir() else [path]:
            key, written = _key(os.stat(part))
            if key not in self.flushed or (part.is_file() and self.flushed[key] != written):
                self.faults.append(f"{part} got a name before it was flushed")

    def end(self) -> None:
        """Fail where something was not flushed, or nothing got a name."""
        faults = [*self.faults, *(f"{folder} was not flushed" for folder in self._unflushed.values())]
        assert faults == []
        assert self.named


def _key(status: os.stat_result) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return which file it is, and what a write changes of it."""
    return (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)


def save_presets(home: Path) -> None:
    store = PresetStore()
    store.save("Rain", "forest", "abc", {"/distill/width": 0.5})
    store.save("Rain", "forest", "abc", {"/distill/width": 0.25})
    store.rename("Rain", "Hail", "forest")
    store.delete("Hail", "forest")
    Trash().restore(Trash().find("Hail"))


def save_history(home: Path) -> None:
    soundfile.write(home / "made.wav", np.linspace(-0.5, 0.5, 4410), 44100)
    entry = RenderStore().add(home / "made.wav", "owl", {"command": ["distill", "render", "birds"]})
    RenderStore().change(entry.id, title="dusk")
    RenderStore().note("many", {"command": []})


def save_notes_and_maps(home: Path) -> None:
    write_notes("ab" * 32, ["calm"], "first")
    save_text(home / "maps" / "knobs.toml", 'name = "knobs"\n')
    MarkStore().save(MarkSet("dawn", "rain", "abc", "space", (Mark("owl", "clip", 0.0, 0.0, (0.5,)),)))


def save_models(home: Path) -> None:
    parts = {"model": {"w": np.ones(100, np.float32)}}
    save_model(home / "models" / "rain.distillgan", Manifest("rain"), parts)
    update_model(home / "models" / "rain.distillgan", parts=parts)
    rename_model("rain", "hail")
    copy_model("hail", "snow")
    import_model(home / "models" / "snow.distillgan", "ice", lambda part: None)
    write_file(home / "dawn.take", b"take")
    with (home / "models" / "ice.distillgan").open("rb") as file:
        keep_version({"model": "a" * 64}, home / "models" / "ice.distillgan", file.fileno(), home / "dawn.take")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are flushed in other ways")
@pytest.mark.parametrize("save", [save_presets, save_history, save_notes_and_maps, save_models])
def test_what_is_saved_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    disk = Disk(monkeypatch)
    save(tmp_path)
    disk.end()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are flushed in other ways")
@pytest.mark.parametrize("flushed", [True, False])
def test_the_watch_sees_what_is_not_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flushed: bool) -> None:
    disk = Disk(monkeypatch)
    with (tmp_path / "new").open("wb", buffering=0) as file:
        file.write(b"one")
        if flushed:
            os.fsync(file.fileno())
            file.write(b"two")
    (tmp_path / "new").replace(tmp_path / "old")
    with pytest.raises(AssertionError):
        disk.end()
    assert len(disk.faults) == 1
    assert stat.S_ISREG((tmp_path / "old").stat().st_mode)
