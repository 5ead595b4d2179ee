"""Saved marks: whole, checked, of any name, from strangers too."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from distill_engine.errors import PresetError
from distill_engine.library.marks import Mark, MarkSet, MarkStore, read_marks

MARKS = MarkSet(
    "dawn", "rain", "abc", "space",
    (Mark("owl", "clip", -0.5, 0.25, (0.5, -1.0)), Mark("controls", "controls", 1.0, 0.0, (), {"warmth": 0.5})),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> MarkStore:
    return MarkStore(tmp_path)


def test_what_is_saved_is_read_again_exactly(store):
    store.save(MARKS)
    assert store.find("DAWN", "rain") == MARKS
    assert store.find("dawn", "renamed", "abc") == MARKS
    assert store.of_model("hail") == []


def test_saving_again_replaces_and_export_and_import_give_a_copy(store, tmp_path):
    store.save(MARKS)
    store.save(replace(MARKS, name="Dawn", marks=MARKS.marks[:1]))
    assert [(item.name, len(item.marks)) for item in store.all()] == [("Dawn", 1)]
    store.export(store.all()[0], tmp_path / "out.json")
    with pytest.raises(PresetError, match="exists already"):
        store.export(MARKS, tmp_path / "out.json")
    with pytest.raises(PresetError, match="rain has marks Dawn already"):
        store.take_in(read_marks(tmp_path / "out.json"))
    assert store.take_in(read_marks(tmp_path / "out.json"), "noon").name == "noon"
    with pytest.raises(PresetError, match="rain has marks dawn already"):
        store.rename("noon", "dawn", "rain")
    store.delete("dawn", "rain")
    assert [item.name for item in store.all()] == ["noon"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "distill-preset"}, "holds no marks"),
        ({"version": 9}, "update it"),
        ({"marks": []}, "has 0 marks, 1 to 50 are possible"),
        ({"marks": [{"name": "a"}]}, "is damaged"),
        ({"marks": 7}, "is damaged"),
        ({"name": "x" * 900}, "is damaged"),
        ({"x": 2.0}, "is damaged"),
        ({"latent": [1e9]}, "is damaged"),
        ({"latent": [0.0] * 600}, "is damaged"),
        ({"latent": ["a"]}, "is damaged"),
        ({"controls": {"warmth": 3}}, "is damaged"),
        ({"controls": [1]}, "is damaged"),
        ({"kind": "other"}, "is damaged"),
        ({"y": True}, "is damaged"),
    ],
)
def test_damaged_files_are_told_and_change_nothing(store, change, reason):
    path = store.path(store.save(MARKS))
    whole = json.loads(path.read_text())
    in_mark = change.keys() & whole["marks"][0].keys() - {"name"}
    if in_mark:
        whole["marks"][0] |= change
    else:
        whole |= change
    path.write_text(json.dumps(whole))
    assert store.all() == []
    assert reason in store.damaged()[0]


def test_a_file_under_another_name_is_named(store, tmp_path):
    path = store.path(store.save(MARKS))
    path.rename(path.with_name("other.marks.json"))
    assert "import it instead" in store.damaged()[0]
