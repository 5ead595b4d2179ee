"""The order of presets: numbers change, and hardly a file is written."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_engine.library import presets
from distill_engine.library.presetfiles import write_json
from distill_engine.library.presetformat import Preset, room_at, to_json
from distill_engine.library.presets import PresetStore

VALUES = {"/distill/width": 0.5}


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    return PresetStore(tmp_path / "presets")


def test_to_move_a_preset_writes_no_other(store: PresetStore) -> None:
    for number in range(40):
        store.save(f"p{number:02}", "forest", "", VALUES)

    def files() -> set[tuple[str, int]]:
        return {(path.name, path.stat().st_ino) for path in (store.root / "forest").iterdir()}

    before = files()
    store.move("p39", 20, "forest")
    assert [name for name, _ in files() - before] == ["p39.preset.json"]
    store.move("p00", 99, "forest")
    store.move("p38", 0, "forest")
    expected = ["p38", *(f"p{n:02}" for n in range(1, 20)), "p39", *(f"p{n:02}" for n in range(20, 38)), "p00"]
    assert [preset.name for preset in PresetStore(store.root).of_model("forest")] == expected
    assert store.save("last", "forest", "", VALUES).position > store.find("p00", "forest").position


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 9)), max_size=12), st.integers(0, 1))
def test_presets_move_as_in_a_list(moves: list[tuple[int, int]], spread: int) -> None:
    """Also where all had the same position, as files copied in may have."""
    names = list("abcdefgh")
    with TemporaryDirectory() as folder:
        store = PresetStore(Path(folder))
        for number, name in enumerate(names):
            preset = Preset(name, "forest", position=number * spread)
            write_json(store.path(preset), to_json(preset))
        for number, place in moves:
            name = names.pop(number)
            names.insert(min(max(place, 0), 7), name)
            assert [preset.name for preset in store.move(name, place, "forest")] == names
            assert [preset.name for preset in PresetStore(store.root).of_model("forest")] == names


def test_between_two_presets_there_is_always_room() -> None:
    positions: list[float] = [float(number) for number in range(1000)]
    for _ in range(3000):
        at = 500
        moved = positions.pop(700)
        first, places = room_at(positions, at)
        assert len(places) <= 20
        positions.insert(at, moved)
        positions[first : first + len(places)] = places
        assert all(before < after for before, after in pairwise(positions))


def test_no_model_takes_the_place_of_anothers_presets(store: PresetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "PRESET_LIMIT", 3)
    for model in ("forest", "meadow"):
        for name in "abc":
            store.save(name, model, "", VALUES)
    assert [len(PresetStore(store.root).of_model(model)) for model in ("forest", "meadow")] == [3, 3]
