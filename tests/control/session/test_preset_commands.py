"""The preset commands, sent through the session."""

from pathlib import Path

import pytest

from distill_control.session import Session
from distill_control.session.presets.service import PresetController
from distill_engine.library.presets import PresetStore
from distill_engine.vocabulary.table import PARAMETERS, row
from support_control import RecordingLink


class Desk:
    """A session with a preset folder and no engine."""

    def __init__(self, folder: Path) -> None:
        self.link = RecordingLink()
        self.session = Session(self.link)
        self.notices: list[str] = []
        self.store = PresetStore(folder)
        PresetController(self.session, self.store, lambda level, text: self.notices.append(text)).register()
        self.load("rain", "ab", "brightness", "density")

    def load(self, name: str, digest: str, *controls: str, skeleton: str = "") -> None:
        event = {"event": "model", "name": name, "digest": digest, "controls": list(controls), "latents": 8}
        self.session.on_message({**event, "skeleton": skeleton})

    def send(self, address: str, *arguments: object) -> tuple:
        replies: list[tuple] = []
        self.session.handle(address, arguments, "test", lambda *words: replies.append(words))
        return replies[-1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


BRIGHT = "/distill/control/brightness"


def test_a_preset_is_not_saved_before_a_model_plays_to_which_it_would_belong(desk: Desk, tmp_path: Path) -> None:
    starting = Session(RecordingLink())
    PresetController(starting, desk.store).register()
    replies: list[tuple] = []
    starting.handle("/distill/preset/save", ("early",), "test", lambda *words: replies.append(words))
    assert replies[-1][0] == "/distill/error"
    assert "no model plays yet" in replies[-1][2]
    assert desk.store.all() == []


def test_recall_brings_back_parameters_with_a_glide_and_the_source(desk: Desk) -> None:
    desk.session.set(BRIGHT, [0.5])
    desk.session.set("/distill/map/x", [0.25])
    desk.session.set("/distill/map/amount", [0.5])
    assert desk.send("/distill/preset/save", "one") == ("/distill/done", "/distill/preset/save")
    for address, value in ((BRIGHT, -1.0), ("/distill/map/x", 0.0), ("/distill/map/amount", 0.0)):
        desk.session.set(address, [value])
    desk.session.on_message({"event": "setting", "address": "/distill/source", "value": "hold"})
    desk.link.parameters.clear()
    assert desk.send("/distill/preset/recall", 0, 2.0)[0] == "/distill/done"
    assert desk.session.get(BRIGHT) == 0.5
    assert desk.session.get("/distill/map/amount") == 0.5
    assert ("/distill/map/amount", 1.0, 0.0) not in desk.link.parameters
    assert ("/distill/control/0", 0.5, 2.0) in desk.link.parameters
    assert ("/distill/source/loop", 1.0, 0.0) in desk.link.parameters
    assert desk.link.requests == [("source", ("walk",))]


def test_parameters_that_a_preset_does_not_name_go_to_their_default_unless_excluded(desk: Desk) -> None:
    desk.store.save("old", desk.session.model.name, "", {BRIGHT: 0.5})
    for address, value in (("/distill/source/rate", 0.9), ("/distill/map/amount", 0.4), ("/distill/width", 0.8)):
        desk.session.set(address, [value])
    desk.session.set("/distill/gain", [-20.0])
    desk.send("/distill/preset/exclude", "/distill/width")
    assert desk.send("/distill/preset/recall", "old", 1.0)[0] == "/distill/done"
    assert desk.session.get(BRIGHT) == 0.5
    assert desk.session.get("/distill/source/rate") == row("/distill/source/rate").default
    assert desk.session.get("/distill/map/amount") == row("/distill/map/amount").default
    assert desk.session.get("/distill/width") == pytest.approx(0.8)
    assert desk.session.get("/distill/gain") == -20.0


def test_of_two_presets_in_quick_succession_the_second_decides_the_source(desk: Desk) -> None:
    def change_to(source: str) -> None:
        desk.session.on_message({"event": "setting", "address": "/distill/source", "value": source})

    for source in ("hold", "corpus"):
        change_to(source)
        desk.send("/distill/preset/save", source)
    change_to("hold")
    for name in ("corpus", "corpus", "hold"):
        desk.send("/distill/preset/recall", name)
    assert desk.link.requests == [("source", ("corpus",))], "one at a time, and not twice the same"
    for identifier in (1, 2):
        desk.session.on_message({"id": identifier, "status": "done"})
    assert desk.link.requests == [("source", ("corpus",)), ("source", ("hold",))]
    assert desk.session.get("/distill/source") == "hold"


def test_gain_and_excluded_parameters_stay(desk: Desk) -> None:
    desk.send("/distill/preset/save", "one")
    desk.send("/distill/preset/exclude", "/distill/width")
    desk.session.set("/distill/gain", [-20.0])
    desk.session.set("/distill/width", [0.75])
    desk.send("/distill/preset/recall", "one")
    assert desk.session.get("/distill/gain") == -20.0
    assert desk.session.get("/distill/width") == 0.75
    desk.send("/distill/preset/exclude", "/distill/width", 0)
    desk.send("/distill/preset/recall", "one")
    assert desk.session.get("/distill/width") == 0.3, "the default"


@pytest.mark.parametrize(("x", "bright"), [(0.0, -1.0), (0.25, -0.5), (1.0, 1.0), (7.0, 1.0)])
def test_morph_puts_parameters_between_two_presets(desk: Desk, x: float, bright: float) -> None:
    desk.session.set(BRIGHT, [-1.0])
    desk.send("/distill/preset/save", "dark")
    desk.session.set(BRIGHT, [1.0])
    desk.send("/distill/preset/save", "light")
    assert desk.send("/distill/preset/morph", "dark", 1, x)[0] == "/distill/done"
    assert desk.session.get(BRIGHT) == pytest.approx(bright)
    assert desk.link.requests == []


def test_the_place_between_two_presets_is_a_parameter_that_a_controller_can_steer(desk: Desk) -> None:
    for name, value in (("one", -1.0), ("two", 1.0)):
        desk.session.set(BRIGHT, [value])
        desk.send("/distill/preset/save", name)
    desk.session.set("/distill/morph", [0.5], "midi:knobs")
    desk.session.tick()
    assert desk.session.get(BRIGHT) == 1.0
    assert "needs two presets" in desk.notices[-1]
    desk.send("/distill/preset/morph", "one", "two", 0.25)
    assert desk.session.get("/distill/morph") == 0.25
    desk.session.set("/distill/morph", [0.75], "midi:knobs")
    desk.session.tick()
    assert desk.session.get(BRIGHT) == 0.5
    assert "/distill/morph" not in desk.session.snapshot()
    desk.send("/distill/preset/delete", "one")
    desk.session.set("/distill/morph", [0.5], "midi:knobs")
    desk.session.tick()
    assert "no preset 'one'" in desk.notices[-1]


def test_a_preset_holds_every_parameter_that_is_not_left_out(desk: Desk) -> None:
    desk.send("/distill/preset/save", "all")
    held = set(desk.store.all()[0].values)
    of_model = ("/distill/control/", "/distill/latent/")
    parameters = [one for one in PARAMETERS if not one.address.startswith(of_model)]
    assert {one.address for one in parameters if not one.row.excluded_from_presets} - held == set()


def test_recall_puts_a_slot_back_to_its_place(desk: Desk) -> None:
    places = {"/distill/space/azimuth/1": 90.0, "/distill/space/elevation/1": 20.0, "/distill/space/distance/1": 2.0}
    for address, value in places.items():
        desk.session.set(address, [value])
    desk.send("/distill/preset/save", "right")
    for address in places:
        desk.session.set(address, [row(address).default])
    desk.send("/distill/preset/recall", "right")
    assert {address: desk.session.get(address) for address in places} == places


def test_list_rename_and_delete(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.send("/distill/preset/save", name)
    desk.send("/distill/preset/delete", 0)
    desk.send("/distill/preset/rename", "b", "bee")
    assert desk.send("/distill/preset/list") == ("/distill/preset/list.reply", "bee", "c")


def test_a_preset_moves_to_another_number_and_every_change_of_the_list_is_told(desk: Desk) -> None:
    told: list[tuple] = []
    desk.session.on_broadcast(lambda *message: told.append(message))
    for name in ("one", "two", "three"):
        desk.send("/distill/preset/save", name)
    assert desk.send("/distill/preset/move", "three", 0) == ("/distill/done", "/distill/preset/move")
    assert desk.send("/distill/preset/list") == ("/distill/preset/list.reply", "three", "one", "two")
    desk.send("/distill/preset/rename", "one", "uno")
    desk.send("/distill/preset/delete", "two")
    desk.send("/distill/preset/recall", "uno")
    assert told == [("/distill/preset/changed",)] * 6
    assert desk.send("/distill/preset/move", "nine", 0)[0] == "/distill/error"


def test_unknown_presets_and_those_of_another_model_are_refused_in_words(desk: Desk) -> None:
    desk.send("/distill/preset/save", "one")
    assert "no preset 'two'" in desk.send("/distill/preset/recall", "two")[2]
    desk.load("city", "cd", "noise")
    address, command, reason = desk.send("/distill/preset/recall", "one")
    assert (address, command) == ("/distill/error", "/distill/preset/recall")
    assert "belongs to the model rain" in reason


def test_a_retrained_model_uses_the_controls_that_it_has_and_reports_the_others(desk: Desk) -> None:
    desk.session.set("/distill/control/density", [0.5])
    desk.send("/distill/preset/save", "one")
    desk.load("rain", "new", "density")
    desk.session.set("/distill/control/density", [0.0])
    assert desk.send("/distill/preset/recall", "one")[0] == "/distill/done"
    assert desk.session.get("/distill/control/density") == 0.5
    assert any("earlier training" in notice for notice in desk.notices)
    assert any("brightness" in notice for notice in desk.notices)


def test_further_training_of_one_skeleton_leaves_a_preset_as_it_was_and_says_nothing(desk: Desk) -> None:
    desk.load("rain", "ab", "brightness", skeleton="bones")
    desk.session.set("/distill/latent/3", [1.5])
    desk.send("/distill/preset/save", "one")
    desk.load("rain", "cd", "brightness", skeleton="bones")
    assert desk.send("/distill/preset/recall", "one")[0] == "/distill/done"
    assert desk.notices == []


def test_of_a_preset_of_another_skeleton_what_holds_and_what_does_not_is_said_once(desk: Desk) -> None:
    desk.load("rain", "ab", "brightness", skeleton="bones")
    desk.send("/distill/preset/save", "plain")
    desk.session.set("/distill/latent/3", [1.5])
    desk.session.set("/distill/map/amount", [0.5])
    desk.send("/distill/preset/save", "one")
    desk.load("rain", "cd", "brightness", skeleton="other bones")
    for _ in range(3):
        assert desk.send("/distill/preset/recall", "one")[0] == "/distill/done"
        assert desk.send("/distill/preset/recall", "plain")[0] == "/distill/done"
    assert [notice for notice in desk.notices if "earlier training" in notice] == [
        "preset one was made with an earlier training of rain: named controls hold, "
        "but latents by number and the place on the map may mean other sounds now",
        "preset plain was made with an earlier training of rain",
    ]


def test_a_preset_that_writes_elsewhere_cannot(desk: Desk) -> None:
    values = {"/distill/panic": 1, "/distill/gain": 12.0, "/distill/nowhere": 1, "/distill/width": 99.0}
    desk.store.save("evil", "rain", "ab", values)
    desk.send("/distill/preset/recall", "evil")
    assert desk.link.requests == []
    assert desk.session.get("/distill/gain") == 0.0
    assert desk.session.get("/distill/width") == 1.0


def _pair_of_presets(desk: Desk) -> None:
    for name, value in (("one", -1.0), ("two", 1.0)):
        desk.session.set(BRIGHT, [value])
        desk.send("/distill/preset/save", name)
    desk.send("/distill/preset/morph", "one", "two", 0.25)


def _move_to(desk: Desk, place: float) -> None:
    desk.session.set("/distill/morph", [place], "midi:knobs")
    desk.session.tick()


def test_to_move_between_two_presets_reads_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _pair_of_presets(desk)

    def read(*_: object) -> None:
        raise AssertionError("the presets were read")

    for method in ("_scan", "excluded"):
        monkeypatch.setattr(desk.store, method, read)
    _move_to(desk, 0.75)
    assert desk.session.get(BRIGHT) == 0.5


def test_a_pair_of_which_one_is_saved_again_moves_to_the_new_values(desk: Desk, tmp_path: Path) -> None:
    _pair_of_presets(desk)
    PresetStore(tmp_path).save("two", "rain", "ab", {BRIGHT: 0.0})  # another program
    _move_to(desk, 0.5)
    assert desk.session.get(BRIGHT) == -0.5
    desk.session.set(BRIGHT, [0.5])
    desk.send("/distill/preset/save", "two")
    desk.session.set(BRIGHT, [0.0])
    _move_to(desk, 1.0)
    assert desk.session.get(BRIGHT) == 0.5
    desk.send("/distill/preset/exclude", BRIGHT)
    _move_to(desk, 0.0)
    assert desk.session.get(BRIGHT) == 0.5


def test_why_there_is_no_pair_is_said_once_until_something_changes(desk: Desk) -> None:
    for place in (0.1, 0.2, 0.3):
        _move_to(desk, place)
    assert [notice for notice in desk.notices if "needs two presets" in notice] == desk.notices[:1]
    _pair_of_presets(desk)
    desk.send("/distill/preset/delete", "one")
    for place in (0.4, 0.5, 0.6):
        _move_to(desk, place)
    assert len([notice for notice in desk.notices if "no preset 'one'" in notice]) == 1
    desk.send("/distill/preset/save", "one")
    desk.session.set(BRIGHT, [0.0])
    _move_to(desk, 1.0)
    assert desk.session.get(BRIGHT) == 1.0
