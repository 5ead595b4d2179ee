"""Every platform's custom, one override for all, and a clear word where nothing can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_engine.errors import LibraryError
from distill_engine.library import folders

PLACES = (folders.models_dir, folders.presets_dir, folders.recordings_dir, folders.maps_dir)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DISTILL_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def test_one_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "here"))
    for place in (folders.data_dir, folders.cache_dir, *PLACES):
        assert place().is_relative_to(tmp_path / "here")
    assert len({place() for place in (folders.cache_dir, *PLACES)}) == 5


def test_a_relative_override_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTILL_HOME", "here")
    assert folders.data_dir() == tmp_path / "here"


@pytest.mark.parametrize(
    ("platform", "data", "cache"),
    [
        ("linux", ".local/share/distill", ".cache/distill"),
        ("darwin", "Library/Application Support/Distill", "Library/Caches/Distill"),
        ("win32", "AppData/Local/Distill", "AppData/Local/Distill/Cache"),
    ],
)
def test_each_platform_has_its_custom(
    home: Path, monkeypatch: pytest.MonkeyPatch, platform: str, data: str, cache: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert folders.data_dir() == home / data
    assert folders.cache_dir() == home / cache


def test_xdg_folders_count_only_where_absolute(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert folders.data_dir() == Path("/elsewhere/distill")
    assert folders.cache_dir() == home / ".cache/distill"


def test_naming_a_folder_does_not_create_it(home: Path) -> None:
    for place in PLACES:
        place()
    assert not list(home.iterdir())


def test_ensure_creates_with_parents_or_says_why_not(home: Path) -> None:
    assert folders.ensure(home / "a" / "b").is_dir()
    (home / "file").write_text("x")
    with pytest.raises(LibraryError, match="DISTILL_HOME"):
        folders.ensure(home / "file" / "below")


def test_an_account_without_a_home_folder_is_told_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISTILL_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    def none_such() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", none_such)
    with pytest.raises(LibraryError, match="set DISTILL_HOME"):
        folders.data_dir()
