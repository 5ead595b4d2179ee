"""Controllers through their maps to the session, and back."""

import math
import random

import mido
import pytest

from distill_control.midi.maps.binding import CURVES
from distill_control.midi.ports import read_message
from distill_engine.vocabulary import table as vocabulary

BRIGHT = "/distill/control/brightness"


def bind(control: str, target: str, *lines: str) -> str:
    return "\n".join(["[[bind]]", f'control = "{control}"', f'target = "{target}"', *lines]) + "\n"


def test_a_bound_control_moves_its_parameter_after_crossing_it(make_stage) -> None:
    stage = make_stage(bind("cc 16", BRIGHT))
    stage.cc(16, 10, 20)
    assert stage.link.parameters == []
    stage.cc(16, 100)
    assert stage.session.get(BRIGHT) == pytest.approx(0.571, abs=1e-3)
    stage.cc(16, 64)
    assert stage.session.get(BRIGHT) == 0.0


def test_range_curve_inversion_glide_and_control_by_number(make_stage) -> None:
    text = 'takeover = "none"\nglide = 0.5\n' + bind(
        "cc 7", "/distill/control/1", "range = [0.0, 0.5]", "invert = true", 'curve = "s"'
    )
    stage = make_stage(text)
    stage.cc(7, 0, 127)
    assert [round(value, 3) for _, value, _ in stage.link.parameters] == [0.5, 0.0]
    assert stage.link.parameters[0][2] == 0.5
    assert stage.session.get("/distill/control/density") == 0.0


def test_the_channel_filter_and_a_bindings_own_channel_are_kept(make_stage) -> None:
    stage = make_stage('channel = 2\ntakeover = "none"\n' + bind("cc 7", BRIGHT))
    stage.cc(7, 127)
    assert stage.link.parameters == []
    stage.cc(7, 127, channel=1)
    assert stage.session.get(BRIGHT) == 1.0
    stage = make_stage('takeover = "none"\n' + bind("cc 7", BRIGHT, "channel = 3"))
    stage.cc(7, 0)
    assert stage.link.parameters == []


def test_notes_gate_and_trigger_the_source(make_stage) -> None:
    text = bind("note *", "/distill/source/gate", 'action = "gate"')
    stage = make_stage(text + bind("note *", "/distill/source/trigger", 'action = "trigger"'))
    stage.note(60)
    stage.note(64)
    stage.note(60, 0)
    assert stage.session.get("/distill/source/gate") == 1.0
    stage.note(64, 0)
    assert stage.session.get("/distill/source/gate") == 0.0
    assert stage.link.requests == [("source/trigger", ())] * 2


def test_velocity_toggle_choice_and_preset_morph(make_stage) -> None:
    text = (
        bind("note 1", BRIGHT, 'action = "gate"', "velocity = true")
        + bind("cc 20", "/distill/source/freeze", 'action = "toggle"')
        + bind("cc 21", "/distill/source")
        + bind("cc 22", "/distill/preset/morph", "arguments = [0, 1]")
        + bind("note 2", "/distill/source", 'action = "gate"', 'arguments = ["corpus"]', 'release = ["hold"]')
    )
    stage = make_stage(text)
    morphs: list[tuple] = []
    stage.session.register("/distill/preset/morph", lambda arguments, origin: morphs.append(arguments))
    stage.note(1, 127)
    assert stage.session.get(BRIGHT) == 1.0
    stage.note(1, 0)
    assert stage.session.get(BRIGHT) == -1.0
    stage.cc(20, 127, 127, 0)
    assert stage.session.get("/distill/source/freeze") == 1.0
    stage.cc(20, 127, 0)
    assert stage.session.get("/distill/source/freeze") == 0.0
    stage.cc(21, 0, 1, 80)
    stage.cc(22, 127)
    assert morphs == [(0, 1, 1.0)]
    assert stage.link.requests[0] == ("source", ("hold",))
    assert stage.link.requests[1:] == []
    stage.session.on_message({"id": 1, "status": "done"})
    assert stage.link.requests[1] == ("source", ("walk",))


def test_endless_encoders_step_from_where_the_parameter_is(make_stage) -> None:
    stage = make_stage(bind("cc 5", BRIGHT, 'action = "relative"'))
    stage.cc(5, *[1] * 10)
    assert stage.session.get(BRIGHT) == pytest.approx(20 / 127)
    stage.cc(5, *[127] * 10)
    assert stage.session.get(BRIGHT) == pytest.approx(0.0, abs=1e-9)


def test_programs_recall_presets_by_number(make_stage) -> None:
    stage = make_stage("preset_glide = 2.0\n")
    recalled: list[tuple] = []
    stage.session.register("/distill/preset/recall", lambda arguments, origin: recalled.append(arguments))
    stage.send(mido.Message("program_change", program=9))
    assert recalled == [(9, 2.0)]


def test_clock_sets_the_tempo_and_transport_plays(stage) -> None:
    stage.controllers.add("knobs")
    stage.send(mido.Message("start"))
    stage.send(*[mido.Message("clock")] * 30, step=60 / 24 / 140)
    assert stage.session.get("/distill/source/tempo") == pytest.approx(140, abs=0.2)
    stage.send(mido.Message("stop"), mido.Message("continue"))
    assert [command for command, _ in stage.link.requests] == ["source/trigger", "play", "stop", "play"]


@pytest.mark.parametrize("number", [120, 123])
def test_sound_off_and_notes_off_are_panic_and_free_held_gates(make_stage, number: int) -> None:
    stage = make_stage(bind("note 60", "/distill/source/gate", 'action = "gate"'))
    stage.note(60)
    stage.cc(number, 0)
    assert stage.session.get("/distill/source/gate") == 0.0
    assert stage.link.requests == [("panic", ())]


def test_reset_centres_the_bend_and_frees_takeover(make_stage) -> None:
    stage = make_stage('takeover = "none"\n' + bind("bend", BRIGHT) + bind("cc 1", "/distill/width"))
    stage.send(mido.Message("pitchwheel", pitch=8191))
    assert stage.session.get(BRIGHT) == 1.0
    stage.cc(121, 0)
    assert stage.session.get(BRIGHT) == 0.0
    assert stage.link.requests == []


def test_unplugging_lets_go_of_held_keys_and_forgets_takeover(make_stage) -> None:
    stage = make_stage(bind("note 60", "/distill/source/gate", 'action = "gate"') + bind("cc 1", BRIGHT))
    stage.note(60)
    stage.cc(1, 10)
    stage.controllers.remove("knobs")
    assert stage.session.get("/distill/source/gate") == 0.0
    stage.controllers.add("knobs")
    stage.cc(1, 127)
    assert stage.session.get(BRIGHT) == 0.0


def test_a_control_that_the_model_lacks_is_reported_once(make_stage) -> None:
    stage = make_stage('takeover = "none"\n' + bind("cc 1", "/distill/control/wetness"))
    stage.cc(1, 1, 2, 3)
    assert len(stage.notices) == 1
    assert "wetness" in stage.notices[0]


def test_feedback_shows_others_changes_without_echo_at_a_bounded_rate(make_stage, screen) -> None:
    text = 'takeover = "none"\n' + bind("cc 16", BRIGHT) + bind("note 3", "/distill/source/freeze", 'action = "toggle"')
    stage = make_stage(text, screen)
    stage.wait(0.1)
    assert [message.value for message in screen.messages if message.type == "control_change"] == [64]
    screen.messages.clear()
    stage.cc(16, 100)
    stage.wait(0.1)
    assert screen.messages == []
    for n in range(100):
        stage.session.set(BRIGHT, [n / 100], "udp:someone")
        stage.wait(0.001)
    stage.wait(0.1)
    assert 2 <= len(screen.messages) <= 6
    assert screen.messages[-1].value == 126
    screen.messages.clear()
    stage.note(3)
    stage.wait(0.1)
    assert screen.messages == [mido.Message("note_on", note=3, velocity=127)]


def test_two_controllers_on_one_fader_are_each_shown_what_the_other_does(make_stage, screen) -> None:
    stage = make_stage('takeover = "pickup"\n' + bind("cc 16", BRIGHT), screen)
    stage.controllers.add("other")
    stage.wait(0.1)
    stage.cc(16, 60, 70)
    assert stage.session.get(BRIGHT) > 0.0
    stage.cc(16, 100, 0, port="other")
    assert stage.session.get(BRIGHT) == -1.0
    stage.wait(0.1)
    assert screen.messages[-1].value == 0
    stage.cc(16, 72)
    assert stage.session.get(BRIGHT) == -1.0


def test_an_output_that_fails_is_dropped_and_reported(make_stage, screen) -> None:
    def fail(data: list[int]) -> None:
        raise OSError("gone")

    screen.send_message = fail
    stage = make_stage(bind("cc 16", BRIGHT), screen)
    stage.wait(0.1)
    assert any("gone" in notice for notice in stage.notices)
    stage.wait(0.1)


EVERYTHING = (
    'takeover = "scaling"\n'
    + "".join(bind(f"cc {n}", f"/distill/latent/{n}", f'curve = "{curve}"') for n, curve in enumerate(CURVES))
    + "".join(bind(f"cc {n}", f"/distill/source/{name}") for n, name in ((10, "rate"), (42, "speed"), (11, "length")))
    + bind("cc14 4", BRIGHT)
    + bind("nrpn 257", "/distill/width", 'takeover = "pickup"')
    + bind("bend", "/distill/map/x")
    + bind("pressure", "/distill/map/y", "invert = true")
    + bind("cc 64", "/distill/gain", 'action = "relative"', 'encoding = "sign"')
    + bind("note *", "/distill/source/gate", 'action = "gate"', "velocity = true")
    + bind("note 3", "/distill/source", 'action = "trigger"', 'arguments = ["corpus"]')
    + bind("cc 70", "/distill/seed")
    + bind("cc 71", "/distill/vocoder")
)


def test_a_flood_of_mutated_messages_leaves_all_values_finite_and_in_range(make_stage, screen) -> None:
    rng = random.Random(11)
    stage = make_stage(EVERYTHING, screen)
    for count in range(30_000):
        data = [0xB0 | rng.randrange(2), rng.randrange(128), rng.randrange(128)]
        if rng.random() < 0.4:
            data[rng.randrange(3)] = rng.randrange(256)
        message = read_message(bytes(data[: rng.choice((3, 3, 3, 2, 1))]))
        if message is not None:
            stage.send(message, step=rng.choice((0.0, 0.001, 0.02)))
        if count % 500 == 0:
            stage.controllers.learn.arm(rng.choice(("/distill/source/jitter", "/distill/play")))
        if count % 50 == 0:
            stage.wait(0.05)
    for parameter in vocabulary.PARAMETERS:
        value = stage.session.state.parameters()[parameter.index]
        assert math.isfinite(value)
        assert parameter.minimum <= value <= parameter.maximum
    assert len(stage.notices) < 1000, len(stage.notices)
