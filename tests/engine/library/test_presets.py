"""The preset store: names, order, files whole and hostile."""

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_engine.errors import PresetError
from distill_engine.library.presetfiles import write_json
from distill_engine.library.presetformat import Preset, read_preset
from distill_engine.library.presetnames import file_stem
from distill_engine.library.presets import PresetStore
from distill_engine.system import file_lock
from distill_engine.system.file_lock import exclusive
from distill_engine.system.names import NAME_CHARACTERS

VALUES: dict[str, float | int | str] = {"/distill/width": 0.5, "/distill/source": "corpus", "/distill/seed": 3}


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    return PresetStore(tmp_path / "presets")


def test_a_preset_comes_back_as_it_was_saved(store: PresetStore) -> None:
    store.save("Rain", "forest", "abc", VALUES)
    preset = PresetStore(store.root).find("rain", "forest", "abc")
    assert (preset.name, preset.model, preset.digest, dict(preset.values)) == ("Rain", "forest", "abc", VALUES)


def test_numbers_follow_the_order_and_close_up(store: PresetStore) -> None:
    for name in "dbca":
        store.save(name, "forest", "", VALUES)
    store.save("b", "forest", "", {"/distill/width": 1.0})
    assert [preset.name for preset in store.of_model("forest")] == list("dbca")
    assert store.find(1, "forest").values == {"/distill/width": 1.0}
    store.move("a", 0, "forest")
    store.delete("b", "forest")
    assert [preset.name for preset in store.of_model("forest")] == list("adc")
    assert store.find("2", "forest").name == "c"


def test_renaming_keeps_the_place_and_refuses_a_taken_name(store: PresetStore) -> None:
    store.save("one", "forest", "", VALUES)
    store.save("two", "forest", "", VALUES)
    store.rename(0, "eins", "forest")
    store.rename("eins", "EINS", "forest")
    assert [preset.name for preset in store.of_model("forest")] == ["EINS", "two"]
    with pytest.raises(PresetError, match="there already"):
        store.rename("EINS", "Two", "forest")


def test_a_preset_belongs_to_its_model_by_name_or_digest(store: PresetStore) -> None:
    store.save("Rain", "forest", "abc", VALUES)
    assert store.find("Rain", "renamed", "abc").name == "Rain"
    assert store.find("Rain", "forest", "retrained").name == "Rain"
    with pytest.raises(PresetError, match="belongs to the model forest"):
        store.find("Rain", "city", "def")
    with pytest.raises(PresetError, match="no preset 'Snow' for the model forest; there are: Rain"):
        store.find("Snow", "forest")
    with pytest.raises(PresetError, match="no preset 7"):
        store.find(7, "forest")


def test_presets_are_rewritten_together_and_keep_their_numbers(store: PresetStore) -> None:
    for name in ("dawn", "dusk"):
        store.save(name, "rain", "ab", {"/distill/gain": 1.0}, "bones")
    store.save("dawn", "wind", "cd", {})

    def changed(preset: Preset) -> Preset:
        return replace(preset, skeleton="new") if preset.name == "dusk" else preset

    assert store.rewrite("rain", "ab", changed) == 1
    assert [(preset.name, preset.skeleton) for preset in store.of_model("rain")] == [("dawn", "bones"), ("dusk", "new")]
    assert store.find("dawn", "wind").skeleton == ""


def test_excluded_addresses_are_not_saved(store: PresetStore) -> None:
    store.exclude("/distill/width")
    assert "/distill/width" not in store.save("a", "forest", "", VALUES).values
    store.exclude("/distill/width", False)
    assert "/distill/width" in store.save("a", "forest", "", VALUES).values


def test_export_and_import_go_round(store: PresetStore, tmp_path: Path) -> None:
    store.save("Rain", "forest", "abc", VALUES)
    store.export(store.find("Rain", "forest"), tmp_path / "out.json")
    with pytest.raises(PresetError, match="exists already"):
        store.export(store.find("Rain", "forest"), tmp_path / "out.json")
    other = PresetStore(tmp_path / "elsewhere")
    assert other.take_in(read_preset(tmp_path / "out.json")).values == VALUES
    with pytest.raises(PresetError, match="there already"):
        other.take_in(read_preset(tmp_path / "out.json"))
    assert other.take_in(read_preset(tmp_path / "out.json"), "Rain 2").position == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "a/b\\c", ".hidden", "CON", "ü ö", "100%", "a.", "x:y*?"])
def test_any_name_stays_inside_the_folder(store: PresetStore, name: str) -> None:
    preset = Preset(name, "../..", values=VALUES)
    path = store.path(preset).resolve()
    write_json(path, {**GOOD, "name": name, "model": "../..", "values": VALUES})
    assert path.is_relative_to(store.root.resolve())
    assert path.parent.parent == store.root.resolve()
    assert store.find(name, "../..").name == name.strip()


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_different_names_make_different_harmless_file_names(one: str, other: str) -> None:
    assert not set(file_stem(one)) & set('/\\:*?"<>|\0')
    assert not file_stem(one).startswith(".")
    assert (file_stem(one) == file_stem(other)) == (one == other)


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "a\nb", "\x00", "a/b", ".hidden", "[/]", "a\x1b[2J"])
def test_names_that_cannot_be_shown_are_refused(store: PresetStore, name: str) -> None:
    with pytest.raises(PresetError, match="preset's name"):
        store.save(name, "forest", "", VALUES)


def test_a_longer_name_is_refused_with_the_rule(store: PresetStore) -> None:
    store.save("x" * NAME_CHARACTERS, "forest", "", VALUES)
    for refuse in (
        lambda: store.save("y" * 65, "forest", "", VALUES),
        lambda: store.rename(0, "y" * 65, "forest"),
        lambda: store.take_in(Preset("y" * 65, "forest")),
        lambda: store.take_in(Preset("y", "forest"), "y" * 65),
    ):
        with pytest.raises(PresetError, match="it has 65 characters, a name has 1 to 64"):
            refuse()
    assert [preset.name for preset in store.all()] == ["x" * NAME_CHARACTERS]


@pytest.mark.parametrize("name", ["x" * 90, "dusk/dawn?", "e\u0301tude: 1"])
def test_presets_of_other_names_that_are_there_stay_playable(store: PresetStore, name: str) -> None:
    write_json(store.path(Preset(name, "forest")), {**GOOD, "name": name, "model": "forest", "values": VALUES})
    assert store.find(name, "forest").values == VALUES
    store.save(name, "forest", "", {"/distill/width": 1.0})
    assert store.find(name, "forest").values == {"/distill/width": 1.0}
    assert store.rename(name, "short", "forest").name == "short"
    assert [preset.name for preset in store.all()] == ["short"]


@pytest.mark.parametrize(("saved", "asked"), [("E\u0301tude", "\u00e9tude"), ("\u00c9tude", "e\u0301tude")])
def test_one_name_in_two_unicode_forms_is_one_preset(store: PresetStore, saved: str, asked: str) -> None:
    store.save(saved, "fore\u0302t", "", VALUES)
    assert store.find(asked, "for\u00eat").values == VALUES
    store.save(asked, "for\u00eat", "", VALUES)
    assert [preset.name for preset in store.all()] == ["\u00e9tude"]


def test_a_decomposed_name_in_an_older_file_is_found_composed(store: PresetStore) -> None:
    name = "e\u0301tude"
    write_json(store.path(Preset(name, "forest")), {**GOOD, "name": name, "model": "forest", "values": VALUES})
    assert store.find("\u00e9tude", "forest").values == VALUES


def test_names_of_the_full_length_are_saved_in_every_script(store: PresetStore) -> None:
    for letter in ("x", "\u00e9", "\u96e8", "\U00020000"):
        name = letter * NAME_CHARACTERS
        store.save(name, "\u96e8" * 200, "", VALUES)
        assert PresetStore(store.root).find(name, "\u96e8" * 200).name == name


GOOD = {"format": "distill-preset", "version": 1, "name": "x", "model": "m", "digest": "", "position": 0, "values": {}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff",
        b"[" * 100_000,
        b"null",
        b'{"format": "distill-preset"}',
        json.dumps({**GOOD, "version": 99}).encode(),
        json.dumps({**GOOD, "version": "1"}).encode(),
        json.dumps({**GOOD, "name": ["x"]}).encode(),
        json.dumps({**GOOD, "name": ""}).encode(),
        json.dumps({**GOOD, "name": "\ud800"}).encode(),
        json.dumps({**GOOD, "model": "\ud800"}).encode(),
        json.dumps({**GOOD, "digest": "\udcff"}).encode(),
        json.dumps({**GOOD, "position": "0"}).encode(),
        json.dumps({**GOOD, "position": True}).encode(),
        json.dumps({**GOOD, "position": float("nan")}).encode(),
        json.dumps(GOOD).replace('"position": 0', '"position": 1e999').encode(),
        json.dumps({**GOOD, "values": [1]}).encode(),
        json.dumps({**GOOD, "values": {"/distill/width": float("nan")}}).encode(),
        json.dumps({**GOOD, "values": {"/distill/width": 10**400}}).encode(),
        json.dumps({**GOOD, "values": {"/distill/width": True}}).encode(),
        json.dumps({**GOOD, "values": {"/distill/width": {}}}).encode(),
        json.dumps({**GOOD, "values": {"width": 1}}).encode(),
        json.dumps({**GOOD, "values": {"/distill/\ud800": 1}}).encode(),
        json.dumps({**GOOD, "values": {"/distill/source": "\ud800"}}).encode(),
        json.dumps({**GOOD, "values": {f"/distill/latent/{n}": 0 for n in range(2000)}}).encode(),
        b'{"x": "' + b"a" * 1_000_100 + b'"}',
    ],
)
def test_hostile_files_end_in_one_line_and_do_not_disturb_the_others(store: PresetStore, data: bytes) -> None:
    store.save("good", "m", "", VALUES)
    path = store.root / "m" / "x.preset.json"
    path.write_bytes(data)
    with pytest.raises(PresetError) as refused:
        read_preset(path)
    assert "\n" not in str(refused.value)
    assert [preset.name for preset in store.of_model("m")] == ["good"]
    assert len(store.damaged()) == 1
    with pytest.raises(PresetError):
        store.find("x", "m")


def test_a_pipe_among_the_presets_is_named_and_waits_for_nobody(store: PresetStore) -> None:
    store.save("good", "m", "", VALUES)
    os.mkfifo(store.root / "m" / "pipe.preset.json")
    assert [preset.name for preset in store.of_model("m")] == ["good"]
    (damaged,) = store.damaged()
    assert "pipe.preset.json cannot be read: it is not a file" in damaged.reason


def test_text_that_no_file_can_hold_is_refused_in_words(store: PresetStore) -> None:
    store.save("good", "m", "", VALUES)
    (store.root / "m" / "bad.preset.json").write_text("{")
    for attempt in (
        lambda: store.save("a", "\udcff", "", VALUES),
        lambda: store.save("a", "m", "", {"/distill/source": "\ud800"}),
        lambda: store.find("\udcff", "m"),
        lambda: store.find("good", "\udcff"),
    ):
        with pytest.raises(PresetError):
            attempt()
    assert [preset.name for preset in store.all()] == ["good"]


def test_a_file_under_another_name_is_not_taken_for_its_content(store: PresetStore) -> None:
    saved = store.path(store.save("good", "m", "", VALUES))
    saved.with_name("other.preset.json").write_bytes(saved.read_bytes())
    assert len(store.of_model("m")) == 1
    assert "import it" in store.damaged()[0].reason


def test_a_failed_write_leaves_the_old_preset(store: PresetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("a", "m", "", VALUES)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PresetError, match="the disk is full: free some space"):
        store.save("a", "m", "", {"/distill/width": 1.0})
    assert store.find("a", "m").values == VALUES
    assert [path.name for path in (store.root / "m").iterdir()] == ["a.preset.json"]


def test_two_writers_of_one_library_lose_nothing(tmp_path: Path) -> None:
    """Each has a store of its own, as two engines have; numbers stay distinct and so do excluded addresses."""
    stores = [PresetStore(tmp_path), PresetStore(tmp_path)]

    def save(store: PresetStore, mark: str) -> None:
        for number in range(10):
            store.save(f"{mark}{number}", "forest", "", VALUES)
            store.exclude(f"/distill/latent/{mark}{number}")

    threads = [threading.Thread(target=save, args=(s, m)) for s, m in zip(stores, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    presets = PresetStore(tmp_path).of_model("forest")
    assert sorted(preset.position for preset in presets) == list(range(20))
    assert len(stores[0].excluded()) == 20
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".lock")]


def test_a_store_that_another_process_holds_is_said_with_the_holder(
    store: PresetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save("one", "forest", "", VALUES)
    monkeypatch.setattr(file_lock, "TURN_SECONDS", 0.05)
    with exclusive(store.root / ".forest.lock", "the other engine"):
        with pytest.raises(PresetError, match="being changed by the other engine .process"):
            store.save("two", "forest", "", VALUES)
        store.save("two", "meadow", "", VALUES)
    store.save("two", "forest", "", VALUES)


def test_every_change_waits_for_its_turn(store: PresetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        store.save(name, "forest", "", VALUES)
    monkeypatch.setattr(file_lock, "TURN_SECONDS", 0.05)
    changes = (
        lambda: store.delete("one", "forest"),
        lambda: store.rename("one", "three", "forest"),
        lambda: store.move("one", 1, "forest"),
        lambda: store.describe(store.find("one", "forest"), note="loud"),
        lambda: store.take_in(Preset("four", "forest")),
    )
    with exclusive(store.root / ".forest.lock", "the other engine"):
        for change in changes:
            with pytest.raises(PresetError, match="being changed by the other engine"):
                change()
    assert [preset.name for preset in store.of_model("forest")] == ["one", "two"]
