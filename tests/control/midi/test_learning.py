"""MIDI learn, the files that it writes, and map files with and without errors."""

import threading
import tomllib
from dataclasses import replace
from pathlib import Path

import mido
import pytest

from distill_control.client_patches.midimaps import LAYOUTS, midi_map
from distill_control.client_patches.panel import Panel
from distill_control.client_patches.toml_values import toml_value
from distill_control.midi.controls import RESERVED_CCS, Control
from distill_control.midi.maps.binding import Binding, MidiMap, learned_binding
from distill_control.midi.maps.map_store import MapStore
from distill_control.midi.maps.mapfile import binding_lines, parse_map
from distill_control.midi.maps.mapwriter import format_map, with_binding, without_bindings
from distill_engine.errors import ControlError
from distill_engine.system import file_lock
from distill_engine.system.file_lock import exclusive

BRIGHT = "/distill/control/brightness"

FULL = """# my desk
name = "desk"
port = "knobs"   # a part of the name

# the left fader
[[bind]]
control = "cc 16"
target = "/distill/control/brightness"
range = [-1.0, 1.0]

# the right fader
[[bind]]
control = "cc 17"
channel = 2
target = "/distill/gain"
"""


def test_learning_binds_at_once_and_saves_after_a_second(stage, tmp_path: Path) -> None:
    stage.controllers.add("knobs")
    stage.controllers.learn.arm(BRIGHT)
    stage.cc(16, 30, 50, 70, 90)
    assert stage.session.get(BRIGHT) > 0.0
    stage.wait(1.1)
    saved = parse_map((tmp_path / "knobs.toml").read_text())
    assert saved == MidiMap(name="knobs", port="knobs", bindings=(Binding(Control("cc", 16, 1), BRIGHT),))
    assert stage.controllers.learn.address is None
    assert stage.controllers.listing() == [BRIGHT, "cc 16 ch 1 knobs"]


def test_the_control_moved_last_wins_and_reserved_ones_are_never_learned(stage) -> None:
    stage.controllers.add("knobs")
    stage.controllers.learn.arm(BRIGHT)
    for number in sorted(RESERVED_CCS - {120, 121, 123}):
        stage.cc(number, 0, 30, 60, 127)
    assert stage.controllers.listing() == []
    stage.cc(16, 1, 2, 3)
    stage.cc(17, 1, 2, 3)
    stage.wait(1.1)
    assert stage.controllers.listing() == [BRIGHT, "cc 17 ch 1 knobs"]


def test_a_trembling_knob_and_a_bank_select_are_not_learned_but_a_fader_on_cc_0_is(stage) -> None:
    stage.controllers.add("knobs")
    stage.controllers.learn.arm(BRIGHT)
    stage.cc(30, 64, 65, 64, 65)
    stage.cc(0, 1)
    stage.send(mido.Message("program_change", program=0))
    assert stage.controllers.listing() == []
    stage.cc(0, 10, 11, 12)
    stage.wait(1.1)
    assert stage.controllers.listing() == [BRIGHT, "cc 0 ch 1 knobs"]


def test_a_pair_is_learned_as_its_coarse_half(stage) -> None:
    stage.controllers.add("knobs")
    stage.controllers.learn.arm(BRIGHT)
    for raw in range(8000, 8800, 50):
        for number, value in ((2, raw >> 7), (34, raw & 127)):
            stage.send(mido.Message("control_change", control=number, value=value), step=0.001)
    stage.wait(1.1)
    assert stage.controllers.listing() == [BRIGHT, "cc 2 ch 1 knobs"]


def test_cancel_brings_back_what_was_and_forget_takes_it_off(make_stage) -> None:
    stage = make_stage(FULL)
    before = stage.controllers.listing()
    stage.controllers.learn.arm("/distill/width")
    stage.cc(40, 0, 50, 100)
    assert "/distill/width" in stage.controllers.listing()
    stage.controllers.cancel()
    assert stage.controllers.listing() == before
    assert stage.controllers.forget("/distill/gain")
    assert stage.controllers.listing() == before[:2]
    assert not stage.controllers.forget("/distill/gain")
    text = stage.map_store.explicit.read_text()
    assert "# my desk" in text
    assert "/distill/gain" not in text


def test_learning_again_replaces_and_keeps_the_files_comments(make_stage) -> None:
    stage = make_stage(FULL)
    stage.controllers.learn.arm(BRIGHT)
    stage.note(9)
    stage.wait(1.1)
    text = stage.map_store.explicit.read_text()
    assert "# my desk" in text
    assert "# the right fader" in text
    learned = parse_map(text).bindings
    assert [binding.target for binding in learned] == ["/distill/gain", BRIGHT]
    assert learned[1] == Binding(Control("note", 9, 1), BRIGHT, "toggle")


def test_maps_are_written_as_they_are_read() -> None:
    binding = Binding(
        Control("note", -1, 3), "/distill/source", "gate", takeover="none", arguments=("corpus",), release=('h"\\\n',)
    )
    swept = Binding(Control("cc14", 2), "/distill/gain", low=-60.0, high=0.0, curve="s", invert=True, glide_seconds=0.1)
    whole = MidiMap(name="a", port="b", channel=3, takeover="scaling", clock=False, bindings=(binding, swept))
    assert parse_map(format_map(whole)) == whole
    assert parse_map(with_binding(FULL, swept)).bindings[-1] == swept
    assert without_bindings(with_binding(FULL, swept), {0, 1, 2}).startswith("# my desk")


HOSTILE = 'x"\\n\nchannel = 9\r[[bind]]\x00\x1b[2J\x7f\x85\u2028\U000e0001'


def test_texts_cannot_add_keys_to_a_map() -> None:
    hostile = Binding(Control("cc", 1), f"/distill/control/{HOSTILE}")
    whole = MidiMap(name=HOSTILE, port=HOSTILE, bindings=(hostile, hostile))
    read = tomllib.loads(format_map(whole))
    assert set(read) == {"name", "port", "bind"}
    assert (read["name"], read["port"]) == (HOSTILE, HOSTILE)
    for row in read["bind"]:
        assert row == {"control": "cc 1", "target": f"/distill/control/{HOSTILE}"}
    assert tomllib.loads(f"arguments = {toml_value((HOSTILE, 1, 0.5, True))}") == {"arguments": [HOSTILE, 1, 0.5, True]}
    assert binding_lines(with_binding("", hostile)) == [1]
    with pytest.raises(ControlError, match="half of a pair"):
        toml_value("\ud800")


def test_the_maps_of_controllers_quote_names_and_addresses() -> None:
    layout = replace(LAYOUTS["akai-midimix"], name=HOSTILE, port=HOSTILE, about=HOSTILE)
    read = tomllib.loads(midi_map(layout, Panel(controls=(HOSTILE,))))
    assert set(read) == {"name", "port", "takeover", "glide", "notes", "bind"}
    assert (read["name"], read["port"], read["bind"][0]["target"]) == (HOSTILE, HOSTILE, f"/distill/control/{HOSTILE}")
    assert all(
        {"control", "target"} <= set(row) <= {"control", "target", "range", "action", "arguments"}
        for row in read["bind"]
    )


@pytest.mark.parametrize(
    ("wrong", "right", "line", "key"),
    [
        ('takover = "none"\n', "", 1, "takover"),
        ('takeover = "jump"\n', "", 1, "takeover"),
        ("channel = 17\n", "", 1, "channel"),
        ("rnage = [0, 1]", "range = [-1.0, 1.0]", 9, "rnage"),
        ("range = [0]", "range = [-1.0, 1.0]", 9, "range"),
        ("range = [nan, 1]", "range = [-1.0, 1.0]", 9, "range"),
        ('control = "cc 900"', 'control = "cc 16"', 7, "control"),
        ('target = "/distill/gian"', 'target = "/distill/gain"', 15, "target"),
        ('target = "/distill/status"', 'target = "/distill/gain"', 15, "target"),
        ('target = "/distill/seed"\naction = "toggle"', 'target = "/distill/gain"', 15, "target"),
        ("", 'target = "/distill/gain"', 12, "target"),
    ],
)
def test_a_typo_is_answered_with_line_and_key(wrong: str, right: str, line: int, key: str) -> None:
    text = FULL.replace(right, wrong) if right else wrong + FULL
    with pytest.raises(ControlError, match=rf"desk.toml, line {line}, key `{key}`"):
        parse_map(text, "desk.toml")


@pytest.mark.parametrize("text", ["a = ", "[[bind]", "x = [" * 5000, '[bind]\ncontrol = "cc 1"', "bind = 3", "\x00"])
def test_text_that_is_no_map_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ControlError, match="desk.toml") as refused:
        parse_map(text, "desk.toml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"[[bind]]\nrange = [0, 1{'0' * 400}]", "key `range`"),
        ("[[bind]]\nrange = [0, 1e300]", "key `range`"),
        (f"[[bind]]\narguments = [1{'0' * 400}]", "key `arguments`"),
        (f"glide = 1{'0' * 5000}", "a number is too long"),
        (f"channel = 0x{'f' * 5000}", "key `channel`"),
        ("glide = " + "[" * 5000, "nested too deeply"),
        (
            "name = " + ("[\n{" + "a." * 150 + "a = ") * 20 + "1" + "}\n]" * 20,
            "key `name`: .*is not a text",
        ),
        ("a." * 50_000 + "a = 1", "line 1: over 200 dots"),
    ],
    ids=lambda value: value[:30],
)
def test_numbers_and_nesting_beyond_all_measure_are_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(ControlError, match=reason) as refused:
        parse_map(text, "desk.toml")
    assert len(str(refused.value)) < 200


def test_bindings_in_one_line_play_and_learning_says_why_it_cannot_save(make_stage) -> None:
    text = f'bind = [{{control = "cc 16", target = "{BRIGHT}"}}]\n'
    stage = make_stage(text)
    assert stage.controllers.listing() == [BRIGHT, "cc 16 knobs"]
    stage.controllers.learn.arm(BRIGHT)
    stage.cc(40, 0, 50, 100)
    stage.wait(1.1)
    assert "not saved" in stage.notices[-1]
    assert "under [[bind]]" in stage.notices[-1]
    with pytest.raises(ControlError, match="under \\[\\[bind\\]\\]"):
        stage.controllers.forget(BRIGHT)
    assert stage.map_store.explicit.read_text() == text
    assert stage.controllers.listing() == [BRIGHT, "cc 40 ch 1 knobs"]


def test_a_changed_file_is_reloaded_and_one_with_a_typo_leaves_the_old_map(make_stage) -> None:
    stage = make_stage(FULL)
    path = stage.map_store.explicit
    path.write_text(FULL.replace("cc 16", "cc 40"))
    stage.wait(1.0)
    assert stage.controllers.listing()[1] == "cc 40 knobs"
    path.write_text(FULL.replace("cc 16", "cd 41"))
    stage.wait(1.0)
    assert stage.controllers.listing()[1] == "cc 40 knobs"
    assert "line 7, key `control`" in stage.notices[-1]
    notices = len(stage.notices)
    stage.wait(1.0)
    assert len(stage.notices) == notices
    path.write_text(FULL.replace("cc 16", "cc 42"))
    stage.wait(1.0)
    assert stage.controllers.listing()[1] == "cc 42 knobs"


def test_a_map_that_is_missing_or_not_text_is_reported(make_stage, tmp_path: Path) -> None:
    stage = make_stage(FULL)
    stage.map_store.explicit.write_bytes(b"\xff\xfe\x00x")
    stage.wait(1.0)
    assert "UTF-8" in stage.notices[-1]
    stage.map_store.explicit.unlink()
    stage.wait(1.0)
    assert "cannot be read" in stage.notices[-1]
    assert stage.controllers.listing()


@pytest.mark.parametrize("port", ["MIDI Mix:MIDI Mix MIDI 1 24:0", "nanoKONTROL2 SLIDER/KNOB", "Launch Control XL"])
def test_known_controllers_play_without_a_map_and_learn_into_one_of_their_own(stage, tmp_path: Path, port: str) -> None:
    stage.controllers.add(port)
    known = stage.controllers.listing()
    assert len(known) >= 48
    stage.controllers.learn.arm("/distill/source/fade")
    stage.cc(110, 0, 60, 127, port=port)
    stage.wait(1.1)
    (path,) = tmp_path.glob("*.toml")
    assert len(parse_map(path.read_text()).bindings) == len(known) // 2 + 1
    assert len(stage.controllers.listing()) == len(known) + 2


def test_two_engines_that_learn_into_one_map_keep_what_each_has_learned(tmp_path) -> None:
    """Each learns at the same time as the other; neither has read what the other has just written."""
    stores = [MapStore(tmp_path, None, lambda level, text: None) for _ in range(2)]

    def learn(store: MapStore, first: int) -> None:
        for number in range(first, first + 10):
            store.learned("knobs", learned_binding(Control("cc", number, 1), f"/distill/latent/{number}"))

    threads = [threading.Thread(target=learn, args=pair) for pair in zip(stores, (1, 33), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (path,) = tmp_path.iterdir()
    assert len(parse_map(path.read_text()).bindings) == 20


def test_a_map_that_another_process_holds_is_said_with_the_holder(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(file_lock, "TURN_SECONDS", 0.05)
    store = MapStore(tmp_path, None, lambda level, text: None)
    binding = learned_binding(Control("cc", 1, 1), BRIGHT)
    held = exclusive(tmp_path / ".knobs.toml.lock", "the other engine")
    with held, pytest.raises(ControlError, match="being changed by the other engine .process"):
        store.learned("knobs", binding)
    assert store.learned("knobs", binding) == tmp_path / "knobs.toml"
