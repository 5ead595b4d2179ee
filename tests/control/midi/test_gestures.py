"""Messages, controls, scales, soft takeover and tempo: the parts of MIDI that need no port."""

import random

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_control.midi.controls import Control, parse_control, to_position, to_raw
from distill_control.midi.decoder import ChannelMode, Clock, Decoder, Movement, ProgramChange
from distill_control.midi.maps.binding import CURVES, Curve, Scale
from distill_control.midi.maps.takeover import Takeover
from distill_control.midi.mpe import Registered
from distill_control.midi.ports import read_message
from distill_control.midi.tempo import TempoTracker
from distill_engine.errors import ControlError


def cc(number: int, value: int, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", channel=channel, control=number, value=value)


def feed(decoder: Decoder, *messages: mido.Message, start: float = 0.0, step: float = 0.001) -> list:
    return [gesture for n, message in enumerate(messages) for gesture in decoder.feed(message, start + n * step)]


@pytest.mark.parametrize("steps", [127, 16383])
def test_positions_and_raw_values_are_inverse_and_centred(steps: int) -> None:
    assert [to_raw(to_position(raw, steps), steps) for raw in range(steps + 1)] == list(range(steps + 1))
    assert (to_position(0, steps), to_position((steps + 1) // 2, steps), to_position(steps, steps)) == (0.0, 0.5, 1.0)


@pytest.mark.parametrize("text", ["cc 16", "cc14 1", "nrpn 257", "bend", "pressure", "note 60", "note *"])
def test_control_names_are_read_as_they_are_written(text: str) -> None:
    assert parse_control(text).name == text


@pytest.mark.parametrize(
    "text", ["", "cc", "cc 120", "cc -1", "cc14 32", "nrpn 16384", "bend 1", "knob 1", "cc ²", "cc 1e3"]
)
def test_wrong_control_names_are_refused(text: str) -> None:
    with pytest.raises(ControlError):
        parse_control(text)


def test_plain_controls_move_with_seven_bits() -> None:
    gestures = feed(Decoder(), cc(74, 127, channel=3))
    assert gestures == [Movement(Control("cc", 74, 4), 1.0, 127)]


def test_a_pair_is_found_out_and_then_moves_with_fourteen_bits() -> None:
    decoder = Decoder()
    sweep = [message for raw in range(8000, 8400, 40) for message in (cc(1, raw >> 7), cc(33, raw & 127))]
    gestures = feed(decoder, *sweep)
    fine = [gesture for gesture in gestures if gesture.steps == 16383]
    assert {gesture.control for gesture in gestures} == {Control("cc", 1, 1)}
    assert len(fine) >= 7
    assert fine[-1].position == pytest.approx(to_position(8360, 16383))


def test_a_coarse_half_that_stays_alone_counts_after_a_moment() -> None:
    decoder = Decoder(paired=lambda channel, number: number == 1)
    assert decoder.feed(cc(1, 64), 0.0) == []
    assert decoder.awaiting()
    assert decoder.flush(0.001) == []
    assert decoder.flush(0.01) == [Movement(Control("cc", 1, 1), 0.5, 16383)]


def test_independent_faders_and_buttons_32_apart_are_no_pair() -> None:
    decoder = Decoder()
    feed(decoder, cc(0, 5), cc(0, 6), cc(0, 7), step=0.02)
    feed(decoder, cc(32, 127), cc(32, 0), start=1.0, step=0.1)
    knobs = feed(decoder, *[m for v in range(9) for m in (cc(0, v), cc(32, 127))], start=2.0)
    assert all(gesture.steps == 127 for gesture in knobs)
    claimed = Decoder(claimed=lambda channel, number: number in (17, 49))
    both = feed(claimed, *[m for v in range(9) for m in (cc(17, v), cc(49, v))])
    assert [gesture.control.number for gesture in both] == [17, 49] * 9


def test_nrpn_in_both_resolutions_and_steps() -> None:
    decoder = Decoder()
    select = [cc(99, 2), cc(98, 1)]
    assert feed(decoder, *select, cc(6, 127)) == [Movement(Control("nrpn", 257, 1), 1.0, 127)]
    assert feed(decoder, cc(6, 64), cc(38, 0))[-1] == Movement(Control("nrpn", 257, 1), 0.5, 16383)
    up = feed(decoder, cc(96, 0))[0]
    assert up.position == pytest.approx(to_position(8193, 16383))
    assert feed(decoder, cc(101, 0), cc(100, 0), cc(6, 2)) == [Registered(0, 2, 1)]
    assert feed(decoder, cc(101, 127), cc(100, 127), cc(6, 2)) == []


def test_bend_pressure_notes_programs_banks_clock_and_modes() -> None:
    decoder = Decoder()
    assert feed(decoder, mido.Message("pitchwheel", pitch=0)) == [Movement(Control("bend", 0, 1), 0.5, 16383)]
    assert feed(decoder, mido.Message("pitchwheel", pitch=8191))[0].position == 1.0
    assert feed(decoder, mido.Message("aftertouch", value=127)) == [Movement(Control("pressure", 0, 1), 1.0)]
    assert feed(decoder, mido.Message("note_on", note=60, velocity=0))[0].pressed is False
    assert feed(decoder, mido.Message("program_change", program=5)) == [ProgramChange(5, 1)]
    assert feed(decoder, cc(0, 0), cc(32, 2), mido.Message("program_change", program=5))[-1] == ProgramChange(261, 1)
    assert feed(decoder, mido.Message("clock"), mido.Message("start")) == [Clock("tick"), Clock("start")]
    modes = feed(decoder, cc(120, 0), cc(121, 0), cc(123, 0))
    assert modes == [ChannelMode("sound_off", 1), ChannelMode("reset", 1), ChannelMode("notes_off", 1)]
    assert feed(decoder, cc(122, 0), cc(126, 0)) == []


def test_a_bank_sent_with_its_coarse_half_only_counts_from_there() -> None:
    assert feed(Decoder(), cc(0, 1), mido.Message("program_change", program=3))[-1] == ProgramChange(131, 1)


def test_hostile_bytes_never_raise_and_positions_stay_within_bounds() -> None:
    rng = random.Random(7)
    decoder = Decoder(paired=lambda channel, number: number == 7)
    for count in range(20_000):
        data = bytes(rng.randrange(256) for _ in range(rng.randrange(0, 6)))
        if rng.random() < 0.8 and data:
            data = bytes([0x80 | data[0]]) + bytes(byte & 0x7F for byte in data[1:3])
        message = read_message(data)
        if message is not None:
            for gesture in decoder.feed(message, count * 0.001) + decoder.flush(count * 0.001):
                assert not isinstance(gesture, Movement) or 0.0 <= gesture.position <= 1.0


@given(st.binary(max_size=12))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    message = read_message(data)
    assert message is None or isinstance(Decoder().feed(message, 0.0), list)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("invert", [False, True])
def test_every_curve_reaches_both_ends_and_can_be_inverted(curve: Curve, invert: bool) -> None:
    scale = Scale(-1.0, 3.0, curve, invert)
    assert {scale.value(0.0), scale.value(1.0)} == {-1.0, 3.0}
    for n in range(101):
        assert scale.position(scale.value(n / 100)) == pytest.approx(n / 100, abs=1e-6)
    assert scale.position(99.0) in (0.0, 1.0)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ControlError, match="empty"):
        Scale(1.0, 1.0)


def test_pickup_waits_for_the_crossing_and_then_follows() -> None:
    takeover = Takeover("pickup")
    moves = [takeover.move(position, 0.5) for position in (0.1, 0.3, 0.45)]
    assert moves == [None, None, None]
    assert takeover.move(0.9, 0.5) == 0.9
    assert takeover.move(0.2, 0.9) == 0.2


def test_pickup_takes_hold_of_a_fast_move_but_not_of_a_near_miss() -> None:
    takeover = Takeover("pickup")
    assert takeover.move(0.49, 0.5) is None
    assert takeover.move(0.0, 0.5) is None
    assert takeover.move(1.0, 0.5) == 1.0


def test_pickup_lets_go_when_someone_else_moves_the_parameter() -> None:
    takeover = Takeover("pickup")
    takeover.move(0.4, 0.5)
    assert takeover.move(0.6, 0.5) == 0.6
    assert takeover.move(0.61, 0.1) is None
    assert takeover.move(0.05, 0.1) == 0.05


def test_scaling_moves_nothing_at_first_touch_and_meets_at_the_end() -> None:
    takeover = Takeover("scaling")
    current = 0.2
    assert takeover.move(0.6, current) is None
    previous = current
    for n in range(61, 101):
        moved = takeover.move(n / 100, current)
        assert moved is not None
        current = moved
        assert current > previous
        previous = current
    assert current == pytest.approx(1.0)
    assert takeover.move(0.5, current) == pytest.approx(0.5)


def test_no_takeover_jumps() -> None:
    assert Takeover("none").move(0.8, 0.1) == 0.8


def test_tempo_is_measured_through_jitter_and_lost_ticks() -> None:
    rng = random.Random(1)
    tracker = TempoTracker()
    tempo = None
    for tick in range(96):
        if tick % 31 == 30:
            continue
        tempo = tracker.tick(tick * 60 / 24 / 123 + rng.uniform(-0.001, 0.001)) or tempo
    assert tempo == pytest.approx(123, abs=0.8)
    assert all(tracker.tick(100 + tick * 60 / 24 / 90) is None for tick in range(24))
    assert tracker.tick(100 + 24 * 60 / 24 / 90) == pytest.approx(90, abs=0.5)
