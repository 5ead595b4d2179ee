"""Versions of model files: kept for takes, found by digests, gone with the last take."""

import errno
import os
from pathlib import Path

import pytest

from distill_engine.errors import LibraryError
from distill_engine.library.folders import versions_dir
from distill_engine.library.versions import find_version, keep_version, remove_unused

DIGESTS = {"model": "a" * 64, "vocoder": "b" * 64}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "a.take"
    path.write_text("take")
    return path


def keep(path: Path, take: Path, replaced_by: bytes | None = None) -> Path:
    with path.open("rb") as file:
        if replaced_by is not None:
            new = path.with_suffix(".new")
            new.write_bytes(replaced_by)
            new.replace(path)
        return keep_version(DIGESTS, path, file.fileno(), take)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.distillgan"
    path.write_bytes(b"one")
    return path


def test_a_version_is_a_link_and_outlives_the_next_save(model: Path, take: Path) -> None:
    assert find_version(DIGESTS) is None
    kept = keep(model, take)
    assert find_version(DIGESTS) == kept
    assert kept.samefile(model)
    new = model.with_suffix(".new")
    new.write_bytes(b"two")
    new.replace(model)
    assert kept.read_bytes() == b"one"
    assert find_version(DIGESTS | {"model": "c" * 64}) is None


def test_of_a_file_that_was_replaced_the_open_one_is_kept(model: Path, take: Path) -> None:
    assert keep(model, take, replaced_by=b"two").read_bytes() == b"one"
    assert model.read_bytes() == b"two"


@pytest.mark.parametrize("links", [True, False])
def test_it_goes_with_its_last_take(
    model: Path, take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refused(*arguments: object) -> None:
            raise OSError("another disk")

        monkeypatch.setattr(os, "link", refused)
    second = tmp_path / "b.take"
    second.write_text("other")
    kept = keep(model, take)
    assert keep(model, second) == keep(model, second) == kept
    assert len(list(kept.parent.glob("*.take"))) == 2
    take.unlink()
    remove_unused()
    assert kept.read_bytes() == b"one"
    if links:
        second = second.rename(tmp_path / "moved.take")  # a take that was moved is not deleted
        remove_unused()
        assert kept.exists()
    second.unlink()
    remove_unused()
    assert list(versions_dir().iterdir()) == []


def test_a_disk_without_links_is_named(model: Path, take: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "symlink", refused)
    with pytest.raises(LibraryError, match="this disk has no links: set DISTILL_HOME to another disk"):
        keep(model, take)
