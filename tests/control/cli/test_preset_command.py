"""`distill preset` as a user types it."""

import argparse
import json
import shutil
from pathlib import Path

import pytest

from distill_control.cli import marks, patches, preset
from distill_control.cli.support.output import common_parser
from distill_engine.errors import ConfigError, PresetError
from distill_engine.library.marks import Mark, MarkSet, MarkStore
from distill_engine.library.presets import PresetStore


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PresetStore:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    store = PresetStore()
    for name in ("dawn", "dusk"):
        store.save(name, "forest", "abc", {"/distill/width": 0.5, "/distill/source": "corpus"})
    return store


def distill(*words: str) -> int:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for module in (preset, patches, marks):
        module.register(subparsers, common_parser())
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))


def test_list_show_move_rename_and_delete(store: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert distill("preset", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["number"], row["name"], row["model"]) for row in listed] == [
        (0, "dawn", "forest"),
        (1, "dusk", "forest"),
    ]
    distill("preset", "show", "dawn", "--json")
    assert json.loads(capsys.readouterr().out)["values"]["/distill/width"] == 0.5
    distill("preset", "show", "dawn")
    assert "/distill/source" in capsys.readouterr().out
    distill("preset", "move", "dusk", "0")
    distill("preset", "rename", "dawn", "noon")
    assert [item.name for item in store.of_model("forest")] == ["dusk", "noon"]
    distill("preset", "delete", "1", "--model", "forest")
    assert [item.name for item in store.of_model("forest")] == ["dusk"]
    capsys.readouterr()
    distill("preset", "list")
    assert "dusk" in capsys.readouterr().out


def test_export_and_import_for_another_model(store: PresetStore, tmp_path: Path) -> None:
    distill("preset", "export", "dawn", str(tmp_path / "dawn.json"))
    distill("preset", "import", str(tmp_path / "dawn.json"), "--model", "city.distillgan")
    assert store.find("dawn", "city").digest == ""
    with pytest.raises(PresetError, match="say which with --model"):
        distill("preset", "show", "dawn")
    with pytest.raises(PresetError, match="there already"):
        distill("preset", "import", str(tmp_path / "dawn.json"))
    with pytest.raises(PresetError, match="cannot be read"):
        distill("preset", "import", str(tmp_path / "absent.json"))


def test_unknown_presets_and_damaged_files_are_said_in_words(
    store: PresetStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PresetError, match="no preset 'noon'"):
        distill("preset", "show", "noon", "--model", "forest")
    store.path(store.find("dusk", "forest")).write_text("{")
    distill("preset", "list")
    assert "damaged" in capsys.readouterr().err


def test_a_file_with_half_a_character_is_left_out_and_the_others_are_there(
    store: PresetStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = store.path(store.find("dusk", "forest"))
    path.write_text(path.read_text().replace("forest", "\\ud800"))
    assert distill("preset", "list", "--json") == 0
    said = capsys.readouterr()
    assert [row["name"] for row in json.loads(said.out)] == ["dawn"]
    assert "".join(said.err.split()).count("damaged") == 1
    distill("preset", "show", "dawn")
    distill("preset", "export", "dawn", str(tmp_path / "dawn.json"))
    with pytest.raises(PresetError, match="damaged"):
        distill("preset", "import", str(path))
    with pytest.raises(PresetError, match="not UTF-8"):
        distill("preset", "import", str(tmp_path / "dawn.json"), "--model", "\udcff")
    assert distill("preset", "delete", "dawn") == 0


def test_patches_are_written_once_and_replaced_when_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "patches"
    assert distill("patches", str(folder), "--port", "7000") == 0
    assert "udpsend 127.0.0.1 7000" in (folder / "max" / "distill.maxpat").read_text()
    with pytest.raises(ConfigError, match="exists already"):
        distill("patches", str(folder))
    assert distill("patches", str(folder), "--force") == 0


def test_names_from_outside_are_shown_and_cannot_steer_the_terminal(
    store: PresetStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = "a\x1b[2J[/]"
    store.save("storm", model, "", {"/distill/source": "corpus\x1b[2J[/b]"})
    distill("preset", "list")
    distill("preset", "show", "storm")
    distill("preset", "rename", "storm", "calm")
    distill("preset", "export", "calm", str(tmp_path / "calm.json"))
    captured = capsys.readouterr()
    assert captured.out.count("a\\x1b[2J[/]") == 2
    assert "corpus\\x1b[2J[/b]" in captured.out
    assert "\x1b" not in captured.out + captured.err


def test_import_names_the_way_out_for_a_name_that_is_too_long(store: PresetStore, tmp_path: Path) -> None:
    store.export(store.find("dawn", "forest"), tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text()) | {"name": "x" * 65}
    (tmp_path / "a.json").write_text(json.dumps(data))
    with pytest.raises(PresetError, match="it has 65 characters, a name has 1 to 64: give another --name"):
        distill("preset", "import", str(tmp_path / "a.json"))
    assert distill("preset", "import", str(tmp_path / "a.json"), "--name", "short") == 0


def test_a_preset_is_found_in_either_unicode_form(store: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.save("e\u0301tude", "forest", "abc", {})
    assert distill("preset", "show", "\u00c9tude") == 0
    assert "\u00e9tude" in capsys.readouterr().out


def test_marks_are_listed_renamed_exported_imported_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    distill("marks", "list")
    assert "no saved marks yet" in capsys.readouterr().out
    owl = Mark("owl", "clip", 0.0, 0.5, (1.0,))
    for model in ("forest", "sea"):
        MarkStore().save(MarkSet("dawn", model, "", "space", (owl,)))
    with pytest.raises(PresetError, match="several models have marks dawn"):
        distill("marks", "delete", "dawn")
    distill("marks", "rename", "dawn", "noon", "--model", "sea")
    distill("marks", "export", "noon", str(tmp_path / "out.json"))
    distill("marks", "import", str(tmp_path / "out.json"), "--model", "forest", "--name", "other")
    distill("marks", "delete", "noon")
    (tmp_path / "presets" / "sea" / "bad.marks.json").write_text("{")
    capsys.readouterr()
    distill("marks", "list", "--json")
    shown = capsys.readouterr()
    assert [(row["model"], row["name"], row["marks"]) for row in json.loads(shown.out)] == [
        ("forest", "dawn", 1), ("forest", "other", 1),
    ]  # fmt: skip
    assert "not listed" in shown.err


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the names that `preset list` shows."""
    capsys.readouterr()
    assert distill("preset", "list", *words, "--json") == 0
    return [row["name"] for row in json.loads(capsys.readouterr().out)]


def test_presets_lie_in_folders_with_tags_and_notes_and_keep_their_numbers(
    store: PresetStore, capsys: pytest.CaptureFixture[str]
) -> None:
    distill("preset", "folder", "dusk", "Nächte")
    distill("preset", "tag", "dusk", "calm", "夜")
    distill("preset", "note", "dusk", "for the second act")
    assert listed(capsys, "--folder", "nächte") == ["dusk"]
    assert listed(capsys, "--tag", "夜") == ["dusk"]
    assert listed(capsys, "--search", "ACT second") == ["dusk"]
    assert listed(capsys) == ["dawn", "dusk"]
    assert store.find(1, "forest").folder == "Nächte"
    store.save("dusk", "forest", "abc", {"/distill/width": 0.1})
    distill("preset", "tag", "dusk", "calm", "--remove")
    again = store.find("dusk", "forest")
    assert (again.folder, again.tags, again.note) == ("Nächte", ("夜",), "for the second act")
    distill("preset", "folder", "dusk", "")
    assert store.find("dusk", "forest").folder == ""
    for words in (("folder", "dusk", "a/b"), ("tag", "dusk", "x" * 65), ("note", "dusk", "x" * 10_001)):
        with pytest.raises(PresetError):
            distill("preset", *words)


def test_a_set_goes_out_and_comes_in_whole_and_names_what_it_leaves_out(
    store: PresetStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    distill("preset", "tag", "dusk", "calm")
    path = tmp_path / "set.json"
    distill("preset", "export-set", str(path))
    with pytest.raises(PresetError, match="exists already"):
        distill("preset", "export-set", str(path))
    store.delete("dawn", "forest")
    capsys.readouterr()
    assert distill("preset", "import", str(path)) == 0
    assert "left out: the preset dusk" in capsys.readouterr().out
    assert distill("preset", "import", str(path), "--model", "city") == 0
    assert [(preset.name, preset.tags) for preset in store.of_model("city")] == [("dawn", ()), ("dusk", ("calm",))]
    with pytest.raises(PresetError, match="none of 2 presets"):
        distill("preset", "import", str(path))
    held = json.loads(path.read_text())
    held["presets"][0]["values"] = {"/distill/width": float("inf")}
    path.write_text(json.dumps(held))
    with pytest.raises(PresetError):
        distill("preset", "import", str(path), "--model", "third")
    assert store.of_model("third") == []
    with pytest.raises(PresetError, match="no preset fits"):
        distill("preset", "export-set", str(tmp_path / "none.json"), "--folder", "nowhere")


def test_a_picture_shows_how_a_preset_sounds_and_is_drawn_once(
    store: PresetStore, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").mkdir()
    shutil.copyfile(tiny_model, tmp_path / "models" / "tiny.distillgan")
    store.save("deep", "tiny", "", {"/distill/source": "corpus", "/distill/latent/2": 1.5, "/distill/gain": -3.0})
    capsys.readouterr()
    assert distill("preset", "picture", "deep", "--json") == 0
    path = Path(json.loads(capsys.readouterr().out)["picture"])
    assert path.read_bytes().startswith(b"\x89PNG")
    stamp = path.stat().st_mtime_ns
    assert distill("preset", "picture", "deep") == 0
    assert path.stat().st_mtime_ns == stamp
