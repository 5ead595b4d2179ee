"""A keyboard's keys, wheel and pedal play notes where no map binds them."""

from types import SimpleNamespace
from typing import Any

import mido

from distill_control.midi.controller import Controller
from distill_control.midi.maps.mapfile import parse_map
from distill_engine.errors import ControlError


class Recorded:
    """A session that keeps what it is sent."""

    def __init__(self, voices: int = 1) -> None:
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.voices, self.model = voices, SimpleNamespace(controls=("roughness", "brightness"))

    def get(self, address: str) -> int:
        assert address == "/distill/voices"
        return self.voices

    def command(self, address: str, arguments: tuple[Any, ...], origin: str, reply: object) -> None:
        self.sent.append((address, tuple(arguments)))

    def set(self, address: str, values: Any, origin: str, reply: object = None) -> float:
        self.sent.append((address, tuple(values)))
        return float(values[0])


def play(map_text: str, *messages: mido.Message, voices: int = 1) -> list[tuple[str, tuple[Any, ...]]]:
    session = Recorded(voices)
    controller = Controller(session, "keys", parse_map(map_text), lambda level, text: None)  # type: ignore[arg-type]
    for number, message in enumerate(messages):
        controller.perform(controller.decode(message, 0.01 * number), 0.01 * number)
    controller.release_all()
    return session.sent


ON, OFF = mido.Message("note_on", note=64, velocity=100), mido.Message("note_off", note=64)
BOUND = '[[bind]]\ncontrol = "note 64"\ntarget = "/distill/play"\naction = "trigger"\n'


def test_a_key_is_pressed_and_let_go() -> None:
    assert play("", ON, OFF, OFF) == [("/distill/note", (64, 100)), ("/distill/note", (64, 0))]


def test_an_unplugged_keyboard_lets_its_keys_go() -> None:
    assert play("", ON) == [("/distill/note", (64, 100)), ("/distill/note", (64, 0))]


def test_a_bound_key_does_what_its_map_says() -> None:
    other = mido.Message("note_on", note=65, velocity=1)
    assert play(BOUND, ON, OFF, other)[:2] == [("/distill/play", ()), ("/distill/note", (65, 1))]


def test_wheel_and_pedal_bend_and_hold() -> None:
    wheel = [mido.Message("pitchwheel", pitch=pitch) for pitch in (8191, -8192, 0)]
    pedal = [mido.Message("control_change", control=64, value=value) for value in (127, 0)]
    sent = play("", *wheel, *pedal, mido.Message("control_change", control=121, value=0))
    bend, hold = "/distill/note/bend", "/distill/note/hold"
    expected = [(bend, (2.0,)), (bend, (-2.0,)), (bend, (0.0,)), (hold, (1.0,)), (hold, (0.0,))]
    assert sent == [*expected, (bend, (0.0,)), (hold, (0.0,))]


def test_a_map_can_keep_keys_from_playing() -> None:
    assert play("notes = false", ON, OFF) == []


def _control(channel: int, *pairs: tuple[int, int]) -> list[mido.Message]:
    return [mido.Message("control_change", channel=channel, control=number, value=value) for number, value in pairs]


def _mpe_key(channel: int, key: int) -> list[mido.Message]:
    """What an MPE controller sends for a key: where the finger is, then the note."""
    return [
        mido.Message("pitchwheel", channel=channel, pitch=0),
        *_control(channel, (74, 127)),
        mido.Message("aftertouch", channel=channel, value=0),
        mido.Message("note_on", channel=channel, note=key, velocity=90),
    ]


ZONE = _control(0, (101, 0), (100, 6), (6, 5))


def test_every_note_of_an_mpe_controller_has_its_own_bend_pressure_and_slide() -> None:
    moves = [
        mido.Message("pitchwheel", channel=1, pitch=4096),
        mido.Message("aftertouch", channel=2, value=127),
        mido.Message("pitchwheel", channel=0, pitch=8191),
        mido.Message("note_off", channel=1, note=60),
        mido.Message("pitchwheel", channel=1, pitch=0),
    ]
    sent = play("", *ZONE, *_mpe_key(1, 60), *_mpe_key(2, 64), *moves, voices=4)
    assert sent[:4] == [
        ("/distill/note", (60, 90)),
        ("/distill/note/control", (60, "brightness", 1.0)),
        ("/distill/note", (64, 90)),
        ("/distill/note/control", (64, "brightness", 1.0)),
    ]
    address, (key, semitones) = sent[4]
    assert (address, key) == ("/distill/note/detune", 60)
    assert abs(semitones - 24.0) < 0.01
    assert sent[5:] == [
        ("/distill/note/pressure", (64, 1.0)),
        ("/distill/note/bend", (2.0,)),
        ("/distill/note", (60, 0)),
        ("/distill/note", (64, 0)),
    ]


def test_the_bend_range_of_a_zone_is_taken_and_an_upper_zone_counts_down() -> None:
    upper = _control(15, (101, 0), (100, 6), (6, 3))
    narrow = _control(14, (101, 0), (100, 0), (6, 12))
    wheel = mido.Message("pitchwheel", channel=13, pitch=-8192)
    sent = play("", *upper, *narrow, mido.Message("note_on", channel=13, note=50, velocity=1), wheel, voices=2)
    assert sent[:2] == [("/distill/note", (50, 1)), ("/distill/note/detune", (50, -12.0))]


def test_a_map_makes_a_controller_mpe_and_mono_plays_its_notes_alone() -> None:
    messages = [*_mpe_key(3, 60), mido.Message("aftertouch", channel=3, value=64)]
    assert len(play("mpe = true", *messages, voices=8)) == 4
    assert play("mpe = true", *messages) == [("/distill/note", (60, 90)), ("/distill/note", (60, 0))]


def test_the_pressure_on_a_key_is_that_of_its_note() -> None:
    press = mido.Message("polytouch", note=64, value=127)
    assert ("/distill/note/pressure", (64, 1.0)) in play("", ON, press, voices=2)
    assert play("", press, voices=2) == []
    assert play("", ON, press) == [("/distill/note", (64, 100)), ("/distill/note", (64, 0))]


def test_a_reset_takes_bend_and_pressure_from_an_mpe_channel() -> None:
    bent = [mido.Message("pitchwheel", channel=1, pitch=4096), mido.Message("aftertouch", channel=1, value=127)]
    notes = [mido.Message("note_on", channel=1, note=key, velocity=9) for key in (60, 62)]
    sent = play("", *ZONE, notes[0], *bent, *_control(1, (121, 0)), notes[1], voices=4)
    assert sent[3:] == [
        ("/distill/note/bend", (0.0,)),
        ("/distill/note/hold", (0.0,)),
        ("/distill/note/detune", (60, 0.0)),
        ("/distill/note/pressure", (60, 0.0)),
        ("/distill/note", (62, 9)),
        ("/distill/note", (60, 0)),
        ("/distill/note", (62, 0)),
    ]


class Refusing(Recorded):
    """A session that refuses to let the first key go."""

    def command(self, address: str, arguments: tuple[Any, ...], origin: str, reply: object) -> None:
        if arguments == (60, 0):
            raise ControlError("too many commands wait")
        super().command(address, arguments, origin, reply)


def test_keys_are_let_go_though_one_is_refused() -> None:
    session, said = Refusing(), list[str]()
    controller = Controller(session, "keys", parse_map(""), lambda level, text: said.append(text))  # type: ignore[arg-type]
    keys = [mido.Message("note_on", note=key, velocity=9) for key in (60, 62)]
    for message in (*keys, mido.Message("control_change", control=123, value=0)):
        controller.perform(controller.decode(message, 0.0), 0.0)
    assert session.sent[2:] == [("/distill/note", (62, 0)), ("/distill/panic", ())]
    assert said == ["MIDI keys: too many commands wait"]
