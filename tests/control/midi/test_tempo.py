"""The tempo of a MIDI clock that arrives late, in bunches, or changes."""

import random
from collections.abc import Callable

import pytest

from distill_control.midi.tempo import TempoTracker

TICK = 60 / 120 / 24  # seconds at 120 bpm
COUNT = 24 * 32


def tempos(times: list[float]) -> list[float]:
    """The tempo after each tick, 0 before the first is known."""
    tracker, tempo, found = TempoTracker(), 0.0, []
    for time in times:
        tempo = tracker.tick(time) or tempo
        found.append(tempo)
    return found


def jitter(seconds: float, tick: float = TICK) -> list[float]:
    rng = random.Random(0)
    return sorted(number * tick + rng.uniform(-seconds, seconds) for number in range(COUNT))


def stalls(seconds: float, times: list[float], at: Callable[[int], bool] = lambda number: number % 48 == 47):
    """At some ticks, every second beat unless told, those of `seconds` are held up and then come at once."""
    held, late = 0.0, []
    for number, time in enumerate(times):
        held = time + seconds if at(number) else held
        late.append(max(time, held) + number * 1e-9)
    return late


def exact(bpm: float) -> list[float]:
    return [number * 60 / bpm / 24 for number in range(COUNT)]


def bluetooth(interval: float, times: list[float]) -> list[float]:
    return [(int(time / interval) + 1) * interval for time in times]


@pytest.mark.parametrize("times", [jitter(0.002), jitter(0.004), jitter(0.008)], ids=["2", "4", "8"])
def test_jitter_hardly_moves_the_tempo(times) -> None:
    assert all(118 <= tempo <= 122 for tempo in tempos(times)[48:])


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.12])
def test_ticks_that_are_held_up_are_neither_lost_nor_counted_twice(seconds) -> None:
    assert all(119.5 <= tempo <= 120.5 for tempo in tempos(stalls(seconds, exact(120)))[48:])


@pytest.mark.parametrize("interval", [0.0075, 0.01125, 0.015, 0.03])
def test_the_grid_of_bluetooth_midi_averages_out(interval) -> None:
    assert all(118 <= tempo <= 122 for tempo in tempos(bluetooth(interval, exact(120)))[48:])


@pytest.mark.parametrize("bpm", [60, 90, 174])
def test_ticks_late_in_every_way_are_borne_at_any_tempo(bpm) -> None:
    chance = random.Random(1)
    shaken = jitter(0.008, 60 / bpm / 24)
    ways = {
        "jitter": shaken,
        "long stalls": stalls(0.2, exact(bpm)),
        "stalls at random": stalls(0.06, exact(bpm), lambda number: chance.random() < 1 / 48),
        "stalls over jitter": stalls(0.06, jitter(0.004, 60 / bpm / 24)),
        "late by an exponential law": sorted(time + chance.expovariate(1 / 0.006) for time in exact(bpm)),
        "a grid over jitter": bluetooth(0.015, shaken),
    }
    for way, times in ways.items():
        assert all(abs(tempo / bpm - 1) <= 2 / 120 for tempo in tempos(times)[48:]), way


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


@pytest.mark.parametrize(("before", "after"), [(120, 123), (120, 140), (90, 180), (174, 87)])
def test_another_tempo_is_followed_through_jitter_too(before, after) -> None:
    rng, times = random.Random(2), [0.0]
    for tempo in [before] * 120 + [after] * 240:
        times.append(times[-1] + 60 / tempo / 24)
    found = tempos(sorted(time + rng.uniform(-0.008, 0.008) for time in times))
    assert all(abs(tempo / after - 1) <= 2 / 120 for tempo in found[120 + 96 :])
