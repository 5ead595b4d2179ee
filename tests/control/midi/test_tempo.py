"""The tempo of a MIDI clock that arrives late, in bunches, or changes."""

import random

import pytest

from distill_control.midi.tempo import TempoTracker

TICK = 60 / 120 / 24  # seconds at 120 bpm
COUNT = 24 * 64


def tempos(times: list[float]) -> list[float]:
    """The tempo after each tick, 0 before the first is known."""
    tracker, tempo, found = TempoTracker(), 0.0, []
    for time in times:
        tempo = tracker.tick(time) or tempo
        found.append(tempo)
    return found


def jitter(seconds: float) -> list[float]:
    rng = random.Random(0)
    return sorted(number * TICK + rng.uniform(-seconds, seconds) for number in range(COUNT))


def stalls(seconds: float) -> list[float]:
    """Every second beat the ticks of `seconds` are held up and then come at once."""
    held, times = 0.0, []
    for number in range(COUNT):
        held = number * TICK + seconds if number % 48 == 47 else held
        times.append(max(number * TICK, held) + number * 1e-9)
    return times


def bluetooth(interval: float) -> list[float]:
    return [(int(number * TICK / interval) + 1) * interval for number in range(COUNT)]


@pytest.mark.parametrize("times", [jitter(0.002), jitter(0.004), jitter(0.008)], ids=["2", "4", "8"])
def test_jitter_hardly_moves_the_tempo(times) -> None:
    assert all(118 <= tempo <= 122 for tempo in tempos(times)[48:])


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.12])
def test_ticks_that_are_held_up_are_neither_lost_nor_counted_twice(seconds) -> None:
    assert all(119.5 <= tempo <= 120.5 for tempo in tempos(stalls(seconds))[48:])


@pytest.mark.parametrize("interval", [0.0075, 0.01125, 0.015])
def test_the_grid_of_bluetooth_midi_averages_out(interval) -> None:
    assert all(118 <= tempo <= 122 for tempo in tempos(bluetooth(interval))[48:])


def test_lost_ticks_are_counted() -> None:
    rng = random.Random(3)
    received = [time for time in jitter(0.001) if rng.random() > 0.02]
    assert all(119 <= tempo <= 121 for tempo in tempos(received)[48:])


@pytest.mark.parametrize(("before", "after"), [(120, 123), (120, 140), (120, 60), (60, 120), (90, 180), (300, 20)])
def test_another_tempo_is_followed_within_four_beats(before, after) -> None:
    times = [0.0]
    for tempo in [before] * 120 + [after] * 96:
        times.append(times[-1] + 60 / tempo / 24)
    found = tempos(times)
    assert found[24] == before, "known after a beat"
    assert found[-1] == pytest.approx(after, rel=0.002)
