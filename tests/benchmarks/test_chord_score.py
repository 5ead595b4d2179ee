"""Eight fingers play eight different keys, within the reach that the caption says, and begin again."""

from __future__ import annotations

from live_support.chord_score import KEYS, MIDDLE, MOVES_PER_SECOND, REACH, chord

SECONDS = 60.0
NOTE, DETUNE, BEND, PITCH = "/distill/note", "/distill/note/detune", "/distill/note/bend", "/distill/pitch"


def test_a_seed_gives_one_chord_in_the_order_of_its_times() -> None:
    moves = chord(SECONDS, seed=3)
    assert moves == chord(SECONDS, seed=3)
    assert moves != chord(SECONDS, seed=4)
    times = [move.at for move in moves]
    assert times == sorted(times)
    assert 0.0 <= times[0] < times[-1] < SECONDS
    assert len(set(times)) >= 0.9 * SECONDS * MOVES_PER_SECOND


def test_eight_notes_begin_together_and_no_two_ever_share_a_key() -> None:
    held: set[float] = set()
    first = [move for move in chord(SECONDS) if move.at == 0.0 and move.address == NOTE]
    assert len(first) == 8
    for move in chord(SECONDS):
        if move.address == NOTE:
            key, velocity = move.numbers
            assert (key in held) == (velocity == 0.0)
            held ^= {key}
            assert len({finger for finger, keys in enumerate(KEYS) if held & set(keys)}) == len(held) <= 8
        elif move.address == DETUNE:
            assert move.numbers[0] in held


def test_every_finger_ends_its_note_and_begins_again() -> None:
    pressed = [move.numbers[0] for move in chord(SECONDS) if move.address == NOTE and move.numbers[1] > 0]
    assert all(sum(key in keys for key in pressed) >= 3 for keys in KEYS)


def test_no_pitch_is_further_from_the_middle_than_the_caption_says() -> None:
    most = dict.fromkeys((DETUNE, BEND, PITCH), 0.0)
    for move in chord(SECONDS):
        if move.address in most:
            value = move.numbers[-1] if move.address == DETUNE else move.numbers[0]
            most[move.address] = max(most[move.address], abs(value))
            assert move.address == DETUNE or move.numbers[1] >= 0.0
    assert all(value > 0.5 for value in most.values())
    furthest = max(abs(key - MIDDLE) for keys in KEYS for key in keys)
    assert furthest + sum(most.values()) <= REACH
