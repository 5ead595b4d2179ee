"""The trash: what is deleted or overwritten comes back as it was."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from distill_engine.errors import LibraryError
from distill_engine.library.history import trash
from distill_engine.library.history.trash import MODEL_LIMIT, Trash
from distill_engine.library.presets import PresetStore
from distill_engine.system import atomic_write
from distill_engine.system.atomic_write import copy_file
from distill_engine.system.portable.files import sync_file

VALUES = {"/distill/gain": -3.0}
TABLE = {"version": 1, "kind": "preset", "name": "a", "was": "/a", "why": "deleted", "time": "2026-01-01"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    return tmp_path


def test_what_is_deleted_comes_back_as_it_was(home: Path) -> None:
    folder = home / "renders" / "夜"
    folder.mkdir(parents=True)
    (folder / "sound.wav").write_bytes(b"sound")
    item = Trash().put(folder, "render", "Käuzchen 夜")
    assert not folder.exists()
    assert (item.kind, item.name, item.why, item.size, item.fault) == ("render", "Käuzchen 夜", "deleted", 5, "")
    assert Trash().items() == [item] == [Trash().find("last")] == [Trash().find(item.id[-6:])]
    assert Trash().restore(Trash().find("käuzchen 夜")) is None
    assert (folder / "sound.wav").read_bytes() == b"sound"
    assert Trash().items() == []


def test_what_has_its_place_by_now_goes_to_the_trash(home: Path) -> None:
    path = home / "a.txt"
    path.write_text("one")
    first = Trash().put(path, "model", "a")
    path.write_text("two")
    second = Trash().restore(first)
    assert path.read_text() == "one"
    assert second is not None
    Trash().restore(second)
    assert path.read_text() == "two"


def test_a_preset_that_is_overwritten_or_deleted_is_kept_with_its_words() -> None:
    store = PresetStore()
    store.describe(store.save("dusk", "rain", "", VALUES), folder="night", tags=["calm"], note="first")
    store.save("dusk", "rain", "", VALUES)  # the same again is no other version
    assert Trash().items() == []
    store.save("dusk", "rain", "", {"/distill/gain": -9.0})
    again = store.find("dusk", "rain")
    assert (again.folder, again.tags, again.note) == ("night", ("calm",), "first")
    assert [item.why for item in Trash().items()] == ["overwritten"]
    Trash().restore(Trash().find("dusk"))
    assert store.find("dusk", "rain").values == VALUES
    store.delete("dusk", "rain")
    assert store.of_model("rain") == []
    Trash().restore(Trash().find("last"))
    assert store.find(0, "rain").name == "dusk"


def test_a_file_that_is_overwritten_keeps_its_old_contents(home: Path) -> None:
    from distill_engine.system.atomic_write import write_file

    path = home / "a.distillgan"
    for number in range(MODEL_LIMIT + 2):
        write_file(path, str(number).encode())
        Trash().keep(path, "model", "a")
    assert len(Trash().items()) == MODEL_LIMIT
    write_file(path, b"new")
    Trash().restore(Trash().find("a"))
    assert path.read_text() == str(MODEL_LIMIT + 1)


def test_emptying_goes_by_age(home: Path) -> None:
    (home / "a").write_text("a")
    old = Trash().put(home / "a", "preset", "a")
    table = Trash().root / old.id / "trash.json"
    table.write_text(json.dumps({**json.loads(table.read_text()), "time": "2020-01-01T00:00:00+00:00"}))
    (home / "b").write_text("b")
    new = Trash().put(home / "b", "preset", "b")
    assert [item.id for item in Trash().empty(days=1)] == [old.id]
    assert [item.id for item in Trash().empty()] == [new.id]
    assert not list(Trash().root.iterdir())


def test_what_cannot_be_deleted_for_good_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "a").write_text("a")
    item = Trash().put(home / "a", "preset", "a")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **how: None)  # as in a folder that is read-only
    with pytest.raises(LibraryError, match="cannot be deleted"):
        Trash().empty()
    assert Trash().items() == [item]


def test_the_last_item_is_the_last_where_the_clock_went_back(home: Path) -> None:
    (home / "a").write_text("a")
    first = Trash().put(home / "a", "preset", "a")
    (Trash().root / first.id).rename(Trash().root / "20990101-000000-abcdef")
    (home / "b").write_text("b")
    Trash().put(home / "b", "preset", "b")
    assert Trash().find("last").name == "b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 9}',
        '{"version": 1, "kind": "x"}',
        json.dumps({**TABLE, "name": 3}),
        json.dumps({**TABLE, "time": [1]}),
        json.dumps({**TABLE, "was": "/"}),
        json.dumps({**TABLE, "was": "/a/.."}),
        json.dumps({**TABLE, "was": "/a\0"}),
        "[" * 100,
    ],
)
def test_a_damaged_item_is_listed_with_its_fault(home: Path, text: str) -> None:
    (home / "a").write_text("a")
    item = Trash().put(home / "a", "preset", "a")
    (Trash().root / item.id / "trash.json").write_text(text)
    (found,) = Trash().items()
    assert "cannot be read" in found.fault
    with pytest.raises(LibraryError, match="cannot be read"):
        Trash().restore(found)
    with pytest.raises(LibraryError, match="distill trash list"):
        Trash().find("../x")


def test_what_cannot_be_moved_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    (home / "a").write_text("a")
    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(LibraryError, match="the disk is full"):
        Trash().put(home / "a", "preset", "a")
    assert (home / "a").read_text() == "a"
    assert Trash().items() == []


def _another_disk(monkeypatch: pytest.MonkeyPatch, disk: Path) -> None:
    """Let renames into and out of a folder fail, as between two disks."""
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if (disk in Path(source).parents) != (disk in Path(target).parents):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)


def test_a_model_on_another_disk_comes_back_or_leaves_all_as_it_was(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk := tmp_path / "stick").mkdir()
    _another_disk(monkeypatch, disk)
    path = disk / "rain.distillgan"
    path.write_bytes(b"one")
    item = Trash().put(path, "model", "rain")
    assert list(disk.iterdir()) == []
    path.write_bytes(b"two")
    real = copy_file

    def full(source: Path, target: Path) -> None:
        if disk in target.parents and source.read_bytes() == b"one":
            target.write_bytes(b"o")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(trash, "copy_file", full)
    with pytest.raises(LibraryError, match="the disk is full"):
        Trash().restore(item)
    assert [(one.name, one.read_bytes()) for one in disk.iterdir()] == [("rain.distillgan", b"two")]
    assert Trash().items() == [item]
    monkeypatch.setattr(trash, "copy_file", real)
    Trash().restore(item)
    assert [(one.name, one.read_bytes()) for one in disk.iterdir()] == [("rain.distillgan", b"one")]


def test_a_file_that_cannot_leave_its_disk_is_not_said_to_be_deleted(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk := tmp_path / "stick").mkdir()
    _another_disk(monkeypatch, disk)
    (path := disk / "rain.distillgan").write_bytes(b"one")
    real = Path.unlink

    def read_only(one: Path, missing_ok: bool = False) -> None:
        if one == path:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        real(one, missing_ok)

    monkeypatch.setattr(Path, "unlink", read_only)
    with pytest.raises(LibraryError, match="read-only"):
        Trash().put(path, "model", "rain")
    assert path.read_bytes() == b"one"
    assert Trash().items() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_item_that_is_no_file_or_far_too_large_holds_nothing_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "OVERWRITTEN_LIMIT", 1)
    store = PresetStore()
    for gain in (-3.0, -6.0):
        store.save("dusk", "rain", "", {"/distill/gain": gain})
    for identity in ("20260101-000000-aaaaaa", "20260102-000000-bbbbbb"):
        (Trash().root / identity).mkdir()
    os.mkfifo(Trash().root / "20260101-000000-aaaaaa" / "trash.json")
    with (Trash().root / "20260102-000000-bbbbbb" / "trash.json").open("wb") as file:
        file.truncate(1 << 30)  # of zeros that take no place
    store.save("dusk", "rain", "", {"/distill/gain": -9.0})
    whole, large, pipe = Trash().items()
    assert (whole.name, whole.fault) == ("dusk", "")
    assert "it is over 1 MB" in large.fault
    assert "it is not a file" in pipe.fault


def test_a_copy_is_on_its_disk_before_the_original_goes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk := tmp_path / "stick").mkdir()
    _another_disk(monkeypatch, disk)
    path, flushed = disk / "rain.distillgan", list[tuple[int, bool]]()
    path.write_bytes(b"one")
    real = sync_file

    def sync(descriptor: int) -> None:
        flushed.append((os.fstat(descriptor).st_size, path.exists()))
        real(descriptor)

    monkeypatch.setattr(atomic_write, "sync_file", sync)
    Trash().put(path, "model", "rain")
    assert (3, True) in flushed
    assert not path.exists()


def test_a_folder_and_a_link_go_to_another_disk_as_they_are(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk := tmp_path / "stick").mkdir()
    _another_disk(monkeypatch, disk)
    (folder := disk / "entry").mkdir()
    (folder / "sound.wav").write_bytes(b"sound")
    os.utime(folder / "sound.wav", (0, 0))
    (folder / "again.wav").symlink_to("sound.wav")
    (link := disk / "link").symlink_to(folder)
    items = [Trash().put(link, "render", "link"), Trash().put(folder, "render", "entry")]
    assert list(disk.iterdir()) == []
    for item in items:
        Trash().restore(item)
    assert os.readlink(link) == str(folder)
    assert os.readlink(folder / "again.wav") == "sound.wav"
    assert (folder / "sound.wav").stat().st_mtime == 0
