"""Names from outside stay inside the library; nothing is overwritten; what is meant is found or suggested."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distill_engine.errors import LibraryError
from distill_engine.library import assets
from distill_engine.library.lookup import find_model, list_models, new_file, new_name, safe_name


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    models = tmp_path / "home" / "models"
    (models / "sets").mkdir(parents=True)
    for name in ("birds", "bells", "sets/rain"):
        (models / f"{name}.distillgan").write_bytes(b"x")
    (models / "notes.txt").write_text("x")
    (models / ".birds.distillgan").write_text("x")
    return models


@pytest.mark.parametrize("allow_paths", [False, True])
@pytest.mark.parametrize("name", ["birds", "birds.distillgan", "sets/rain"])
def test_models_are_found_by_name(library: Path, name: str, allow_paths: bool) -> None:
    found = find_model(name, allow_paths=allow_paths)
    assert found == library / f"{name.removesuffix('.distillgan')}.distillgan"


OUTSIDE = [
    "/etc/passwd",
    "../secret",
    "sets/../../secret",
    "~/secret",
    "~root/x",
    "..",
    ".",
    "",
    "/",
    "\\\\host\\x",
    "C:\\x",
    "C:x",
    "a\0b",
    "a\nb",
    "x" * 300,
    "sets//rain",
    "/".join("a" * 20),
    "sets/",
    "-rf",
    "con",
    "nul.distillgan",
    "a:b",
    "a*",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_never_lead_out_of_the_library(library: Path, name: str) -> None:
    (library.parent / "secret.distillgan").write_bytes(b"x")
    with pytest.raises(LibraryError) as caught:
        find_model(name, allow_paths=False)
    assert "\n" not in str(caught.value)
    with pytest.raises(LibraryError):
        new_file(library, name, ".wav", allow_paths=False)
    assert sorted(path.name for path in library.parent.iterdir()) == ["models", "secret.distillgan"]


@given(name=st.text(max_size=40))
@example("a/b")
def test_any_text_gives_a_path_inside_or_an_error(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "library"
    try:
        path = new_file(folder, name, ".wav", allow_paths=False)
    except LibraryError:
        return
    assert path.resolve().is_relative_to(folder.resolve())
    assert path.suffix.lower() == ".wav"


def test_a_link_that_leads_out_is_refused(library: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (library / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(LibraryError, match="leads out"):
        new_file(library, "link/x", ".wav", allow_paths=False)


def test_paths_are_found_where_they_are_allowed(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.distillgan"
    own.write_bytes(b"x")
    for text in (str(own), "own.distillgan", "own", "./own.distillgan", f"../{tmp_path.name}/own"):
        assert find_model(text, allow_paths=True).resolve() == own
    with pytest.raises(LibraryError):
        find_model(str(own), allow_paths=False)


def test_close_names_are_suggested(library: Path) -> None:
    with pytest.raises(LibraryError, match="did you mean birds"):
        find_model("brids", allow_paths=False)
    with pytest.raises(LibraryError, match="distill model list"):
        find_model("quite different", allow_paths=True)


def test_starter_is_the_shipped_model_unless_there_is_an_own_one(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "starter.distillgan"
    shipped.write_bytes(b"x")
    monkeypatch.setattr(assets, "assets_dir", lambda: tmp_path)
    assert find_model("starter", allow_paths=False) == shipped
    (library / "starter.distillgan").write_bytes(b"x")
    assert find_model("starter", allow_paths=False) == library / "starter.distillgan"


def test_listing_shows_models_only(library: Path, tmp_path: Path) -> None:
    assert [model.name for model in list_models()] == ["bells", "birds", "sets/rain"]
    assert list_models()[0].size == 1
    assert list_models(tmp_path / "absent") == ()


def test_nothing_is_overwritten(library: Path, tmp_path: Path) -> None:
    path = new_file(tmp_path / "recordings", "take one", ".wav", allow_paths=False)
    assert path == tmp_path / "recordings" / "take one.wav"
    path.write_bytes(b"x")
    for name in ("take one", "take one.wav"):
        with pytest.raises(LibraryError, match="exists already"):
            new_file(tmp_path / "recordings", name, ".wav", allow_paths=False)
    dangling = tmp_path / "recordings" / "link.wav"
    dangling.symlink_to(tmp_path / "absent")
    with pytest.raises(LibraryError, match="exists already"):
        new_file(tmp_path / "recordings", "link", ".wav", allow_paths=True)


def test_new_files_go_to_any_path_where_that_is_allowed(tmp_path: Path) -> None:
    assert new_file(tmp_path / "r", str(tmp_path / "s" / "x.WAV"), ".wav", allow_paths=True) == tmp_path / "s" / "x.WAV"
    assert new_file(tmp_path / "r", "x", ".wav", allow_paths=True) == tmp_path / "r" / "x.wav"


@pytest.mark.parametrize("name", ["a\x1b[2J", "[/]", "x" * 65, " a", "a\n", "a,b"])
def test_names_on_any_path_follow_the_rule_too(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryError, match="name "):
        new_file(tmp_path / "r", str(tmp_path / "s" / name), ".take", allow_paths=True)
    assert not (tmp_path / "s").exists()
    foreign = tmp_path / "[their] folder"
    assert new_file(tmp_path / "r", str(foreign / "e\u0301"), ".take", allow_paths=True) == foreign / "\u00e9.take"


@pytest.mark.parametrize("name", ["~nobody-here/x", "a\0/x", "\udcff/x"])
def test_paths_that_cannot_be_are_refused_in_words(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(LibraryError):
        new_file(tmp_path / "r", name, ".take", allow_paths=True)
    with pytest.raises(LibraryError):
        find_model(name, allow_paths=True)


@pytest.mark.parametrize("name", ["a/b", "..", ".x", "a\\b", " a", "a ", "", "COM1", "x" * 121, "a\x1b[31m", "a."])
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(LibraryError):
        safe_name(name)


@pytest.mark.parametrize("name", ["[/]", "two\u2028lines", "50%", "x" * 65, "a/" + "x" * 65, "a,b"])
def test_new_names_follow_the_rule_and_old_ones_are_found(library: Path, name: str) -> None:
    with pytest.raises(LibraryError, match=r"it has 65 characters, a name has 1 to 64|use letters, digits|not allowed"):
        new_file(library, name, ".distillgan", allow_paths=False)
    with pytest.raises(LibraryError):
        new_name(library / f"{name}.distillgan")
    if name.isprintable():
        path = library / f"{name}.distillgan"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        assert find_model(name, allow_paths=False) == path


def test_new_names_are_composed_and_of_any_script(tmp_path: Path) -> None:
    assert new_name(tmp_path / "e\u0301.distillgan") == "\u00e9"
    assert new_file(tmp_path, "\u96e8" * 64, ".distillgan", allow_paths=False).stem == "\u96e8" * 64


def test_names_in_any_script_are_taken() -> None:
    assert safe_name("Glöckchen 鈴 №2") == "Glöckchen 鈴 №2"
    assert safe_name("e\u0301") == "é"
