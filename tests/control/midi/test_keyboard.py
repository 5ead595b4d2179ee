"""A keyboard's keys, wheel and pedal play notes where no map binds them."""

from typing import Any

import mido

from distill_control.midi.controller import Controller
from distill_control.midi.maps.mapfile import parse_map


class Recorded:
    """A session that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[Any, ...]]] = []

    def command(self, address: str, arguments: tuple[Any, ...], origin: str, reply: object) -> None:
        self.sent.append((address, tuple(arguments)))

    def set(self, address: str, values: Any, origin: str, reply: object = None) -> float:
        self.sent.append((address, tuple(values)))
        return float(values[0])


def play(map_text: str, *messages: mido.Message) -> list[tuple[str, tuple[Any, ...]]]:
    session = Recorded()
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
